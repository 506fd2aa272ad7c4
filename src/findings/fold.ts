import type { FindingId } from './codes.ts';
import type { RawFinding } from './raw-finding.ts';

export interface Folded {
  readonly kept: RawFinding[];
  /** Consequences of causes that are about the whole cluster, by cause. */
  readonly under: ReadonlyMap<FindingId, RawFinding[]>;
}

/** Puts each consequence under the cause that was found about the same Service, or about the cluster; what nothing causes is kept. */
export function fold(findings: readonly RawFinding[], clusterCauses: ReadonlySet<FindingId>): Folded {
  const here = new Set(findings.map(({ rule }) => rule.id));
  const roots = new Map<RawFinding, FindingId | null>();
  for (const finding of findings) roots.set(finding, rootOf(finding, findings, here, clusterCauses));
  const byRoot = new Map<FindingId, RawFinding[]>();
  const under = new Map<FindingId, RawFinding[]>();
  for (const [finding, root] of roots) {
    if (root === null) continue;
    const target = here.has(root) ? byRoot : under;
    target.set(root, [...(target.get(root) ?? []), finding]);
  }
  const told = new Set<FindingId>();
  const kept: RawFinding[] = [];
  for (const finding of findings) {
    if (roots.get(finding) !== null) continue;
    const { id } = finding.rule;
    // Several facts of one rule: the consequences stand under the first.
    kept.push(told.has(id) ? finding : { ...finding, folded: byRoot.get(id) ?? [] });
    told.add(id);
  }
  return { kept, under };
}

/** The last cause of a chain of causes; null for what nothing causes. */
function rootOf(
  { rule }: RawFinding,
  findings: readonly RawFinding[],
  here: ReadonlySet<FindingId>,
  clusterCauses: ReadonlySet<FindingId>,
): FindingId | null {
  let current = rule;
  const seen = new Set<FindingId>([rule.id]);
  for (;;) {
    const cause = current.foldsUnder?.find((id) => (here.has(id) || clusterCauses.has(id)) && !seen.has(id));
    if (cause === undefined) return current === rule ? null : current.id;
    seen.add(cause);
    const next = findings.find((finding) => finding.rule.id === cause)?.rule;
    if (next === undefined) return cause;
    current = next;
  }
}
