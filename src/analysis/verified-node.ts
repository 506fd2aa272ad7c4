import type { RuleDifference } from './verify/types.ts';
import type { FamilyVerification, NodeVerification } from './verify/verify-node.ts';
import type { ForeignFinding, RuleFinding, VerifiedFamily, VerifiedNode } from './verify-report.ts';

/** What was found on one node, as the report shows it: the gravest first. */
export function verifiedNode({ node, families, worst }: NodeVerification): VerifiedNode {
  const all = families.flatMap((side) =>
    differencesIn(side).map((difference) => ({ ...findingOf(difference), family: side.family, kind: difference.kind })),
  );
  const of = (kind: RuleDifference['kind']): readonly RuleFinding[] =>
    byGravity(all.filter((each) => each.kind === kind)).map(({ kind: _, ...finding }) => finding);
  return {
    node,
    worst,
    rules: {
      missing: of('missing'),
      unexpected: of('unexpected'),
      changed: of('changed'),
      foreign: byGravity(families.flatMap(foreignIn)),
    },
    families: families.map(familyOf),
  };
}

const RANKS = { error: 0, warning: 1, info: 2 } as const;

function byGravity<T extends { readonly severity: keyof typeof RANKS }>(findings: readonly T[]): readonly T[] {
  return [...findings].sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);
}

function differencesIn({ fixed, services }: FamilyVerification): readonly RuleDifference[] {
  return [...fixed, ...services.flatMap(({ differences }) => differences)];
}

function findingOf({
  table,
  chain,
  line,
  lineNumber,
  expected,
  code,
  port,
  meaning,
  effect,
  severity,
}: RuleDifference): Omit<RuleFinding, 'family'> {
  return { table, chain, line, lineNumber, expected, code, port, meaning, effect, severity };
}

function foreignIn({ family, foreign }: FamilyVerification): readonly ForeignFinding[] {
  return foreign.map(({ rule, services }) => {
    const { table, hook, chain, line, lineNumber, through, writer, match, act, why, severity } = rule;
    return { family, table, hook, chain, line, lineNumber, through, writer, match, act, why, severity, services };
  });
}

function familyOf({ family, mode, settings, strangers }: FamilyVerification): VerifiedFamily {
  return {
    family,
    mode: mode.kind === 'notIptablesMode' ? 'not-iptables' : mode.kind,
    modeReason: 'reason' in mode ? mode.reason : null,
    settings: settings.map(({ name, value, from, contradicts, effect = null }) => ({ name, value, from, contradicts, effect })),
    strangers,
  };
}
