import type { NodeGroup, TargetKind, Verdict } from '../analysis/report.ts';
import { nameList, weigher } from '../analysis/tally.ts';
import { FACING, KIND_WORDS, KINDS } from './kinds.ts';
import type { FlowChange, WhatifFlow } from './report.ts';

type Told = Extract<FlowChange, 'introduced' | 'fixed' | 'unknown'>;

const FATES: Readonly<Record<Verdict, string>> = {
  delivered: 'answered',
  'no-reply': 'left without a reply',
  rejected: 'rejected',
  dropped: 'dropped',
  unhandled: 'no longer served',
  partial: 'answered only sometimes',
  undetermined: 'undetermined',
};

/** Flows of which a clause tells. */
interface Crowd {
  readonly who: 'outside clients' | 'pods' | 'processes';
  readonly kind: TargetKind;
  readonly concerned: readonly WhatifFlow[];
  readonly asked: readonly WhatifFlow[];
}

/** A clause for outside clients, and one for the first crowd inside that is concerned, shortened where it says the same. */
export function clausesFor(flows: readonly WhatifFlow[], change: Told, groups: readonly NodeGroup[] | null): string[] {
  const find = (who: Crowd['who'], kinds: readonly TargetKind[]): Crowd | null => crowdOf(flows, change, who, kinds);
  const outside = find('outside clients', FACING) ?? find('outside clients', ['other']);
  const inside = find('pods', KINDS) ?? find('processes', KINDS);
  const last = outside === null && inside === null ? find('outside clients', ['clusterIP']) : null;
  const places = placesIn(groups);
  const clauses = [outside, last].flatMap((crowd) => (crowd === null ? [] : [clause(crowd, change, places)]));
  if (inside === null) return clauses;
  const same = outside !== null && inside.kind === 'nodePort' && outside.kind === 'nodePort' && verdicts(inside) === verdicts(outside);
  const there = new Set(outside === null ? [] : places.of(outside));
  const follows = same && places.of(inside).every((node) => there.has(node));
  if (outside === null || !follows) return [...clauses, clause(inside, change, places)];
  const others = `${inside.who === 'pods' ? 'pods' : 'processes of nodes'} that ask ${there.size === 1 ? 'it' : 'them'} from elsewhere`;
  return [...clauses, change === 'unknown' ? `nor is it for ${others}` : `so are ${others}`];
}

function crowdOf(flows: readonly WhatifFlow[], change: Told, who: Crowd['who'], kinds: readonly TargetKind[]): Crowd | null {
  const own = flows.filter((flow) => isOf(flow, who));
  const kind = kinds.find((each) => own.some((flow) => flow.change === change && flow.to.kind === each));
  if (kind === undefined) return null;
  const asked = own.filter(({ to }) => to.kind === kind);
  return { who, kind, asked, concerned: asked.filter((flow) => flow.change === change) };
}

function isOf({ from }: WhatifFlow, who: Crowd['who']): boolean {
  if (who === 'outside clients') return from.kind === 'external' && from.name !== 'outside the source ranges';
  return from.kind === (who === 'pods' ? 'pod' : 'node');
}

/** The nodes of which a crowd is told: those asked, those at which packets enter, or those of the clients. */
interface Places {
  of(crowd: Crowd): readonly string[];
  total(crowd: Crowd): readonly string[];
}

function placesIn(groups: readonly NodeGroup[] | null): Places {
  const nodesOf = weigher(groups);
  const behind = (flows: readonly WhatifFlow[], { who, kind }: Crowd): string[] => {
    const asked = who === 'outside clients' || kind === 'nodePort';
    const nodes = new Set(flows.map(({ from, via, to }) => (asked ? (to.node ?? via) : from.node)));
    return [...nodes].flatMap((node) => (node === null ? [] : [...nodesOf(node)]));
  };
  return { of: (crowd) => behind(crowd.concerned, crowd), total: (crowd) => behind(crowd.asked, crowd) };
}

function verdicts({ concerned }: Crowd): string {
  return [...new Set(concerned.map(({ after }) => FATES[after?.verdict ?? 'undetermined']))].join(' or ');
}

function clause(crowd: Crowd, change: Told, places: Places): string {
  const subject = subjectOf(crowd, places);
  const at = crowd.kind === 'nodePort' ? '' : ` at ${KIND_WORDS[crowd.kind]}`;
  switch (change) {
    case 'introduced':
      return `${subject} are ${verdicts(crowd)}${at}`;
    case 'fixed':
      return `${subject} are ${verdicts(crowd)}${at}, which were ${formerly(crowd)} before`;
    case 'unknown':
      return `whether ${subject} are answered${at} is not decided`;
  }
}

function formerly({ concerned }: Crowd): string {
  const before = [...new Set(concerned.map(({ before: fate }) => FATES[fate?.verdict ?? 'undetermined']))];
  return before.join(' or ').replace('no longer served', 'not served');
}

function subjectOf(crowd: Crowd, places: Places): string {
  const { who, kind } = crowd;
  const [some, all] = [places.of(crowd), places.total(crowd)];
  const which =
    some.length === 0
      ? ''
      : all.length === 1
        ? (some[0] ?? '')
        : some.length === all.length
          ? `all ${all.length} nodes`
          : `${some.length} of ${all.length} nodes (${nameList(some)})`;
  if (which === '') return who === 'processes' ? 'processes of nodes' : who;
  if (who === 'outside clients') return kind === 'nodePort' ? `outside clients of ${which}` : `outside clients that enter at ${which}`;
  const crowdWords = who === 'pods' ? 'pods' : 'processes of nodes';
  if (kind === 'nodePort') return `${crowdWords} that ask ${which}`;
  return who === 'pods' ? `pods on ${which}` : `processes of ${which}`;
}
