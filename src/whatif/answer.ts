import type { Answer, TargetKind, Verdict } from '../analysis/report.ts';
import { nameList } from '../analysis/tally.ts';
import { clausesFor } from './clauses.ts';
import { FACING, KIND_WORDS, KINDS } from './kinds.ts';
import type { Difference, WhatifFate, WhatifFlow, WhatifReport } from './report.ts';

export type Unanswered = Omit<WhatifReport, 'answer'>;

/** The change in a sentence or two: who is no longer answered, who is again, and what the pods see. */
export function answerOf(report: Unanswered, open: boolean): Answer {
  const flows = report.flows.filter(({ to }) => to.kind !== 'healthCheckNodePort');
  const what = report.changes.map(({ text }) => text).join(' and ');
  const clauses = [
    ...(['introduced', 'fixed', 'unknown'] as const).flatMap((change) => clausesFor(flows, change, report.nodeGroups ?? null)),
    ...newClause(flows),
    ...goneClause(flows),
    ...sourceClause(flows),
  ];
  const mood = moodOf(flows);
  if (clauses.length === 0) return { mood, text: calmText(what, { ...report, flows }, open) };
  return { mood, text: `After ${what}, ${clauses.join('; ')}.` };
}

/** Answered before and nothing afterwards is bad; anything worse is mixed. */
function moodOf(flows: readonly WhatifFlow[]): Answer['mood'] {
  const isAnswered = (fate: WhatifFate | null): boolean => fate !== null && (fate.verdict === 'delivered' || fate.verdict === 'partial');
  const worse = flows.some(({ change, before }) => change === 'introduced' || (change === 'gone' && isAnswered(before)));
  const unknown = flows.some(({ change }) => change === 'unknown');
  if (!worse) return unknown ? 'unknown' : 'good';
  return flows.some(({ after }) => isAnswered(after)) || unknown ? 'mixed' : 'bad';
}

const CALM: readonly (readonly [Difference, string])[] = [
  ['outcome', 'fail in another way'],
  ['endpoints', 'reach other endpoints'],
  ['source', 'show the pods another source address'],
  ['shares', 'are spread otherwise'],
];

/** Nobody is better or worse off. */
function calmText(what: string, { flows, counts, loadBalancer }: Unanswered, open: boolean): string {
  const where = open ? ', whatever it leaves open' : '';
  const changed = flows.filter(({ change }) => change === 'changed');
  const balancer =
    loadBalancer.length === 0 ? '' : `; the load balancer treats ${nameList(loadBalancer.map(({ node }) => node))} differently`;
  if (changed.length === 0 && counts.changed + counts.introduced + counts.fixed === 0 && balancer === '')
    return `After ${what}, nothing changes for this Service's traffic${where}.`;
  const found = new Map<string, number>();
  for (const { differs } of changed) {
    const [, words = 'end otherwise'] = CALM.find(([kind]) => differs.includes(kind)) ?? [];
    found.set(words, (found.get(words) ?? 0) + 1);
  }
  const parts = [...found].map(([words, count]) => `${count} of ${flows.length} flows ${words}`);
  const details = parts.length === 0 ? '' : `; ${parts.join(', ')}`;
  return `After ${what}, the same clients are answered as before${where}${details}${balancer}.`;
}

function kindsOf(flows: readonly WhatifFlow[]): string[] {
  return KINDS.filter((kind) => flows.some(({ to }) => to.kind === kind)).map((kind) => KIND_WORDS[kind]);
}

function verb(kinds: readonly string[], one: string, several: string): string {
  return kinds.length === 1 && !kinds[0]?.endsWith('s') ? one : several;
}

function newClause(flows: readonly WhatifFlow[]): string[] {
  const fresh = flows.filter(({ change }) => change === 'new');
  const kinds = kindsOf(fresh);
  if (kinds.length === 0) return [];
  const outside = new Set(fresh.filter(({ from }) => from.kind === 'external').map(({ after }) => after?.verdict ?? 'undetermined'));
  const [only] = outside;
  const how =
    outside.size === 0
      ? ''
      : outside.size === 1 && only !== undefined
        ? `: outside clients are ${NEW_WORDS[only]} there`
        : ': outside clients are answered at some nodes only';
  const number = fresh.some(({ to }) => to.port === null) ? ' (of numbers not given yet)' : '';
  return [`${kinds.join(' and ')}${number} ${verb(kinds, 'comes', 'come')} with it${how}`];
}

const NEW_WORDS: Readonly<Record<Verdict, string>> = {
  delivered: 'answered',
  'no-reply': 'left without a reply',
  rejected: 'rejected',
  dropped: 'dropped',
  unhandled: 'not served',
  partial: 'answered only sometimes',
  undetermined: 'answered or not, which is not decided,',
};

function goneClause(flows: readonly WhatifFlow[]): string[] {
  const kinds = kindsOf(flows.filter(({ change }) => change === 'gone'));
  return kinds.length === 0 ? [] : [`${kinds.join(' and ')} ${verb(kinds, 'goes', 'go')} away`];
}

// ---- what the pods see -----------------------------------------------------------------------

type Seen = 'client' | 'node' | 'both' | 'nobody';

/** Where what outside clients look like to the pods is another afterwards; told by the addresses that they come by first. */
function sourceClause(flows: readonly WhatifFlow[]): string[] {
  const outside = flows.filter(({ from, before, after }) => from.kind === 'external' && before !== null && after !== null);
  const kind: TargetKind | undefined = FACING.find((each) => outside.some(({ to }) => to.kind === each));
  const asked = outside.filter(({ to }) => to.kind === kind);
  const [before, after] = [seenIn(asked.map((flow) => flow.before)), seenIn(asked.map((flow) => flow.after))];
  if (before === after || before === 'nobody' || after === 'nobody') return [];
  return [SEEN[after][before === 'both' ? 1 : 0]];
}

/** What is seen afterwards, instead of the other; and instead of a mixture. */
const SEEN: Readonly<Record<Exclude<Seen, 'nobody'>, readonly [string, string]>> = {
  client: ['the pods see the real client address instead of node addresses', 'all pods see the real client address'],
  node: [
    'the pods see node addresses instead of the real client address',
    'all pods see node addresses instead of the real client address',
  ],
  both: ['some pods see the real client address, others node addresses', ''],
};

function seenIn(fates: readonly (WhatifFate | null)[]): Seen {
  const kinds = new Set(fates.flatMap((fate) => (fate?.branches ?? []).flatMap(({ source }) => source?.kind ?? [])));
  if (kinds.size === 0) return 'nobody';
  return kinds.size === 2 ? 'both' : kinds.has('preserved') ? 'client' : 'node';
}
