import type { ExplainTools } from '../analysis/explain.ts';
import { explain } from '../analysis/explain.ts';
import type { Question } from '../analysis/question.ts';
import type { Finding, Flow, LoadBalancerView, Note, ServiceReport } from '../analysis/report.ts';
import type { Evidence, Gap } from '../cluster/evidence.ts';
import { Failure } from '../net/failure.ts';
import { agreedFate } from './agree.ts';
import { answerOf } from './answer.ts';
import { applyChanges } from './apply.ts';
import type { Change } from './change.ts';
import { changeText, inOrder } from './change.ts';
import { compareFates, type Fate, flowKey } from './compare.ts';
import type { Hider } from './hide.ts';
import { createHider } from './hide.ts';
import type { BalancerChange, BalancerStanding, FlowChange, WhatifFlow, WhatifReport, WhatifSide } from './report.ts';
import { bothSides, type Side } from './sides.ts';
import type { Stage } from './stage.ts';

/** What `whatif` may use besides: what finds, as for `explain`. */
export type WhatifTools = Pick<ExplainTools, 'findingsOf'>;

/** What changes for one Service's traffic when these changes are made. Throws a Failure for a change that cannot be made. */
export function whatif(evidence: Evidence, question: Question, changes: readonly Change[], tools: WhatifTools = {}): WhatifReport {
  if (changes.length === 0)
    throw new Failure(
      'nothing is to be changed',
      'add --set FIELD=VALUE, -f FILE, --drain NODE, --scale N or another change; see kubectl srcip whatif --help',
    );
  const told = explain(evidence, question, tools);
  const portsAsked = question.to.flatMap((spec) => (spec.kind === 'address' ? [spec.port] : []));
  const stage = applyChanges(evidence, { ...question, portsAsked }, changes);
  refuseGoneClients(evidence, stage, question);
  const { before, after, groups } = bothSides({ evidence, report: told }, stage.possible, question, tools);
  const hider = createHider(stage);
  const flows = comparedFlows(before, after, stage, hider);
  const counts = countsOf(flows);
  const [then] = after;
  const ordered = inOrder(changes).map((change) => ({ kind: change.kind, text: changeText(change) }));
  const base = {
    origin: evidence.origin,
    changes: ordered,
    service: before.report.service,
    before: sideOf(before.report, hider),
    after: sideOf(then.report, hider),
    counts,
    ...(groups === null ? {} : { nodeGroups: groups }),
    flows,
    loadBalancer: balancerChanges(before.report, after),
    findings: changedFindings(before.report, after, hider),
    notes: changedNotes(before.report, after, hider),
    gaps: uniqueGaps([...stage.gaps, ...before.report.gaps, ...after.flatMap(({ report }) => report.gaps)], hider),
  };
  const report = { apiVersion: 'srcip.io/v1alpha1', kind: 'WhatifReport', ...base } as const;
  return { ...report, answer: answerOf(report, stage.possible.length > 1) };
}

/** A pod that is asked from has to be there afterwards. */
function refuseGoneClients(evidence: Evidence, stage: Stage, { from }: Question): void {
  const podsIn = (each: Evidence): ReadonlySet<string> =>
    new Set(each.objects.flatMap(({ kind, metadata }) => (kind === 'Pod' ? [`${metadata.namespace ?? 'default'}/${metadata.name}`] : [])));
  const before = podsIn(evidence);
  for (const spec of from) {
    if (spec.kind !== 'pod') continue;
    const key = `${spec.namespace}/${spec.name}`;
    if (before.has(key) && stage.possible.some((each) => !podsIn(each).has(key)))
      throw new Failure(`pod ${key} is gone after the change, or may be`, 'ask --from another pod, or --from pod@NODE');
  }
}

function sideOf({ service, answer, dataplane }: ServiceReport, hider: Hider): WhatifSide {
  return { service: hider.service(service), answer: { ...answer, text: hider.text(answer.text) }, dataplane };
}

// ---- flows -----------------------------------------------------------------------------------

type Asked = Pick<Side, 'flows'>;

/** Every flow of both sides, with what becomes of it. */
export function comparedFlows(before: Asked, after: readonly [Asked, ...Asked[]], stage: Stage, hider: Hider): WhatifFlow[] {
  const standIns = new Set(stage.ports);
  const byKey = (flows: readonly Flow[]): ReadonlyMap<string, Flow> => new Map(flows.map((flow) => [flowKey(flow, standIns), flow]));
  const old = byKey(before.flows);
  const [first, ...others] = after.map(({ flows }) => byKey(flows));
  const clients = sharedClients(before.flows, after);
  const found: WhatifFlow[] = [];
  for (const [key, flow] of old) {
    if (!clients(flow)) continue;
    const then = first?.get(key);
    if (then === undefined)
      found.push({ ...ends(flow, hider), change: 'gone', differs: ['outcome'], before: hider.fate(fateOf(flow)), after: null });
    else found.push(comparedFlow(flow, agreed(key, then, others, stage), hider));
  }
  for (const [key, flow] of first ?? []) {
    if (old.has(key) || !clients(flow)) continue;
    const fate = agreed(key, flow, others, stage);
    found.push({ ...ends(flow, hider), change: 'new', differs: ['outcome'], before: null, after: hider.fate(fate) });
  }
  return found;
}

/** Endpoint pods that ask by default are not the same before and after, when pods come and go: only who asks on both sides is compared. */
function sharedClients(flows: readonly Flow[], after: readonly Asked[]): (flow: Flow) => boolean {
  const key = ({ from }: Flow): string => `${from.namespace}/${from.name}`;
  const named = (of: readonly Flow[]): ReadonlySet<string> =>
    new Set(of.filter(({ from }) => from.kind === 'pod' && from.name !== null).map(key));
  const sides = [named(flows), ...after.map((side) => named(side.flows))];
  return (flow) => flow.from.kind !== 'pod' || flow.from.name === null || sides.every((side) => side.has(key(flow)));
}

function fateOf({ verdict, branches, because }: Flow): Fate {
  return { verdict, branches, because };
}

function agreed(key: string, flow: Flow, others: readonly ReadonlyMap<string, Flow>[], stage: Stage): Fate {
  return agreedFate([flow, ...others.flatMap((flows) => flows.get(key) ?? [])], stage.gaps);
}

function ends({ from, via, to }: Flow, hider: Hider): Pick<WhatifFlow, 'from' | 'via' | 'to'> {
  return { from, via, to: hider.target(to) };
}

function comparedFlow(flow: Flow, after: Fate, hider: Hider): WhatifFlow {
  return { ...ends(flow, hider), ...compareFates(flow, after), before: hider.fate(fateOf(flow)), after: hider.fate(after) };
}

export function countsOf(flows: readonly WhatifFlow[]): Record<FlowChange, number> {
  const counts = { introduced: 0, fixed: 0, changed: 0, unknown: 0, new: 0, gone: 0, unchanged: 0 };
  for (const { change } of flows) counts[change]++;
  return counts;
}

// ---- what else changes -----------------------------------------------------------------------

function balancerChanges({ loadBalancer }: ServiceReport, after: readonly Side[]): BalancerChange[] {
  const before = standings(loadBalancer);
  const sides = after.map(({ report }) => standings(report.loadBalancer));
  const nodes = new Set([...before.keys(), ...sides.flatMap((side) => [...side.keys()])]);
  return [...nodes].flatMap((node) => {
    const then = sides.map((side) => side.get(node) ?? null);
    const [first = null] = then;
    const same = then.every((each) => each?.inRotation === first?.inRotation && each?.httpStatus === first?.httpStatus);
    const standing: BalancerStanding | null = same
      ? first
      : { inRotation: null, httpStatus: null, why: 'depends on what the change leaves open' };
    const old = before.get(node) ?? null;
    return old?.inRotation === standing?.inRotation && old?.httpStatus === standing?.httpStatus
      ? []
      : [{ node, before: old, after: standing }];
  });
}

function standings(view: LoadBalancerView | undefined): ReadonlyMap<string, BalancerStanding> {
  return new Map((view?.nodes ?? []).map(({ node, ...standing }) => [node, standing]));
}

function changedFindings({ findings }: ServiceReport, after: readonly Side[], hider: Hider): WhatifReport['findings'] {
  const shown = (finding: Finding): Finding => ({
    ...finding,
    message: hider.text(finding.message),
    why: hider.text(finding.why),
    remedy: hider.text(finding.remedy),
  });
  return changedItems(findings, findingsAfter(after).map(shown), findingKey);
}

/** Only what is found in every possible cluster is certain. */
function findingsAfter(after: readonly Side[]): readonly Finding[] {
  const [first = [], ...others] = after.map(({ report }) => report.findings);
  return first.filter((finding) => others.every((list) => list.some((other) => findingKey(other) === findingKey(finding))));
}

function findingKey({ code, objects }: Finding): string {
  return JSON.stringify([code, objects]);
}

function changedItems<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string) {
  const [old, now] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  return {
    introduced: after.filter((item) => !old.has(keyOf(item))),
    fixed: before.filter((item) => !now.has(keyOf(item))),
    unchanged: after.filter((item) => old.has(keyOf(item))),
  };
}

function changedNotes({ notes }: ServiceReport, after: readonly Side[], hider: Hider): WhatifReport['notes'] {
  const [first = [], ...others] = after.map(({ report }) => report.notes);
  const keyOf = ({ id, text }: Note): string => `${id} ${text}`;
  const sure = first.filter((note) => others.every((list) => list.some((other) => keyOf(other) === keyOf(note))));
  const ids = new Set(after.flatMap(({ report }) => report.notes.map(({ id }) => id)));
  const { introduced, fixed } = changedItems(notes, sure, keyOf);
  const shown = (note: Note): Note => ({ ...note, text: hider.text(note.text) });
  return { introduced: introduced.map(shown), fixed: fixed.filter(({ id }) => !ids.has(id) || others.length === 0) };
}

function uniqueGaps(gaps: readonly Gap[], hider: Hider): Gap[] {
  const shown = gaps.map(({ what, why }) => ({ what: hider.text(what), why: hider.text(why) }));
  return [...new Map(shown.map((gap) => [`${gap.what}\0${gap.why}`, gap])).values()];
}
