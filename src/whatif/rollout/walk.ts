import type { UpdateRules, WorkloadKind } from './report.ts';

/** A pod of the workload during its update. */
export interface RollingPod {
  readonly id: string;
  /** Null: no node has been found for it. */
  readonly node: string | null;
  readonly isNew: boolean;
  readonly phase: 'ready' | 'waiting' | 'terminating';
}

/** The workload's pods at one moment. */
export interface Moment {
  readonly phase: 'before' | 'replacing' | 'stopped' | 'ready' | 'stuck';
  readonly pods: readonly RollingPod[];
  readonly started: number;
  readonly stopped: number;
}

/** What scheduler and controller may choose. */
export interface Choices {
  /** A node for a new pod; null: there is none. */
  place(pods: readonly RollingPod[]): string | null;
  /** The old pods in the order in which they go. */
  order(pods: readonly RollingPod[]): readonly RollingPod[];
}

export interface Subject {
  readonly kind: WorkloadKind;
  readonly rules: Pick<UpdateRules, 'strategy' | 'replicas' | 'maxSurge' | 'maxUnavailable'>;
}

/** Rounds of an update; one of thousands of pods is not walked to its end. */
const MOST_ROUNDS = 2000;

/**
 * An update, round by round: pods start and stop as far as the controller lets them, then those that stop are gone, then those that start are
 * ready. Real updates go on as soon as a single pod is ready; each node meets the same states in the same order.
 */
export function walk(subject: Subject, first: readonly RollingPod[], choices: Choices): readonly Moment[] {
  const moments: Moment[] = [{ phase: 'before', pods: first, started: 0, stopped: 0 }];
  let pods = first;
  for (let round = 0; round < MOST_ROUNDS && pods.some(({ isNew }) => !isNew); round++) {
    const next = begin(subject, pods, choices, round);
    if (next.started + next.stopped === 0) {
      moments.push({ phase: 'stuck', pods, started: 0, stopped: 0 });
      break;
    }
    moments.push(next);
    pods = next.pods;
    if (next.stopped > 0) {
      pods = placed(withoutStopped(subject, pods, round), choices);
      moments.push({ phase: 'stopped', pods, started: 0, stopped: 0 });
    }
    const ready = pods.map(
      (pod): RollingPod => (pod.isNew && pod.phase === 'waiting' && pod.node !== null ? { ...pod, phase: 'ready' } : pod),
    );
    if (ready.some((pod, index) => pod !== pods[index])) moments.push({ phase: 'ready', pods: ready, started: 0, stopped: 0 });
    pods = ready;
  }
  return moments;
}

function begin(subject: Subject, pods: readonly RollingPod[], choices: Choices, round: number): Moment {
  const { started, stopped } = amounts(subject, pods);
  let grown = [...pods];
  for (let i = 0; i < started; i++) grown.push({ id: `new-${round}-${i}`, node: choices.place(grown), isNew: true, phase: 'waiting' });
  const going = new Set(
    choices
      .order(grown)
      .slice(0, stopped)
      .map(({ id }) => id),
  );
  grown = grown.map((pod) => (going.has(pod.id) ? { ...pod, phase: 'terminating' } : pod));
  const more = subject.kind === 'Deployment' && going.size > 0 ? surge(subject, grown) : 0;
  for (let i = 0; i < more; i++)
    grown.push({ id: `new-${round}-${started + i}`, node: choices.place(grown), isNew: true, phase: 'waiting' });
  return { phase: 'replacing', pods: grown, started: started + more, stopped: going.size };
}

/** New pods that may start now; those on their way out count for nobody. */
function surge({ rules: { strategy, replicas, maxSurge } }: Subject, pods: readonly RollingPod[]): number {
  if (strategy === 'Recreate') return 0;
  const fresh = pods.filter(({ isNew }) => isNew).length;
  const total = pods.filter(({ phase }) => phase !== 'terminating').length;
  return Math.max(0, Math.min(replicas - fresh, replicas + maxSurge - total));
}

/** How many pods may start and stop now. */
function amounts({ kind, rules }: Subject, pods: readonly RollingPod[]): { readonly started: number; readonly stopped: number } {
  const { strategy, replicas, maxSurge, maxUnavailable } = rules;
  const old = pods.filter(({ isNew }) => !isNew);
  const fresh = pods.filter(({ isNew }) => isNew);
  if (strategy === 'Recreate') return { started: 0, stopped: old.length };
  if (kind === 'StatefulSet') return { started: 0, stopped: Math.min(1, old.length) };
  const waiting = fresh.filter(({ phase }) => phase !== 'ready').length;
  if (kind === 'DaemonSet' && maxSurge === 0) return { started: 0, stopped: Math.min(maxUnavailable, old.length) };
  if (kind === 'DaemonSet') {
    const beside = new Set(fresh.map(({ node }) => node));
    const covered = old.filter(({ node }) => beside.has(node)).length;
    return { started: Math.min(maxSurge, old.length - covered), stopped: covered };
  }
  // k8s pkg/controller/deployment/rolling.go: reconcileNewReplicaSet, then reconcileOldReplicaSets, then again.
  const started = surge({ kind, rules }, pods);
  const least = replicas - maxUnavailable;
  const total = pods.length + started;
  const mayGo = total - least - waiting - started;
  const unhealthy = Math.max(0, Math.min(old.filter(({ phase }) => phase !== 'ready').length, mayGo));
  const available = pods.filter(({ phase }) => phase === 'ready').length;
  const more = mayGo > 0 ? Math.max(0, Math.min(old.length - unhealthy, available - least)) : 0;
  return { started, stopped: unhealthy + more };
}

/** What a controller makes anew only once the old pod is gone, it makes now. */
function withoutStopped({ kind, rules }: Subject, pods: readonly RollingPod[], round: number): RollingPod[] {
  const gone = pods.filter(({ phase }) => phase === 'terminating');
  const rest = pods.filter(({ phase }) => phase !== 'terminating');
  const follows = kind === 'StatefulSet' || rules.strategy === 'Recreate' || (kind === 'DaemonSet' && rules.maxSurge === 0);
  if (!follows) return rest;
  const count = rules.strategy === 'Recreate' ? rules.replicas : gone.length;
  const next = Array.from({ length: count }, (_, index): RollingPod => {
    const node = kind === 'DaemonSet' ? (gone[index]?.node ?? null) : null;
    return { id: `new-${round}-${index}`, node, isNew: true, phase: 'waiting' };
  });
  return [...rest, ...next];
}

function placed(pods: readonly RollingPod[], choices: Choices): readonly RollingPod[] {
  const found: RollingPod[] = [...pods];
  for (const [index, pod] of found.entries()) if (pod.isNew && pod.node === null) found[index] = { ...pod, node: choices.place(found) };
  return found;
}
