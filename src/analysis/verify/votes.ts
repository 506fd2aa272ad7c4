import type { Rule, Ruleset } from '../../netfilter/ruleset.ts';
import { commentOf, destinationOf, sourceOf, targetOf } from './line-parts.ts';
import { type RulesetIndex, rulesIn } from './ruleset-index.ts';

/** How many rules speak for each value of a setting. One altered rule must not pass for the setting of them all. */
export interface Votes {
  /** By match as written (`-s 10.244.0.0/16`, `-i cni0`); `none` for rules that show that there is no detector. */
  readonly detector: ReadonlyMap<string, Ballot>;
  readonly masqueradeAll: ReadonlyMap<string, Ballot>;
  /** By value in hexadecimal. */
  readonly mark: ReadonlyMap<string, Ballot>;
}

export interface Ballot {
  readonly count: number;
  /** The first rule that shows it. */
  readonly line: string;
}

type Tally = Map<string, { count: number; line: string }>;

/** Counts what the reached rules of a dump show. */
export function votesOf(index: RulesetIndex): Votes {
  const votes = { detector: new Map(), masqueradeAll: new Map(), mark: marksOf(index.ruleset) } as const satisfies Record<string, Tally>;
  const nat = index.ruleset.tables.get('nat');
  for (const { name, rules } of nat?.chains.values() ?? []) {
    if (!index.reached.has(`nat ${name}`)) continue;
    if (/^KUBE-(?:SVC-|SVL-|SERVICES$)/.test(name)) for (const rule of rules) voteOfMark(rule, votes);
    if (/^KUBE-(?:EXT|XLB)-/.test(name)) voteOfHead(rules, votes.detector);
  }
  const entries = rulesIn(index.ruleset, 'nat', 'KUBE-SERVICES');
  // Until 1.21 marks stand in front of the jumps.
  if (!entries.some(isMark)) for (const rule of entries) voteOfJump(rule, index.ruleset, votes);
  return votes;
}

function isMark({ line }: Rule): boolean {
  return line.endsWith(' -j KUBE-MARK-MASQ');
}

/** Marks beside clusterIPs carry the detector, or nothing with masqueradeAll. */
function voteOfMark(rule: Rule, votes: { readonly detector: Tally; readonly masqueradeAll: Tally }): void {
  const { line } = rule;
  if (!isMark(rule) || destinationOf(line) === null) return;
  const comment = commentOf(line);
  if (comment !== '' && !comment.endsWith(' cluster IP')) return;
  const match = notLocal(line);
  if (match !== null) cast(votes.detector, match, line);
  if (match !== null || comment !== '') cast(votes.masqueradeAll, String(match === null), line);
}

function notLocal(line: string): string | null {
  return /! (?<match>-[si] \S+)/.exec(line)?.groups?.['match'] ?? null;
}

/** The clusterIP's jump to a chain without any mark: no detector. */
function voteOfJump({ line }: Rule, ruleset: Ruleset, votes: { readonly detector: Tally; readonly masqueradeAll: Tally }): void {
  const target = targetOf(line);
  if (!/^KUBE-SV[CL]-/.test(target) || !commentOf(line).endsWith(' cluster IP')) return;
  if (rulesIn(ruleset, 'nat', target).some((rule) => isMark(rule) && commentOf(rule.line) === commentOf(line))) return;
  cast(votes.detector, NO_DETECTOR, line);
  cast(votes.masqueradeAll, 'false', line);
}

export const NO_DETECTOR = 'none';

/** The head of Local policy has a rule for pods exactly where there is a detector. */
function voteOfHead(rules: readonly Rule[], detector: Tally): void {
  const head = rules.find((rule) => commentOf(rule.line).startsWith('masquerade LOCAL traffic for '));
  if (head === undefined) return;
  const pods = rules.find((rule) => /^(?:pod traffic for |Redirect pods trying )/.test(commentOf(rule.line)));
  const device = pods === undefined ? null : (/ (?<match>-i \S+)/.exec(pods.line)?.groups?.['match'] ?? null);
  cast(detector, pods === undefined ? NO_DETECTOR : (device ?? sourceOf(pods.line) ?? NO_DETECTOR), (pods ?? head).line);
}

/** Four rules name the masquerade mark. */
function marksOf(ruleset: Ruleset): Tally {
  const tally: Tally = new Map();
  const lines = [
    ...rulesIn(ruleset, 'nat', 'KUBE-MARK-MASQ'),
    ...rulesIn(ruleset, 'nat', 'KUBE-POSTROUTING'),
    ...rulesIn(ruleset, 'filter', 'KUBE-FORWARD'),
  ].map((rule) => rule.line);
  for (const line of lines) {
    const mark = / --(?:set-x|or-|xor-)?mark (?<mark>0x[0-9a-f]+)/.exec(line)?.groups?.['mark'];
    if (mark !== undefined) cast(tally, mark, line);
  }
  return tally;
}

function cast(tally: Tally, value: string, line: string): void {
  const known = tally.get(value);
  if (known === undefined) tally.set(value, { count: 1, line });
  else known.count++;
}

/** What most rules show; among equals the preferred value, else the first. `sure`: more than one rule, and more than half of them. */
export function winner(
  votes: ReadonlyMap<string, Ballot>,
  preferred: string,
): (Ballot & { readonly value: string; readonly sure: boolean }) | null {
  const all = [...votes].map(([value, ballot]) => ({ value, ...ballot }));
  const total = all.reduce((sum, ballot) => sum + ballot.count, 0);
  const most = Math.max(0, ...all.map((ballot) => ballot.count));
  const top = all.filter((ballot) => ballot.count === most);
  const first = top.find((ballot) => ballot.value === preferred) ?? top[0];
  return first === undefined ? null : { ...first, sure: first.count > 1 && first.count * 2 > total };
}
