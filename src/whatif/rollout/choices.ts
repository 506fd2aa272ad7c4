import type { Choices, RollingPod } from './walk.ts';

/** Where pods may go, and what else is there. */
export interface Ground {
  /** Nodes that take new pods. */
  readonly open: readonly string[];
  /** Nodes with ready endpoints of the Service that are not of this workload. */
  readonly covered: ReadonlySet<string>;
  readonly ownsPorts: boolean;
  readonly isDaemonSet: boolean;
  readonly isOrdered: boolean;
}

/** Nodes by their pods, as one choice needs them. */
interface Tally {
  readonly pods: number;
  readonly old: number;
  readonly fresh: number;
  readonly ready: number;
}

const NONE: Tally = { pods: 0, old: 0, fresh: 0, ready: 0 };

function tally(pods: readonly RollingPod[]): ReadonlyMap<string, Tally> {
  const found = new Map<string, Tally>();
  for (const { node, isNew, phase } of pods) {
    if (node === null) continue;
    const { pods: all, old, fresh, ready } = found.get(node) ?? NONE;
    const staying = phase === 'ready' ? 1 : 0;
    found.set(node, { pods: all + 1, old: old + (isNew ? 0 : 1), fresh: fresh + (isNew ? 1 : 0), ready: ready + staying });
  }
  return found;
}

/** New pods gather where they help least: on a node without pods, all on the same; the last pod of a node goes first. */
export function worstChoices(ground: Ground): Choices {
  const { covered, ownsPorts } = ground;
  return {
    place: (pods) => {
      const at = tally(pods);
      const free = freeNodes(ground, at);
      const taken = free.find((node) => (at.get(node)?.fresh ?? 0) > 0);
      const empty = free.find((node) => (at.get(node)?.old ?? 0) === 0 && !covered.has(node));
      const helped = free.find((node) => covered.has(node));
      return (ownsPorts ? null : taken) ?? empty ?? helped ?? free[0] ?? null;
    },
    order: (pods) => leaving(ground, pods, (pod, at) => (isAlone(pod, at, covered) ? 0 : 1)),
  };
}

/** Each new pod starts beside an old one that is alone; pods with another beside them go first, as the controller prefers by itself. */
export function bestChoices(ground: Ground): Choices {
  const { covered } = ground;
  return {
    place: (pods) => {
      const at = tally(pods);
      const free = freeNodes(ground, at);
      const lone = (node: string): boolean => {
        const { old, fresh, ready } = at.get(node) ?? NONE;
        return old > 0 && fresh === 0 && ready === 1 && !covered.has(node);
      };
      const bereft = new Set(pods.flatMap(({ node, isNew }) => (!isNew && node !== null && !at.has(node) ? [node] : [])));
      return free.find(lone) ?? free.find((node) => bereft.has(node)) ?? free.find((node) => !at.has(node)) ?? free[0] ?? null;
    },
    order: (pods) => leaving(ground, pods, (pod, at) => (isAlone(pod, at, covered) ? 1 : 0)),
  };
}

function freeNodes({ open, ownsPorts }: Ground, at: ReadonlyMap<string, Tally>): readonly string[] {
  return ownsPorts ? open.filter((node) => !at.has(node)) : open;
}

function isAlone({ node }: RollingPod, at: ReadonlyMap<string, Tally>, covered: ReadonlySet<string>): boolean {
  return node !== null && !covered.has(node) && (at.get(node)?.ready ?? 0) <= 1;
}

/**
 * Old pods in the order in which they go: those that are not ready first (deployment/rolling.go cleanupUnhealthyReplicas), then as ranked, looked
 * at anew after each; of a StatefulSet the highest ordinal; of a DaemonSet with surge those whose successor is ready.
 */
function leaving(
  { isDaemonSet, isOrdered }: Ground,
  pods: readonly RollingPod[],
  rank: (pod: RollingPod, at: ReadonlyMap<string, Tally>) => number,
): readonly RollingPod[] {
  const old = pods.filter(({ isNew, phase }) => !isNew && phase !== 'terminating');
  if (isOrdered) return [...old].sort((a, b) => ordinal(b) - ordinal(a));
  if (isDaemonSet) {
    const done = new Set(pods.filter(({ isNew, phase }) => isNew && phase === 'ready').map(({ node }) => node));
    return [...old].sort((a, b) => Number(done.has(b.node)) - Number(done.has(a.node)));
  }
  const order = old.filter(({ phase }) => phase !== 'ready');
  let rest = old.filter(({ phase }) => phase === 'ready');
  let staying = pods;
  while (rest.length > 0 && order.length < MOST_RANKED) {
    const at = tally(staying);
    const [first, ...others] = rest;
    if (first === undefined) break;
    const next = others.reduce((best, pod) => (rank(pod, at) < rank(best, at) ? pod : best), first);
    order.push(next);
    rest = rest.filter((pod) => pod !== next);
    staying = staying.filter((pod) => pod !== next);
  }
  return [...order, ...rest];
}

/** In one round so many go by rank; the others in any order. */
const MOST_RANKED = 200;

function ordinal({ id }: RollingPod): number {
  return Number(/-(\d+)$/.exec(id)?.[1] ?? 0);
}
