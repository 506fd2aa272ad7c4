import type { ExpectedRule } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import { conditionsOf, formOf, formsOf, mayMeet, specOf, targetFormOf } from './form.ts';
import { commentOf } from './line-parts.ts';

export interface Pair {
  readonly expected: ExpectedRule;
  readonly observed: Rule;
}

export interface Misplaced extends Pair {
  readonly how: 'late' | 'early';
  readonly other: ExpectedRule;
}

/** How expected and observed rules of one place fit together. */
export interface Alignment {
  readonly same: readonly Pair[];
  readonly missing: readonly ExpectedRule[];
  /** Same purpose, other content. */
  readonly changed: readonly Pair[];
  /** As expected, but on the wrong side of another one. */
  readonly misplaced: readonly Misplaced[];
  readonly extra: readonly Rule[];
}

/** Finds for each expected rule the observed one that says the same, then the one that should. The order counts where a packet can tell. */
export function align(expected: readonly ExpectedRule[], observed: readonly Rule[]): Alignment {
  const asPrinted = sameText(expected, observed);
  if (asPrinted !== null) return { same: asPrinted, missing: [], changed: [], misplaced: [], extra: [] };
  const { same, missing, left } = sameForm(expected, observed);
  const changed = samePurpose(
    missing.filter((rule) => !rule.optional),
    left,
  );
  const taken = new Set(changed.map((pair) => pair.observed));
  const found = new Set(changed.map((pair) => pair.expected));
  const present = new Set(same.flatMap((pair) => formsOf(pair.expected)));
  const isThere = (rule: ExpectedRule): boolean => formsOf(rule).some((form) => present.has(form));
  return {
    same,
    changed,
    misplaced: outOfOrder(same, observed),
    missing: missing.filter((rule) => !found.has(rule) && !rule.optional && !isThere(rule)),
    extra: left.filter((rule) => !taken.has(rule) && !isSilent(rule) && !present.has(formOf(rule.spec))),
  };
}

function sameText(expected: readonly ExpectedRule[], observed: readonly Rule[]): Pair[] | null {
  if (expected.length !== observed.length) return null;
  const pairs: Pair[] = [];
  for (const [index, rule] of expected.entries()) {
    const other = observed[index];
    if (other === undefined || !says(rule, other.line)) return null;
    pairs.push({ expected: rule, observed: other });
  }
  return pairs;
}

function says(rule: ExpectedRule, line: string): boolean {
  return rule.line === line || rule.also.includes(line);
}

interface Matched {
  readonly same: readonly Pair[];
  readonly missing: readonly ExpectedRule[];
  readonly left: readonly Rule[];
}

function sameForm(expected: readonly ExpectedRule[], observed: readonly Rule[]): Matched {
  const byForm = new Map<string, Rule[]>();
  const byLine = new Map<string, Rule[]>();
  for (const rule of observed) {
    queue(byLine, rule.line).push(rule);
  }
  const taken = new Set<Rule>();
  const same = new Map<ExpectedRule, Rule>();
  const take = (rule: ExpectedRule, candidates: readonly Rule[]): void => {
    const free = candidates.find((candidate) => !taken.has(candidate));
    if (free === undefined || same.has(rule)) return;
    same.set(rule, free);
    taken.add(free);
  };
  for (const rule of expected) for (const line of [rule.line, ...rule.also]) take(rule, byLine.get(line) ?? []);
  const rest = observed.filter((rule) => !taken.has(rule));
  const open = expected.filter((rule) => !same.has(rule));
  if (open.length > 0) for (const rule of rest) queue(byForm, formOf(rule.spec)).push(rule);
  for (const rule of open) for (const form of formsOf(rule)) take(rule, byForm.get(form) ?? []);
  return {
    same: expected.flatMap((rule) => {
      const other = same.get(rule);
      return other === undefined ? [] : [{ expected: rule, observed: other }];
    }),
    missing: expected.filter((rule) => !same.has(rule)),
    left: observed.filter((rule) => !taken.has(rule)),
  };
}

function queue<T>(map: Map<string, T[]>, key: string): T[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh: T[] = [];
  map.set(key, fresh);
  return fresh;
}

/** A rule without target and without a list to keep does nothing. */
function isSilent({ spec }: Rule): boolean {
  return spec.target.kind === 'none' && !spec.matches.some((match) => match.kind === 'recent');
}

/** Pairs what is missing with what is too many: the same comment, the same conditions, or the same target, in this order of trust. */
function samePurpose(missing: readonly ExpectedRule[], left: readonly Rule[]): Pair[] {
  const pairs: Pair[] = [];
  const free = new Set(left);
  const open = new Set(missing);
  for (const alike of LIKENESSES) {
    for (const expected of open) {
      const observed = [...free].find((rule) => alike(expected, rule));
      if (observed === undefined) continue;
      pairs.push({ expected, observed });
      free.delete(observed);
      open.delete(expected);
    }
  }
  return pairs;
}

const LIKENESSES: readonly ((expected: ExpectedRule, observed: Rule) => boolean)[] = [
  (expected, { line, spec }) => sameComment(expected, line) && targetFormOf(specOf(expected)) === targetFormOf(spec),
  (expected, { line, spec }) => sameComment(expected, line) && conditionsOf(specOf(expected)) === conditionsOf(spec),
  (expected, { spec }) => conditionsOf(specOf(expected)) === conditionsOf(spec) && isSomeCondition(specOf(expected)),
  (expected, { spec }) => targetFormOf(specOf(expected)) === targetFormOf(spec) && spec.target.kind !== 'verdict',
  (expected, { spec }) =>
    specOf(expected).target.kind === spec.target.kind && spec.target.kind !== 'verdict' && spec.target.kind !== 'chain',
  (expected, { line, spec }) => sameComment(expected, line) && specOf(expected).target.kind === spec.target.kind,
  (expected, { spec }) => expected.code === 'policy-jump' && conditionsOf(spec) === '' && spec.target.kind !== 'none',
  (expected, { spec }) => targetFormOf(specOf(expected)) === targetFormOf(spec),
];

function sameComment(expected: ExpectedRule, line: string): boolean {
  const comment = commentOf(expected.line);
  return comment !== '' && comment === commentOf(line);
}

function isSomeCondition(spec: ReturnType<typeof specOf>): boolean {
  return conditionsOf(spec) !== '';
}

/** Rules that stand at another place, where some packet can tell: it may match a rule that they changed places with, and another thing is done to it. */
function outOfOrder(same: readonly Pair[], observed: readonly Rule[]): Misplaced[] {
  const place = new Map(observed.map((rule, index) => [rule, index]));
  const at = (pair: Pair): number => place.get(pair.observed) ?? 0;
  const kept = new Set(longestRising(same.map(at)));
  return same.flatMap((pair, index) => {
    if (kept.has(index)) return [];
    const swapped = same.findIndex((other, where) => where !== index && where < index !== at(other) < at(pair) && tellsApart(pair, other));
    const other = same[swapped]?.expected;
    return other === undefined ? [] : [{ ...pair, other, how: swapped < index ? 'early' : 'late' }];
  });
}

/** Indices of a longest rising run of values: what has kept its order. */
function longestRising(values: readonly number[]): number[] {
  const best: { readonly length: number; readonly before: number }[] = [];
  let end = -1;
  for (const [index, value] of values.entries()) {
    let found = { length: 1, before: -1 };
    for (let earlier = 0; earlier < index; earlier++) {
      const length = (best[earlier]?.length ?? 0) + 1;
      if ((values[earlier] ?? 0) < value && length > found.length) found = { length, before: earlier };
    }
    best.push(found);
    if (end < 0 || found.length > (best[end]?.length ?? 0)) end = index;
  }
  const run: number[] = [];
  for (let index = end; index >= 0; index = best[index]?.before ?? -1) run.push(index);
  return run;
}

function tellsApart(a: Pair, b: Pair): boolean {
  const [left, right] = [specOf(a.expected), specOf(b.expected)];
  return targetFormOf(left) !== targetFormOf(right) && left.target.kind !== 'none' && right.target.kind !== 'none' && mayMeet(left, right);
}
