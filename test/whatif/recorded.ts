import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Question } from '../../src/analysis/question.ts';
import { parseClient, parseTarget } from '../../src/analysis/question.ts';
import type { Client } from '../../src/analysis/report.ts';
import { canonicalIp } from '../../src/net/ip.ts';
import type { Change } from '../../src/whatif/change.ts';
import { parseDetectLocal, parseMove, parseProxyMode, parseReplicas, parseSet } from '../../src/whatif/parse-change.ts';
import type { WhatifBranch, WhatifFate, WhatifFlow } from '../../src/whatif/report.ts';
import { whatif } from '../../src/whatif/whatif.ts';
import type { ProbeRecord, RecordedCase } from '../support/cases.ts';
import { kindsOf, loadCase } from '../support/cases.ts';

/** A cluster's objects before a change, and what a real kernel did to each probe after the change had really been made. */
export interface RecordedChange extends RecordedCase {
  readonly changes: readonly Change[];
  readonly service: { readonly namespace: string; readonly name: string };
}

interface ChangeFile {
  readonly service: string;
  readonly set?: string;
  readonly proxyMode?: string;
  readonly drain?: string;
  readonly scale?: number;
  readonly move?: string;
  readonly detectLocal?: string;
}

export function loadChange(path: string): RecordedChange {
  const file = JSON.parse(readFileSync(join(path, 'change.json'), 'utf8')) as ChangeFile;
  const [namespace = '', name = ''] = file.service.split('/');
  return { ...loadCase(path), changes: changesIn(file, namespace), service: { namespace, name } };
}

function changesIn({ set, proxyMode, drain, scale, move, detectLocal }: ChangeFile, namespace: string): Change[] {
  return [
    ...(set === undefined ? [] : [parseSet(set)]),
    ...(proxyMode === undefined ? [] : [parseProxyMode(proxyMode)]),
    ...(drain === undefined ? [] : [{ kind: 'drain', node: drain } as const]),
    ...(scale === undefined ? [] : [parseReplicas(scale)]),
    ...(move === undefined ? [] : [parseMove(move, namespace)]),
    ...(detectLocal === undefined ? [] : [parseDetectLocal(detectLocal)]),
  ];
}

/** `open`: the outcome is as measured, and who answers was left open; `no address`: a source address was not named. */
export interface Grade {
  readonly grade: 'agree' | 'no address' | 'open' | 'undetermined' | 'disagree';
  readonly about: string;
}

/** Holds the flows after the change, as predicted from the objects before it, against what the kernel did after it. */
export function gradeChange(recorded: RecordedChange): Grade[] {
  const affinity = recorded.services.find(({ metadata }) => isOf(metadata, recorded.service))?.spec.sessionAffinity === 'ClientIP';
  return recorded.records.flatMap((record) => {
    const question = questionOf(recorded, record);
    return question === null || mayBeGone(recorded, record) ? [] : [gradeProbe(recorded, record, { question, affinity })];
  });
}

/** Which pods stay is open when some go: one that may go cannot be asked from. */
function mayBeGone({ changes, members, evidence }: RecordedChange, { from }: ProbeRecord): boolean {
  if (changes.every(({ kind }) => kind !== 'scale') || members.get(from)?.kind !== 'pod') return false;
  return evidence.objects.some(
    (object) => object.kind === 'EndpointSlice' && (object.endpoints ?? []).some(({ targetRef }) => targetRef?.name === from),
  );
}

function isOf(a: { readonly namespace: string; readonly name: string }, b: { readonly namespace: string; readonly name: string }): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function questionOf({ members, service }: RecordedChange, record: ProbeRecord): Question | null {
  const member = members.get(record.from);
  const own = record.bind ?? member?.addresses.find((address) => address.includes(':') === (record.family === 6));
  const sender =
    member?.kind === 'node' ? `node/${record.from}` : member?.kind === 'pod' ? `pod/${member.namespace}/${record.from}` : `external=${own}`;
  const owned = [...members.values()].some(
    ({ kind, addresses }) => kind === 'node' && addresses.some((each) => canonicalIp(each) === canonicalIp(record.ip)),
  );
  const enters = member?.kind === 'client' && !owned;
  if (enters && record.via === undefined) return null;
  const target = `${record.ip.includes(':') ? `[${record.ip}]` : record.ip}:${record.port}/${record.protocol}`;
  const via = enters && record.via !== undefined ? [record.via] : [];
  return { ...service, from: [parseClient(sender, service.namespace)], to: [parseTarget(target)], via, port: null };
}

interface Asked {
  readonly question: Question;
  readonly affinity: boolean;
}

function gradeProbe({ evidence, changes, name }: RecordedChange, record: ProbeRecord, { question, affinity }: Asked): Grade {
  const { flows } = whatif(evidence, question, changes);
  const [flow] = flows;
  const what = `${name}: ${record.from} ${record.via ?? ''} → ${record.ip}:${record.port}/${record.protocol}`;
  const grade =
    flow?.after === undefined || flow.after === null ? 'disagree' : gradeFate(record, flow.after, { from: flow.from, affinity });
  const kernel = record.outcomes.map((outcome) => Object.values(outcome).join(' ')).join('; ');
  return { grade, about: `${grade} ${what}\n   kernel: ${kernel}\n   after:  ${flow === undefined ? 'no flow' : fateText(flow)}` };
}

function fateText({ before, after, change }: WhatifFlow): string {
  const branches = (after?.branches ?? []).map(
    ({ outcome, endpoint, source }) => `${outcome} ${endpoint?.pod ?? ''} ${source?.address ?? source?.kind ?? ''}`,
  );
  return `${after?.verdict}: ${branches.join('; ')} ${(after?.because ?? []).map(({ code }) => code).join()} (before: ${before?.verdict}, ${change})`;
}

type Outcome = ProbeRecord['outcomes'][number];

function gradeFate(
  record: ProbeRecord,
  fate: WhatifFate,
  { from, affinity }: { readonly from: Client; readonly affinity: boolean },
): Grade['grade'] {
  if (fate.verdict === 'undetermined') return 'undetermined';
  const same = (outcome: Outcome, branch: WhatifBranch): boolean => isAs(record, outcome, branch, from);
  const allSeen = record.outcomes.every((outcome) => fate.branches.some((branch) => same(outcome, branch)));
  const allReal = affinity || fate.branches.every((branch) => record.outcomes.some((outcome) => same(outcome, branch)));
  if (!allSeen || !allReal) return 'disagree';
  if (fate.branches.some(({ outcome, endpoint }) => endpoint === null && (outcome === 'delivered' || outcome === 'no-reply')))
    return 'open';
  return fate.branches.some(({ source }) => source !== null && source.address === null) ? 'no address' : 'agree';
}

function isAs(record: ProbeRecord, outcome: Outcome, { outcome: predicted, endpoint, source }: WhatifBranch, from: Client): boolean {
  if (!kindsOf(record, outcome).includes(predicted)) return false;
  if (predicted !== 'delivered' && predicted !== 'no-reply') return true;
  if (endpoint !== null && endpoint.pod !== null && endpoint.pod !== outcome.server) return false;
  if (source === null) return endpoint === null;
  // Masquerading to the address that the sender has anyway shows in the port only.
  const masqueraded = source.kind === 'masqueraded' && source.address !== from.address;
  const byOwn = source.address === from.address || outcome.seen === undefined || canonicalIp(outcome.seen) === from.address;
  if (outcome.snat !== undefined && outcome.snat !== masqueraded && !byOwn) return false;
  return source.address === null || source.address === canonicalIp(outcome.seen ?? '');
}
