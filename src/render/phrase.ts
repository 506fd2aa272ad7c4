import type { Branch, Flow, Verdict } from '../analysis/report.ts';
import type { Place, Words } from './place.ts';
import { sourceSeen } from './source.ts';
import { percent } from './text.ts';
import { whoAnswers } from './who.ts';

/** The fate of one flow in a few words. */
export type Phrase = Readonly<Record<Words, string>> & { readonly verdict: Verdict };

const OUTCOME_WORDS = {
  delivered: 'answered',
  'no-reply': 'no reply',
  rejected: 'rejected',
  dropped: 'dropped',
  unhandled: 'not served',
  partial: 'sometimes',
  undetermined: 'undetermined',
} as const satisfies Record<Verdict, string>;

const AFTERWARDS = {
  'refused-by-host': 'refused by the host',
  'leaves-cluster': 'leaves the cluster',
  'host-listener': 'a process of the host answers',
} as const satisfies Record<NonNullable<Branch['then']>, string>;

export function phraseOf(flow: Flow, place: Place): Phrase {
  const words = (how: Words): string => say(flow, place, how);
  return { verdict: flow.verdict, exact: words('exact'), near: words('near'), alike: words('alike'), rough: words('rough') };
}

export function verdictWord(verdict: Verdict): string {
  return OUTCOME_WORDS[verdict];
}

/** What an unhandled packet meets, or the plain word. */
export function unhandledWord(branch: Branch): string {
  return branch.then === null ? OUTCOME_WORDS.unhandled : AFTERWARDS[branch.then];
}

/** Branches that end alike, the likelier first. */
export function endings(branches: readonly Branch[]): readonly (readonly Branch[])[] {
  const groups = new Map<string, Branch[]>();
  for (const branch of branches) {
    const key = `${branch.outcome} ${branch.then} ${branch.httpStatus}`;
    groups.set(key, [...(groups.get(key) ?? []), branch]);
  }
  return [...groups.values()].sort((a, b) => shareOf(b) - shareOf(a));
}

export function shareOf(branches: readonly Branch[]): number {
  return branches.reduce((sum, branch) => sum + branch.share, 0);
}

function say(flow: Flow, place: Place, words: Words): string {
  if (flow.verdict === 'undetermined' || flow.branches.length === 0) return OUTCOME_WORDS[flow.verdict];
  const groups = endings(flow.branches);
  const [only] = groups;
  if (only !== undefined && groups.length === 1) return sayEnding(flow, only, { place, words });
  return groups.map((group) => `${percent(shareOf(group))} ${sayEnding(flow, group, { place, words })}`).join('; ');
}

function sayEnding(flow: Flow, branches: readonly Branch[], how: { readonly place: Place; readonly words: Words }): string {
  const [first] = branches;
  if (first === undefined) return '';
  if (first.httpStatus !== undefined) return `HTTP ${first.httpStatus}`;
  switch (first.outcome) {
    case 'delivered':
      return [whoAnswers(flow, branches, how), sourceSeen(flow, branches, how)].filter((part) => part !== '').join(', ');
    case 'no-reply':
      return `no reply from ${whoAnswers(flow, branches, how) || 'the pod'}`;
    case 'unhandled':
      return unhandledWord(first);
    case 'rejected':
    case 'dropped':
      return OUTCOME_WORDS[first.outcome];
  }
}
