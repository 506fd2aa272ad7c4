import type { ExpectedRule } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import type { Alignment } from './align.ts';
import { align } from './align.ts';
import type { Balance } from './balance.ts';
import { compareBalance, isBalancing } from './balance.ts';
import type { Finding } from './finding.ts';
import { conditionsOf } from './form.ts';
import { commentOf, targetOf } from './line-parts.ts';
import type { DifferenceCode } from './types.ts';

/** Expected and observed rules of one place. */
export interface Place {
  readonly expected: readonly ExpectedRule[];
  readonly observed: readonly Rule[];
  /** The order says nothing (built-in chains). */
  readonly unordered: boolean;
  /** What an unexpected rule is; null: nothing to report. */
  codeOf(rule: Rule): DifferenceCode | null;
}

export interface ChainResult {
  readonly findings: readonly Finding[];
  readonly balance: Balance | null;
}

const NOTHING: ChainResult = { findings: [], balance: null };

/** One chain, or the part of a shared chain that is a Service's. */
export function compareChain(place: Place): ChainResult {
  const { expected, observed } = place;
  if (isEqual(expected, observed)) return NOTHING;
  const balancing = expected.filter((rule) => rule.code === 'balance');
  const seats = balancing.length > 0 ? observed.filter((rule) => isBalancing(rule.line)) : [];
  const taken = new Set(seats);
  const rest = align(
    expected.filter((rule) => rule.code !== 'balance'),
    observed.filter((rule) => !taken.has(rule)),
  );
  const balance = balancing.length > 0 ? compareBalance(balancing, seats) : null;
  return { findings: [...fromAlignment(place, rest), ...fromBalance(place, balance, rest)], balance };
}

function isEqual(expected: readonly ExpectedRule[], observed: readonly Rule[]): boolean {
  if (expected.length !== observed.length) return false;
  return expected.every((rule, index) => {
    const line = observed[index]?.line;
    return line !== undefined && (rule.line === line || rule.also.includes(line));
  });
}

function fromAlignment(place: Place, { missing, changed, misplaced, extra }: Alignment): Finding[] {
  return [
    ...missing.filter((expected) => !SILENT.has(expected.code)).map((expected): Finding => ({ kind: 'missing', expected })),
    ...changed.map(({ expected, observed }): Finding => ({ kind: 'changed', how: 'content', expected, observed })),
    ...(place.unordered ? [] : misplaced.flatMap((pair) => moved(pair))),
    ...extra.flatMap((observed) => unexpected(place, observed)),
  ];
}

/** Rules that do nothing. */
const SILENT: ReadonlySet<string> = new Set(['source-range-note', 'node-port-localhost-jump']);

function moved({ expected, observed, other, how }: Alignment['misplaced'][number]): Finding[] {
  const bothAffinity = expected.code === 'affinity' && other.code === 'affinity';
  return bothAffinity ? [] : [{ kind: 'changed', how, expected, observed, other }];
}

function unexpected(place: Place, observed: Rule, code = place.codeOf(observed)): Finding[] {
  return code === null ? [] : [{ kind: 'unexpected', observed, code, reachable: isReachable(place, observed) }];
}

/** Behind a rule that takes everything nothing is reached: the last of the balancing rules, the last jump of EXT. */
function isReachable({ expected, observed, unordered }: Place, rule: Rule): boolean {
  const { chain } = rule;
  if (unordered || !/^KUBE-(?:SVC|SVL|EXT|XLB|SEP)-/.test(chain) || expected.length === 0) return true;
  const before = observed.slice(0, observed.indexOf(rule));
  return !before.some((other) => /^KUBE-(?:SVC|SVL|SEP)-|^DNAT$/.test(targetOf(other.line)) && takesAll(other, chain));
}

function takesAll({ spec, line }: Rule, chain: string): boolean {
  const conditions = conditionsOf(spec);
  // The protocol of a DNAT is that of everything that comes to its chain.
  return conditions === '' || (chain.startsWith('KUBE-SEP-') && targetOf(line) === 'DNAT' && /^-p \S+$/.test(conditions));
}

function fromBalance(place: Place, balance: Balance | null, rest: Alignment): Finding[] {
  if (balance === null) return [];
  return [
    ...balance.missing.map((expected): Finding => ({ kind: 'missing', expected })),
    ...balance.changed.map(({ expected, observed }): Finding => ({ kind: 'changed', how: 'share', expected, observed })),
    ...balance.unexpected.flatMap((observed) => unexpected(place, observed)),
    ...balance.twice.flatMap((observed) => unexpected(place, observed, 'duplicate')),
    ...behindBalance(place, rest),
  ];
}

/** Marks and affinity have to come before an endpoint is picked at random. */
function behindBalance({ expected, observed }: Place, { same, misplaced }: Alignment): Finding[] {
  const first = observed.findIndex((rule) => isBalancing(rule.line));
  const other = expected.find((rule) => rule.code === 'balance');
  if (first < 0 || other === undefined) return [];
  const known = new Set(misplaced.map((pair) => pair.expected));
  return same
    .filter((pair) => !known.has(pair.expected) && observed.indexOf(pair.observed) > first)
    .map((pair): Finding => ({ kind: 'changed', how: 'late', expected: pair.expected, observed: pair.observed, other }));
}

/** Whether the rule carries a comment that kube-proxy writes on rules of Services. */
export function looksLikeKubeProxys({ line }: Rule): boolean {
  return /^[a-z0-9.-]+\/[a-z0-9.-]+(?::\S+)?(?: |$)|^(?:masquerade|route|pod) (?:LOCAL )?traffic for |^Redirect pods |^other traffic to |^Balancing rule /.test(
    commentOf(line),
  );
}
