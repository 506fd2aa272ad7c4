import { uniqueGaps } from '../../analysis/gaps.ts';
import { dataplaneEntries } from '../../analysis/summary.ts';
import type { Evidence, Gap } from '../../cluster/evidence.ts';
import type { Service } from '../../cluster/model.ts';
import { Failure } from '../../net/failure.ts';
import { didYouMean } from '../../net/near.ts';
import { applyChanges } from '../apply.ts';
import { type Change, changeText, inOrder } from '../change.ts';
import { createHider } from '../hide.ts';
import type { WhatifFlow } from '../report.ts';
import type { Stage } from '../stage.ts';
import { comparedFlows } from '../whatif.ts';
import { allAnswer } from './answer.ts';
import { isAnswered, serviceChange, whatChanges } from './causes.ts';
import { classifyNodes, type Land, landOf, type NodeClasses } from './landscape.ts';
import type { AboutFinding, AboutService, ServiceChange, ServiceGroup, WhatifAllReport } from './report.ts';
import { flowsOfBoth, type Pair } from './service-flows.ts';
import { shapesIn } from './shape.ts';

/** What `whatif -A` may use besides: what finds, for all these Services at once. */
export interface AllTools {
  readonly findingsOfAll?: (land: Land, services: readonly Service[]) => readonly AboutFinding[];
}

export interface AllQuestion {
  /** Of the manifests that name none. */
  readonly namespace: string;
  /** Every namespace, or that one alone. */
  readonly all: boolean;
}

/** These ask about one Service's own fields or pods. */
const ABOUT_ONE: ReadonlySet<Change['kind']> = new Set(['set', 'scale'] as const);

/** Throws a Failure for changes that are about one Service. */
export function refuseChangesOfOne(changes: readonly Change[]): void {
  const one = changes.find(({ kind }) => ABOUT_ONE.has(kind));
  if (one !== undefined)
    throw new Failure(
      `--${one.kind} changes one Service, and none was named`,
      `name it: kubectl srcip whatif svc/NAME --${one.kind} …; -f FILE changes several`,
    );
}

/** What these changes do to the traffic of every Service. Throws a Failure for changes that cannot be made, or are about one Service. */
export function whatifAll(evidence: Evidence, question: AllQuestion, changes: readonly Change[], tools: AllTools = {}): WhatifAllReport {
  if (changes.length === 0)
    throw new Failure(
      'nothing is to be changed',
      'add --upgrade VERSION, --drain NODE, -f FILE or another change; see kubectl srcip whatif --help',
    );
  refuseChangesOfOne(changes);
  const stage = applyChanges(evidence, { namespace: question.namespace, name: '' }, changes);
  const lands = [landOf(evidence), landOf(stage.possible[0])] as const;
  if (lands[0].cluster.nodes.length === 0)
    throw new Failure(`no nodes in ${evidence.origin}`, 'without Node objects nothing can be said about node ports or source addresses');
  const asked = servicesAsked(lands, question);
  const { groups, counts, gaps } = compared(lands, asked, stage);
  const [before, after] = lands;
  const base = {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'WhatifAllReport',
    origin: evidence.origin,
    namespace: question.all ? null : question.namespace,
    service: null,
    changes: inOrder(changes).map((change) => ({ kind: change.kind, text: changeText(change) })),
    before: { dataplane: dataplaneEntries(before.dataplane, before.cluster) },
    after: { dataplane: dataplaneEntries(after.dataplane, after.cluster) },
    counts,
    groups,
    findings: changedFindings(lands, asked, tools),
    gaps: uniqueGaps([...stage.gaps, ...evidence.gaps, ...before.dataplane.gaps, ...after.dataplane.gaps, ...gaps]),
  } as const;
  return { ...base, answer: allAnswer(base) };
}

function servicesAsked(lands: readonly [Land, Land], { namespace, all }: AllQuestion): readonly string[] {
  const keys = new Set(lands.flatMap(({ services }) => [...services.keys()]));
  const found = [...keys].filter((key) => all || key.startsWith(`${namespace}/`));
  if (found.length > 0) return found;
  const namespaces = new Set([...keys].map((key) => key.slice(0, key.indexOf('/'))));
  throw new Failure(
    all ? `no Services in ${lands[0].evidence.origin}` : `no Services in namespace "${namespace}" (${lands[0].evidence.origin})`,
    all ? 'see kubectl get services -A' : (didYouMean(namespace, namespaces) ?? 'ask about every namespace with -A, or name one with -n'),
  );
}

/** kube-proxy serves it, and what it serves is known. */
function isServed(service: Service): boolean {
  return service.unproxied === null && service.endpointsFrom !== 'none' && service.clusterIPs.length > 0;
}

interface Outcome {
  readonly change: ServiceChange;
  readonly what: readonly string[];
  readonly flows: readonly WhatifFlow[];
  readonly isLost: boolean;
}

const MOST_EXAMPLES = 6;

function compared(
  lands: readonly [Land, Land],
  asked: readonly string[],
  stage: Stage,
): Pick<WhatifAllReport, 'groups' | 'counts'> & { gaps: Gap[] } {
  const counts: Record<ServiceChange, number> = {
    introduced: 0,
    unknown: 0,
    fixed: 0,
    changed: 0,
    new: 0,
    gone: 0,
    unchanged: 0,
    'not-served': 0,
  };
  const groups = new Map<string, { readonly outcome: Outcome; readonly services: AboutService[] }>();
  const outcomeOf = outcomes(lands, stage);
  const gaps: Gap[] = [];
  for (const key of asked) {
    const outcome = outcomeOf(key, gaps);
    counts[outcome.change]++;
    if (outcome.change === 'unchanged' || outcome.change === 'not-served') continue;
    const slash = key.indexOf('/');
    const service = { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
    const cause = JSON.stringify([outcome.change, outcome.what, outcome.isLost]);
    const known = groups.get(cause);
    if (known === undefined) groups.set(cause, { outcome, services: [service] });
    else known.services.push(service);
  }
  return { counts, groups: [...groups.values()].map(groupOf).sort(byGravity), gaps };
}

function groupOf({ outcome, services }: { readonly outcome: Outcome; readonly services: readonly AboutService[] }): ServiceGroup {
  const [service] = services;
  const flows = outcome.flows.filter(({ change }) => change !== 'unchanged').slice(0, MOST_EXAMPLES);
  return {
    change: outcome.change,
    what: outcome.what,
    services,
    example: service === undefined || flows.length === 0 ? null : { service, flows },
    isLost: outcome.isLost,
  };
}

const RANK: readonly ServiceChange[] = ['introduced', 'gone', 'unknown', 'fixed', 'new', 'changed'];

function byGravity(a: ServiceGroup, b: ServiceGroup): number {
  return Number(b.isLost) - Number(a.isLost) || RANK.indexOf(a.change) - RANK.indexOf(b.change) || b.services.length - a.services.length;
}

/** What becomes of a Service; of several of the same shape only the first is predicted. */
function outcomes(lands: readonly [Land, Land], stage: Stage): (key: string, gaps: Gap[]) => Outcome {
  const [before, after] = lands;
  const classes: NodeClasses = classifyNodes(lands);
  const [shapeBefore, shapeAfter] = [shapesIn(before, classes), shapesIn(after, classes)];
  const hider = createHider(stage);
  const known = new Map<string, Outcome>();
  const plain = (change: ServiceChange): Outcome => ({ change, what: [], flows: [], isLost: change === 'gone' });
  return (key, gaps) => {
    const pair = { before: before.services.get(key), after: after.services.get(key) };
    if (pair.before === undefined) return plain('new');
    if (pair.after === undefined) return plain('gone');
    if (!isServed(pair.before) || !isServed(pair.after)) return plain('not-served');
    const both: Pair = { before: pair.before, after: pair.after };
    const shape = `${shapeBefore(both.before)}\0${shapeAfter(both.after)}`;
    const seen = known.get(shape);
    if (seen !== undefined) return seen;
    const told = flowsOfBoth(lands, both, classes);
    const flows = comparedFlows({ flows: told.before }, [{ flows: told.after }], stage, hider);
    const change = serviceChange(flows);
    if (change === 'unknown') gaps.push(...told.gaps);
    const served = flows.filter(({ to }) => to.kind !== 'healthCheckNodePort');
    const isLost = served.some((flow) => isAnswered(flow.before)) && !served.some((flow) => isAnswered(flow.after));
    const found = { change, what: whatChanges(flows), flows, isLost };
    known.set(shape, found);
    return found;
  };
}

function changedFindings(lands: readonly [Land, Land], asked: readonly string[], { findingsOfAll }: AllTools): WhatifAllReport['findings'] {
  if (findingsOfAll === undefined) return { introduced: [], fixed: [], unchanged: 0 };
  const [before, after] = lands.map((land) =>
    findingsOfAll(
      land,
      asked.flatMap((key) => land.services.get(key) ?? []),
    ),
  );
  const keys = (list: readonly AboutFinding[] = []): ReadonlySet<string> => new Set(list.map(({ fingerprint }) => fingerprint));
  const [old, now] = [keys(before), keys(after)];
  return {
    introduced: (after ?? []).filter(({ fingerprint }) => !old.has(fingerprint)),
    fixed: (before ?? []).filter(({ fingerprint }) => !now.has(fingerprint)),
    unchanged: (after ?? []).filter(({ fingerprint }) => old.has(fingerprint)).length,
  };
}
