import { CODES, type FindingId } from './codes.ts';
import type { RawFinding } from './raw-finding.ts';
import { nameList } from './words.ts';

/** Findings of what nodes really have in their rules. What follows from objects alone need not hold beside them. */
export function isOfRules(id: FindingId): boolean {
  return id.startsWith('drift-') || id === 'prediction-and-rules-disagree';
}

/** Says with each finding that follows from objects which other one tells of rules that change it. */
export function qualify(findings: readonly RawFinding[], about: ReadonlySet<FindingId>): RawFinding[] {
  const own = findings.map(({ rule }) => rule.id);
  const doubts = [...new Set([...own, ...about])].filter(isOfRules).sort((a, b) => (CODES[a] < CODES[b] ? -1 : 1));
  return doubts.length === 0 ? [...findings] : findings.map((finding) => qualified(finding, doubts));
}

function qualified(finding: RawFinding, doubts: readonly FindingId[]): RawFinding {
  const { rule, confidence } = finding;
  if (!rule.isClaiming || isOfRules(rule.id) || confidence === 'observed') return finding;
  const codes = nameList(doubts.map((id) => CODES[id]));
  return {
    ...finding,
    apartFrom: doubts,
    message: `${finding.message} (apart from what ${codes} ${doubts.length === 1 ? 'tells' : 'tell'})`,
  };
}
