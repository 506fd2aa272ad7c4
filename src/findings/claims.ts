import type { TargetKind } from '../analysis/report.ts';
import type { Service } from '../cluster/model.ts';
import { isUnserved, outsideFlow } from './reach.ts';
import type { Slot } from './scene/slots.ts';
import type { ServiceScene } from './scene.ts';

/** What a finding says of packets, apart from its words, so that it can be held against what really became of such packets. Made only when asked for. */
export interface FlowClaim {
  readonly from: ClaimedClient;
  readonly to: ClaimedTarget;
  readonly outcome: ClaimedOutcome;
}

export type ClaimedClient =
  /** Anybody outside the cluster whose address does not look like a pod's. */
  | { readonly kind: 'external' }
  /** Any pod of these nodes with a network of its own that does not back the Service; of every node where that is null. */
  | { readonly kind: 'pod'; readonly nodes: readonly string[] | null }
  /** One certain pod. */
  | { readonly kind: 'this-pod'; readonly namespace: string; readonly name: string }
  /** Processes and hostNetwork pods of these nodes. */
  | { readonly kind: 'process'; readonly nodes: readonly string[] };

export interface ClaimedTarget {
  readonly service: Service;
  readonly slots: readonly Pick<Slot, 'port' | 'family'>[];
  readonly kinds: readonly TargetKind[];
  /** Only these; null: every address of those kinds that the Service has and that is not of ipMode Proxy, of nodes the one that they are known by. */
  readonly addresses: readonly string[] | null;
  /** Only at node ports of these nodes and through these nodes; null: wherever the packet comes in. */
  readonly nodes: readonly string[] | null;
}

export type ClaimedOutcome =
  /** Silence: a rule, or the host, discards the packet. */
  | { readonly kind: 'dropped' }
  /** At once: an ICMP error or a TCP reset. */
  | { readonly kind: 'refused' }
  /** None of the connections gets an answer. */
  | { readonly kind: 'unanswered' }
  /** Some connection gets no answer. */
  | { readonly kind: 'partly-unanswered' }
  | { readonly kind: 'delivered' }
  /** What reaches a pod (one of these, where they are named) comes from another address than the client's; from one of these, where they are named. */
  | { readonly kind: 'masqueraded'; readonly pods: readonly string[] | null; readonly seen: readonly string[] | null }
  /** What reaches a pod (one of these, where they are named) comes from the client's own address. */
  | { readonly kind: 'preserved'; readonly pods: readonly string[] | null };

export const DROPPED = { kind: 'dropped' } as const;
const REFUSED = { kind: 'refused' } as const;
export const UNANSWERED = { kind: 'unanswered' } as const;
export const PARTLY_UNANSWERED = { kind: 'partly-unanswered' } as const;
export const DELIVERED = { kind: 'delivered' } as const;
export const EXTERNAL = { kind: 'external' } as const;

/** Addresses by which clients outside come. */
export const OUTSIDE_KINDS: readonly TargetKind[] = ['nodePort', 'externalIP', 'loadBalancerIP'];

export const VIPS: readonly TargetKind[] = ['externalIP', 'loadBalancerIP'];

/** Everything that a Service answers at. */
export const ALL_KINDS: readonly TargetKind[] = ['clusterIP', ...OUTSIDE_KINDS];

interface Differs {
  readonly kinds?: readonly TargetKind[];
  readonly addresses?: readonly string[];
  readonly nodes?: readonly string[];
}

/** A Service at the outside addresses of some of its slots, unless something else is said. */
export function at(
  { service }: ServiceScene,
  slots: readonly Slot[],
  { kinds = OUTSIDE_KINDS, addresses, nodes }: Differs = {},
): ClaimedTarget {
  return { service, slots, kinds, addresses: addresses ?? null, nodes: nodes ?? null };
}

/** A Service as clients outside come to it through some nodes: by its own addresses, and by node ports of those that do not leave them to the host. */
export function through(scene: ServiceScene, slots: readonly Slot[], nodes: readonly string[]): ClaimedTarget[] {
  const vips = at(scene, slots, { kinds: VIPS, nodes });
  const own = slots.map((slot) => at(scene, [slot], { kinds: ['nodePort'], nodes: nodes.filter((name) => !isHosts(scene, slot, name)) }));
  return [vips, ...own];
}

function isHosts(scene: ServiceScene, slot: Slot, name: string): boolean {
  const node = scene.cluster.cluster.nodeByName.get(name);
  return node !== undefined && isUnserved(scene, node, slot.family) && outsideFlow(scene, slot, node)?.verdict === 'unhandled';
}

/** That everybody but the nodes' own processes is refused everywhere, or, where source ranges drop some first, that nobody gets an answer. */
export function refusedClaims(scene: ServiceScene, slots: readonly Slot[]): FlowClaim[] {
  const isRanged = scene.service.sourceRanges.length > 0;
  const kinds = ALL_KINDS.filter((kind) => !isRanged || kind !== 'loadBalancerIP');
  const clients = [EXTERNAL, { kind: 'pod', nodes: null } as const];
  return clients.flatMap((from): FlowClaim[] => [
    { from, to: at(scene, slots, { kinds }), outcome: REFUSED },
    ...(isRanged ? [{ from, to: at(scene, slots, { kinds: ['loadBalancerIP' as const] }), outcome: UNANSWERED }] : []),
  ]);
}

/** Without the load balancer's addresses, where source ranges keep some clients out. */
export function withoutRanged(to: ClaimedTarget): ClaimedTarget {
  return { ...to, kinds: to.kinds.filter((kind) => kind !== 'loadBalancerIP') };
}

/** The slots that facts name by their labels. */
export function slotsNamed(scene: ServiceScene, labels: readonly string[]): readonly Slot[] {
  return scene.slots().filter(({ label }) => labels.includes(label));
}

/** The slots of ports that facts name by name or number. */
export function slotsOfPorts(scene: ServiceScene, names: readonly string[]): readonly Slot[] {
  return scene.slots().filter(({ port }) => names.includes(port.name === '' ? String(port.port) : port.name));
}

/** Ports with endpoints: of the others another finding tells. */
export function usableSlots(scene: ServiceScene): readonly Slot[] {
  return scene.slots().filter(({ usable }) => usable.length > 0);
}
