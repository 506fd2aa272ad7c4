import type { RuleSpec } from '../ruleset.ts';
import type { Match } from './match-kinds.ts';
import { printMatch } from './print-rule.ts';
import { printTarget } from './print-target.ts';
import type { Target } from './target-kinds.ts';

/** What two rules may differ in and still count as the same. */
export interface Ignoring {
  readonly comments?: boolean;
  /** `--random-fully` depends on the iptables binary of the writer. */
  readonly randomFully?: boolean;
  /** `-m nfacct` only counts. */
  readonly accounting?: boolean;
}

/** kube-proxy writes ten digits and the kernel keeps 31 bits; both are far finer than this. */
const PROBABILITY_TOLERANCE = 1e-6;

/** A text that is equal for rules that say the same: matches sorted, default options left out. */
export function normalForm(spec: RuleSpec, ignoring: Ignoring = {}): string {
  return form(spec, ignoring, true);
}

/** Whether two rules say the same; probabilities may differ by rounding. */
export function sameRule(a: RuleSpec, b: RuleSpec, ignoring: Ignoring = {}): boolean {
  if (form(a, ignoring, false) !== form(b, ignoring, false)) return false;
  const [left, right] = [probabilities(a), probabilities(b)];
  return left.length === right.length && left.every((value, i) => Math.abs(value - (right[i] ?? 0)) <= PROBABILITY_TOLERANCE);
}

function form(spec: RuleSpec, ignoring: Ignoring, withProbability: boolean): string {
  const matches = spec.matches.filter((match) => !isSilent(match, ignoring)).map((match) => matchForm(match, withProbability));
  return [...new Set(matches)].sort().concat(targetForm(spec.target, ignoring)).join(' ').trim();
}

/** Matches that say nothing: `-m tcp` without a condition beside `-p tcp`, and what the caller does not care about. */
function isSilent(match: Match, ignoring: Ignoring): boolean {
  if (match.kind === 'ports') return match.source === null && match.destination === null && match.flags === null;
  if (match.kind === 'comment') return ignoring.comments === true;
  return match.kind === 'module' && match.module === 'nfacct' && ignoring.accounting === true;
}

function matchForm(match: Match, withProbability: boolean): string {
  if (match.kind === 'recent') return printMatch({ ...match, mask: isFullMask(match.mask) ? null : match.mask });
  if (match.kind === 'conntrack' && match.states !== null && match.others.length === 0)
    return printMatch({ ...match, module: 'conntrack' });
  if (match.kind !== 'statistic' || match.mode !== 'random') return printMatch(match);
  return printMatch(withProbability ? { ...match, probability: Number(match.probability.toFixed(6)) } : { ...match, probability: 0 });
}

function isFullMask(mask: string | null): boolean {
  return mask === null || mask === '255.255.255.255' || mask === 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
}

const DEFAULT_REJECTS = ['icmp-port-unreachable', 'icmp6-port-unreachable', 'port-unreach'];

function targetForm(target: Target, ignoring: Ignoring): string {
  if (target.kind === 'reject' && target.with !== null && DEFAULT_REJECTS.includes(target.with))
    return printTarget({ kind: 'reject', with: null });
  if (ignoring.randomFully !== true || !('flags' in target)) return printTarget(target);
  return printTarget({ ...target, flags: target.flags.filter((flag) => flag !== '--random-fully') });
}

function probabilities(spec: RuleSpec): readonly number[] {
  return spec.matches.flatMap((match) => (match.kind === 'statistic' && match.mode === 'random' ? [match.probability] : []));
}
