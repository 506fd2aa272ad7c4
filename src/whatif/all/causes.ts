import { KIND_WORDS } from '../kinds.ts';
import type { FlowChange, WhatifFate, WhatifFlow } from '../report.ts';
import type { ServiceChange } from './report.ts';

/** What becomes of a Service, by its worst flow. */
export function serviceChange(flows: readonly WhatifFlow[]): ServiceChange {
  const has = (change: FlowChange): boolean => flows.some((flow) => flow.change === change);
  if (has('introduced') || flows.some(({ change, before }) => change === 'gone' && isAnswered(before))) return 'introduced';
  if (has('unknown')) return 'unknown';
  if (has('fixed')) return 'fixed';
  return has('changed') || has('new') || has('gone') ? 'changed' : 'unchanged';
}

const RANK: readonly FlowChange[] = ['introduced', 'gone', 'unknown', 'fixed', 'new', 'changed', 'unchanged'];
const MOST_LINES = 6;

/** What changes, each in a line, the worst first: the same lines, the same cause. */
export function whatChanges(flows: readonly WhatifFlow[]): string[] {
  const found = new Map<string, number>();
  for (const flow of flows) {
    if (flow.change === 'unchanged') continue;
    const text = lineOf(flow);
    const rank = RANK.indexOf(flow.change);
    found.set(text, Math.min(found.get(text) ?? rank, rank));
  }
  const lines = [...found].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([text]) => text);
  return lines.length <= MOST_LINES + 1 ? lines : [...lines.slice(0, MOST_LINES), `${lines.length - MOST_LINES} more`];
}

const CLIENTS = { external: 'outside clients', pod: 'pods', node: 'processes of nodes' } as const;

function lineOf({ from, to, before, after, differs }: WhatifFlow): string {
  const who = `${CLIENTS[from.kind]} → ${KIND_WORDS[to.kind]}`;
  const [then, now] = [fateWords(before), fateWords(after)];
  if (then !== now) return `${who}: ${then} → ${now}${reason(before, after)}`;
  if (differs.includes('endpoints')) return `${who}: ${now}, by other endpoints`;
  if (differs.includes('source')) return `${who}: ${now}, from another source address`;
  return `${who}: ${now}, ${differs.includes('shares') ? 'spread otherwise' : 'otherwise'}`;
}

const WORDS = {
  delivered: 'answered',
  'no-reply': 'no reply',
  rejected: 'rejected',
  dropped: 'dropped',
  unhandled: 'not served',
  partial: 'answered sometimes',
  undetermined: 'undetermined',
} as const satisfies Record<WhatifFate['verdict'], string>;

function fateWords(fate: WhatifFate | null): string {
  if (fate === null) return 'not there';
  const status = fate.branches[0]?.httpStatus;
  if (status !== undefined) return `HTTP ${status}`;
  const kinds = [...new Set(fate.branches.flatMap(({ source }) => source?.kind ?? []))].sort();
  const seen =
    fate.verdict === 'delivered' || fate.verdict === 'partial'
      ? kinds.map((kind) => (kind === 'preserved' ? ', client IP' : ', SNAT')).join(' or')
      : '';
  return `${WORDS[fate.verdict]}${seen}`;
}

/** By its code: names of nodes and addresses would make each Service its own cause. */
function reason(before: WhatifFate | null, after: WhatifFate | null): string {
  const known = new Set((before?.because ?? []).map(({ code }) => code));
  const codes = [...new Set((after?.because ?? []).map(({ code }) => code))]
    .filter((code) => !known.has(code) && code !== 'undetermined')
    .sort();
  return codes.length === 0 || isAnswered(after) ? '' : ` (${codes.join(', ')})`;
}

export function isAnswered(fate: WhatifFate | null): boolean {
  return fate !== null && (fate.verdict === 'delivered' || fate.verdict === 'partial');
}
