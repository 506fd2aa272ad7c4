import type { Branch, Flow } from '../analysis/report.ts';
import type { Difference, FlowChange } from './report.ts';

/** Shares that differ by less are the same. */
const TOLERANCE = 0.001;

/** What tells a flow from others, and stays the same over a change. */
export function flowKey({ from, via, to }: Flow, standIns: ReadonlySet<number>): string {
  // A pod that is moved is the same client on another node.
  const place = from.kind === 'pod' && from.name !== null ? null : from.node;
  const client = [from.kind, from.namespace, from.name, place, from.kind === 'external' ? from.address : null];
  // A port that nobody knows yet is known by what it is for.
  const port = standIns.has(to.port) ? '?' : to.port;
  return JSON.stringify([...client, via, to.kind, to.node, to.address, port, to.protocol, to.servicePort]);
}

export type Fate = Pick<Flow, 'verdict' | 'branches' | 'because'>;

/** How one flow's fate changes. */
export function compareFates(before: Fate, after: Fate): { readonly change: FlowChange; readonly differs: readonly Difference[] } {
  if (before.verdict === 'undetermined' || after.verdict === 'undetermined') {
    const both = before.verdict === after.verdict;
    return { change: both ? 'unchanged' : 'unknown', differs: both ? [] : ['outcome'] };
  }
  const differs = differences(before.branches, after.branches);
  const gain = answered(after) - answered(before);
  if (gain < -TOLERANCE) return { change: 'introduced', differs };
  if (gain > TOLERANCE) return { change: 'fixed', differs };
  return { change: differs.length === 0 ? 'unchanged' : 'changed', differs };
}

/** The share of a flow that is answered; where who answers is open, all or nothing by its verdict. */
export function answered({ verdict, branches }: Fate): number {
  if (branches.length === 0) return verdict === 'delivered' ? 1 : verdict === 'partial' ? 0.5 : 0;
  // The health-check port is answered by kube-proxy itself: 503 takes the node out of rotation.
  const isAnswer = (branch: Branch): boolean => branch.outcome === 'delivered' || branch.httpStatus === 200;
  return branches.filter(isAnswer).reduce((sum, { share }) => sum + share, 0);
}

function differences(before: readonly Branch[], after: readonly Branch[]): Difference[] {
  const found: Difference[] = [];
  const differ = (keyOf: (branch: Branch) => string, how: 'keys' | 'shares'): boolean =>
    !sameSums(sums(before, keyOf), sums(after, keyOf), how);
  if (differ(outcomeKey, 'keys')) found.push('outcome');
  if (differ(endpointKey, 'keys')) found.push('endpoints');
  if (differ(sourceKey, 'keys')) found.push('source');
  if (found.length === 0 && differ((branch) => `${outcomeKey(branch)} ${endpointKey(branch)} ${sourceKey(branch)}`, 'shares'))
    found.push('shares');
  return found;
}

function outcomeKey({ outcome, then, httpStatus }: Branch): string {
  return `${outcome} ${then} ${httpStatus ?? ''}`;
}

function endpointKey({ endpoint }: Branch): string {
  return endpoint === null ? '' : `${endpoint.address}:${endpoint.port} ${endpoint.node}`;
}

function sourceKey({ source }: Branch): string {
  return source === null ? '' : `${source.kind} ${source.address ?? ''} ${source.interface ?? ''} ${source.by ?? ''}`;
}

function sums(branches: readonly Branch[], keyOf: (branch: Branch) => string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const branch of branches) found.set(keyOf(branch), (found.get(keyOf(branch)) ?? 0) + branch.share);
  return found;
}

function sameSums(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>, how: 'keys' | 'shares'): boolean {
  return (
    a.size === b.size && [...a].every(([key, share]) => b.has(key) && (how === 'keys' || Math.abs(share - (b.get(key) ?? 0)) < TOLERANCE))
  );
}
