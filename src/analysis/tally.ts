import type { Flow, NodeGroup, TargetKind, Verdict } from './report.ts';

/** Names shown before "and N more". */
const MOST_NAMES = 4;
/** Characters; a longer list of long names hides the sentence around it. */
const LONGEST_LIST = 72;

/** How many nodes stand behind each node that the flows report. */
export function weigher(groups: readonly NodeGroup[] | null): (node: string) => readonly string[] {
  if (groups === null) return (node) => [node];
  const byFirst = new Map(groups.map((group) => [group.representatives[0], group.nodes]));
  return (node) => byFirst.get(node) ?? [];
}

/** Every node that these stand for, each once. */
export function nodesBehind(nodes: readonly (string | null)[], groups: readonly NodeGroup[] | null): string[] {
  const nodesOf = weigher(groups);
  return [...new Set(nodes)].flatMap((node) => (node === null ? [] : nodesOf(node)));
}

/** Nodes by the verdict that outside clients meet there, for one kind of target. */
export function nodesByVerdict(flows: readonly Flow[], kind: TargetKind, groups: readonly NodeGroup[] | null): Map<Verdict, string[]> {
  const nodesOf = weigher(groups);
  const worst = new Map<string, Verdict>();
  for (const flow of outsideFlows(flows, kind)) {
    const node = flow.to.node ?? flow.via;
    if (node === null) continue;
    const known = worst.get(node);
    worst.set(node, known === undefined || known === flow.verdict ? flow.verdict : 'partial');
  }
  const found = new Map<Verdict, string[]>();
  for (const [node, verdict] of worst) found.set(verdict, [...(found.get(verdict) ?? []), ...nodesOf(node)]);
  return found;
}

/** Flows of outside clients; of the two that source ranges tell apart, the one inside them. */
export function outsideFlows(flows: readonly Flow[], kind: TargetKind): Flow[] {
  return flows.filter((flow) => flow.from.kind === 'external' && flow.to.kind === kind && flow.from.name !== 'outside the source ranges');
}

/** Flows of one kind of client in the cluster to some kinds of targets. */
export function insideFlows(flows: readonly Flow[], kind: Flow['from']['kind'], ...targets: readonly TargetKind[]): Flow[] {
  return flows.filter((flow) => flow.from.kind === kind && targets.includes(flow.to.kind));
}

/** `node2, node4`, `node1, node2, node3, node4 and 12 more`; fewer where the names are long. */
export function nameList(names: readonly string[]): string {
  let count = Math.min(names.length, MOST_NAMES);
  while (count > 1 && names.slice(0, count).join(', ').length > LONGEST_LIST) count--;
  const shown = names.slice(0, count).join(', ');
  return names.length > count ? `${shown} and ${names.length - count} more` : shown;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** What endpoints see of outside clients, over these flows. */
export function sourceClause(flows: readonly Flow[]): string | null {
  const kinds = new Set(flows.flatMap((flow) => flow.branches.flatMap((branch) => (branch.source === null ? [] : [branch.source.kind]))));
  if (kinds.size === 0) return null;
  if (kinds.size === 2) return 'some pods see the real client address, others an address of the node that was asked';
  return kinds.has('preserved')
    ? 'the pods see the real client address'
    : "the pods see an address of the node that was asked, not the client's";
}
