import type { Endpoint } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { ProxyConfig } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';
import { familyOf } from '../net/ip.ts';
import { vipsOf } from './endpoints.ts';
import type { Entry } from './entry.ts';
import type { Reason } from './fate.ts';
import type { Arrival, Packet } from './packet.ts';
import type { World } from './world.ts';
import { podCidrOf } from './world.ts';

/** What a node's kube-proxy does with the first packet of a connection before routing. */
export type Translation =
  /** Redirected to one of these endpoints at random. */
  | {
      readonly kind: 'dnat';
      readonly entry: Entry;
      readonly endpoints: readonly Endpoint[];
      readonly masquerade: boolean;
      readonly reasons: readonly Reason[];
    }
  /** Left as it is; the filter rules still see it. `dropMark`: marked for dropping, which only INPUT and OUTPUT heed (≤1.24). */
  | {
      readonly kind: 'none';
      readonly entry: Entry | null;
      readonly dropMark: boolean;
      readonly masquerade: boolean;
      readonly reasons: readonly Reason[];
    }
  | { readonly kind: 'dropped'; readonly reasons: readonly Reason[] }
  | { readonly kind: 'undecided'; readonly what: string; readonly why: string };

export interface Site {
  readonly world: World;
  readonly config: ProxyConfig;
  readonly arrival: Arrival;
}

/** Whether kube-proxy's local detector takes the packet for a pod's. */
export function isPodTraffic({ world, config, arrival }: Site, packet: Packet): boolean {
  const detector = config.detector[packet.family];
  const { source } = packet;
  switch (detector.kind) {
    case 'absent':
    case 'nobody':
      return false;
    case 'cidr':
      return source !== null && detector.cidr.contains(source);
    case 'node-cidr':
      return source !== null && (podCidrOf(arrival.node, packet.family)?.contains(source) ?? false);
    case 'own-pods':
      return arrival.origin === 'own-pod';
    case 'any-pod':
      return source !== null && world.ownerOf(source) === null && (world.podOf(source) !== null || world.holderOf(source) !== null);
  }
}

/** `-m addrtype --src-type LOCAL`. */
export function isFromNode({ world, arrival }: Site, packet: Packet): boolean {
  return packet.source !== null && world.isLocal(arrival.node, packet.source);
}

/**
 * Whether loadBalancerSourceRanges let the packet in; `open` where nobody said where the client is.
 * A zero range of the family admits everyone (≥1.34: means no ranges at all). A node that owns the VIP may use it as its source if its own IP is in a range.
 */
export function rangesAllow({ world, config, arrival }: Site, packet: Packet, { at }: Entry): boolean | 'open' {
  const ranges = at.service.sourceRanges.filter((cidr) => cidr.family === at.family);
  if (ranges.length === 0 || ranges.some((cidr) => cidr.prefix === 0)) return true;
  if (packet.source === null) return packet.inRanges ?? 'open';
  const inside = (address: string): boolean => ranges.some((cidr) => cidr.contains(address));
  const own = nodeIp(arrival.node, at.family);
  const allowed = (source: string): boolean => inside(source) || (own !== null && inside(own) && vipsOf(at, config).includes(source));
  const answers = new Set(possibleSources(world, packet.source).map(allowed));
  return answers.size > 1 ? 'open' : answers.has(true);
}

/** The addresses that a source may stand for: a node with several InternalIPs of a family sends with one of them, and no object shows which. */
export function possibleSources(world: World, source: string): readonly string[] {
  const family = familyOf(source);
  const several = (world.ownerOf(source)?.internalIPs ?? []).filter((address) => familyOf(address) === family);
  return several.includes(source) ? several : [source];
}

export function openRanges(): Translation {
  return {
    kind: 'undecided',
    what: "the client's address",
    why: 'loadBalancerSourceRanges decide, and it is not known (for an outside client: --from external=IP)',
  };
}

export function untouched(entry: Entry | null, why: readonly Reason[]): Translation {
  return { kind: 'none', entry, dropMark: false, masquerade: false, reasons: why };
}

export function contextOf(site: Site): { config: ProxyConfig; node: Arrival['node'] } {
  return { config: site.config, node: site.arrival.node };
}

/** Whether kube-proxy masquerades a packet to a clusterIP: all with masqueradeAll, else what its detector does not take for a pod's. */
export function masqueradesClusterIp(site: Site, packet: Packet): boolean {
  if (site.config.masqueradeAll) return true;
  return hasDetector(site, packet.family) && !isPodTraffic(site, packet);
}

/** Without a CIDR of the family there is no detector, and kube-proxy leaves the rules out that would need one. */
export function hasDetector({ config, arrival }: Site, family: Family): boolean {
  const { kind } = config.detector[family];
  return kind !== 'absent' && (kind !== 'node-cidr' || podCidrOf(arrival.node, family) !== null);
}
