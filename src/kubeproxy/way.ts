import type { Endpoint, Node } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Family } from '../net/ip.ts';
import { addressAt, commonPrefix, familyOf, isLoopback } from '../net/ip.ts';
import type { World } from './world.ts';
import { podCidrOf } from './world.ts';

const MULTICAST: Readonly<Record<Family, (address: string) => boolean>> = {
  4: (address) => Number(address.split('.')[0]) >= 224 && Number(address.split('.')[0]) < 240,
  6: (address) => address.startsWith('ff'),
};

/** How a packet leaves a node towards an address. */
export type Way =
  | { readonly kind: 'host' } // to the node itself, over lo or through INPUT
  | { readonly kind: 'own-pod' }
  | { readonly kind: 'pod-of'; readonly node: Node | null }
  | { readonly kind: 'uplink' };

/** An address that MASQUERADE picks, and its device as far as they are known. */
export interface DeviceAddress {
  readonly address: string | null;
  readonly interface: string | null;
}

/** Where an endpoint is, seen from a node. Addresses of nodes are decisive: a hostNetwork endpoint has its node's. */
export function wayToEndpoint(world: World, from: Node, endpoint: Endpoint): Way {
  const owner = world.ownerOf(endpoint.address);
  if (owner !== null) return owner === from ? { kind: 'host' } : { kind: 'uplink' };
  const named = endpoint.node === null ? undefined : world.cluster.nodeByName.get(endpoint.node);
  const holder = named ?? world.holderOf(endpoint.address);
  if (holder === null) return { kind: 'uplink' };
  return holder === from ? { kind: 'own-pod' } : { kind: 'pod-of', node: holder };
}

/** The way to any address that is no endpoint: a node's, a pod's, or the world's. */
export function wayToAddress(world: World, from: Node, address: string): Way {
  if (world.isLocal(from, address)) return { kind: 'host' };
  const holder = world.holderOf(address);
  if (holder !== null) return holder === from ? { kind: 'own-pod' } : { kind: 'pod-of', node: holder };
  return { kind: 'uplink' };
}

/**
 * The address a masqueraded packet carries: that of the device it leaves by (kernel-measured: the one in the next hop's subnet, else the first;
 * an address-less device lends the node's). Null where the CNI's devices are not known.
 */
export function addressTowards(world: World, from: Node, way: Way, destination: string): DeviceAddress {
  const family = familyOf(destination);
  switch (way.kind) {
    case 'host':
    case 'uplink':
      return { address: onlyNodeIp(from, family), interface: null };
    case 'own-pod':
      return towardsOwnPod(world, from, destination);
    case 'pod-of':
      return towardsPodOf(world, from, way.node, family);
  }
}

function towardsOwnPod(world: World, from: Node, destination: string): DeviceAddress {
  const family = familyOf(destination);
  const { podLink, podDevice } = world.network;
  if (podLink === 'unknown') return { address: null, interface: podDevice };
  if (podLink === 'unnumbered') return { address: lentAddress(world, from, destination), interface: podDevice };
  const cidr = podCidrOf(from, family);
  return { address: cidr === null ? null : addressAt(cidr, 1), interface: podDevice };
}

/**
 * What a device without an address lends. IPv4: the first global address of the node, the uplink's (inet_select_addr).
 * IPv6: of all the node's addresses the one that shares the longest prefix with the destination (ipv6_dev_get_saddr, RFC 6724 rule 8), so a tunnel's may win.
 */
function lentAddress(world: World, from: Node, destination: string): string | null {
  const family = familyOf(destination);
  const own = onlyNodeIp(from, family);
  const { routing } = world.network;
  const tunnel = routing.kind === 'overlay' || routing.kind === 'cross-subnet' ? routing.addresses.get(from.name)?.[family] : undefined;
  if (family === 4 || tunnel === undefined || own === null) return own;
  return commonPrefix(tunnel, destination) > commonPrefix(own, destination) ? tunnel : own;
}

function towardsPodOf(world: World, from: Node, to: Node | null, family: Family): DeviceAddress {
  const { routing } = world.network;
  const direct = { address: onlyNodeIp(from, family), interface: null };
  if (routing.kind === 'direct') return direct;
  if (routing.kind === 'unknown') return { address: null, interface: null };
  const tunnel = { address: routing.addresses.get(from.name)?.[family] ?? null, interface: routing.device[family] };
  if (routing.kind === 'overlay') return tunnel;
  const there = to === null ? null : nodeIp(to, family);
  const subnet = routing.subnets.get(from.name)?.find((cidr) => cidr.family === family);
  if (there === null || subnet === undefined) return { address: null, interface: null };
  return subnet.contains(there) ? direct : tunnel;
}

/** The node IP where there is but one of the family: with several, the next hop's subnet decides, which no object shows. */
function onlyNodeIp(node: Node, family: Family): string | null {
  const ips = node.internalIPs.filter((address) => familyOf(address) === family);
  return ips.length > 1 ? null : nodeIp(node, family);
}

/** The source that a node's own process gets for a destination: the destination itself when it is local, else the address of the device towards it. */
export function sourceOfProcess(world: World, node: Node, destination: string): string | null {
  const family = familyOf(destination);
  if (isLoopback(destination) || world.ownerOf(destination) === node) return destination;
  const way = wayToAddress(world, node, destination);
  return way.kind === 'pod-of' || way.kind === 'own-pod' ? addressTowards(world, node, way, destination).address : nodeIp(node, family);
}

function isPodAddress(world: World, address: string | null): boolean {
  if (address === null || world.ownerOf(address) !== null) return false;
  return world.podOf(address) !== null || world.holderOf(address) !== null || world.network.networks.some((cidr) => cidr.contains(address));
}

/**
 * Whether the CNI's own POSTROUTING rules masquerade a packet that kube-proxy's leave alone.
 * flannel pkg/trafficmngr (FLANNEL-POSTRTG, in rule order), kindnet (KIND-MASQ-AGENT), felix (cali-nat-outgoing and the tunnel rule).
 */
export function cniMasquerades(world: World, node: Node, source: string | null, destination: string, way: Way): boolean {
  const { masquerade, networks, routing } = world.network;
  const family = familyOf(destination);
  const inNetwork = (address: string | null): boolean => address !== null && networks.some((cidr) => cidr.contains(address));
  const own = podCidrOf(node, family);
  const inOwn = (address: string | null): boolean => address !== null && (own?.contains(address) ?? false);
  switch (masquerade.style) {
    case 'none':
    case 'unknown':
      return false;
    case 'kindnet':
      return way.kind !== 'host' && !inNetwork(destination);
    case 'supposed': {
      const fromPod = isPodAddress(world, source);
      const fromNode = source !== null && world.isLocal(node, source);
      return fromPod ? way.kind === 'uplink' : masquerade.ingress && way.kind === 'pod-of' && !fromNode;
    }
    case 'flannel':
      if (inOwn(source) && inNetwork(destination)) return false;
      if (way.kind === 'own-pod' || inOwn(destination)) return false;
      if (inNetwork(source)) return !MULTICAST[family](destination);
      return inNetwork(destination);
    case 'calico': {
      const pooled = source !== null && masquerade.natPools.some((cidr) => cidr.contains(source));
      if (pooled && !masquerade.allPools.some((cidr) => cidr.contains(destination))) return true;
      if (routing.kind === 'direct' || routing.kind === 'unknown' || way.kind !== 'pod-of') return false;
      const lent = addressTowards(world, node, way, destination);
      return lent.interface !== null && source !== null && world.isLocal(node, source) && source !== lent.address;
    }
  }
}
