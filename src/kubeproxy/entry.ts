import type { Node } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { ProxyConfig } from '../dataplane/types.ts';
import type { Cidr, Family } from '../net/ip.ts';
import { isLoopback, overlaps, parseCidr, parseCidrs } from '../net/ip.ts';
import type { FamilyPort } from './endpoints.ts';
import { vipsOf } from './endpoints.ts';
import type { Arrival, Packet } from './packet.ts';

import type { World } from './world.ts';
import { addressKey, nodePortKey } from './world.ts';

/** The Service rule that takes a packet on a node, by where it is addressed. */
export interface Entry {
  readonly at: FamilyPort;
  readonly kind: 'clusterIP' | 'externalIP' | 'loadBalancerIP' | 'nodePort';
}

/** The entries that match; several only where two Services claim the same address and port. */
export function entriesFor(world: World, node: Node, config: ProxyConfig, packet: Packet): Entry[] {
  const byAddress = addressEntries(world, config, packet);
  return byAddress.length > 0 ? byAddress : nodePortEntries(world, node, config, packet);
}

/** Entries by the address itself: clusterIP, externalIP, LB IP. They come before node ports in every version and mode. */
export function addressEntries(world: World, config: ProxyConfig, packet: Packet): Entry[] {
  const found: Entry[] = [];
  for (const at of world.byAddress.get(addressKey(packet.destination, packet.protocol, packet.port)) ?? []) {
    const kind = kindOfAddress(at, packet.destination, config);
    if (kind !== null) found.push({ at, kind });
  }
  return found;
}

function kindOfAddress(at: FamilyPort, address: string, config: ProxyConfig): Entry['kind'] | null {
  if (at.clusterIP === address) return 'clusterIP';
  if (at.externalIPs.includes(address)) return 'externalIP';
  return vipsOf(at, config).includes(address) ? 'loadBalancerIP' : null;
}

function nodePortEntries(world: World, node: Node, config: ProxyConfig, packet: Packet): Entry[] {
  if (!world.isLocal(node, packet.destination) || !servesNodePortsOn(node, config, packet.destination, packet.family)) return [];
  const found = world.byNodePort.get(nodePortKey(packet.family, packet.protocol, packet.port)) ?? [];
  return found.map((at) => ({ at, kind: 'nodePort' }));
}

/** The node port's Service on an address of this node, whether or not node ports are served there: kube-proxy's REJECT and DROP rules do not ask. */
export function unservedNodePort(world: World, packet: Packet): FamilyPort | null {
  return world.byNodePort.get(nodePortKey(packet.family, packet.protocol, packet.port))?.[0] ?? null;
}

const LOOPBACK_ADDRESSES = ['127.0.0.1', '::1'];
const LOOPBACK: Readonly<Record<Family, string>> = { 4: '127.0.0.0/8', 6: '::1/128' };

/** pkg/proxy/util NodePortAddresses, and the nodePort jump of each mode (facts: iptables all addresses, nftables the primary one). */
export function servesNodePortsOn(node: Node, config: ProxyConfig, address: string, family: Family): boolean {
  const networks = nodePortNetworks(node, config, family);
  if (isLoopback(address)) return servesLoopback(config, networks, family, address);
  return networks === null || networks.some((cidr) => cidr.contains(address));
}

/** The networks whose addresses take node ports; null: every address of the node. */
export function nodePortNetworks(node: Node, config: ProxyConfig, family: Family): readonly Cidr[] | null {
  const wanted = config.nodePortAddresses.length > 0 ? config.nodePortAddresses : defaultAddresses(config);
  if (wanted.length === 1 && wanted[0] === 'primary' && (config.minor >= 31 || config.mode === 'nftables')) {
    const own = nodeIp(node, family);
    const cidr = own === null ? null : parseCidr(own);
    return cidr === null ? [] : [cidr];
  }
  const networks = parseCidrs(wanted).filter((cidr) => cidr.family === family);
  return networks.length === 0 || networks.some((cidr) => cidr.prefix === 0) ? null : networks;
}

interface Place {
  readonly world: World;
  readonly config: ProxyConfig;
  readonly arrival: Arrival;
}

/** Whether nodePortAddresses select any address that the node is known to have; loopback is one of them. */
export function selectsAnAddress({ world, config, arrival }: Place, family: Family): boolean {
  const networks = nodePortNetworks(arrival.node, config, family);
  const known = [...world.addressesOf(arrival.node), ...LOOPBACK_ADDRESSES];
  return networks === null || known.some((address) => networks.some((cidr) => cidr.contains(address)));
}

function defaultAddresses(config: ProxyConfig): readonly string[] {
  return config.mode === 'nftables' && config.minor >= 30 ? ['primary'] : [];
}

/** iptables mode serves 127.0.0.1 while localhostNodePorts is on (≥1.26) and loopback is among the addresses; never ::1, and never in nftables mode. */
function servesLoopback(config: ProxyConfig, networks: readonly Cidr[] | null, family: Family, address: string): boolean {
  if (config.mode === 'nftables' || family === 6) return false;
  if (config.minor >= 26 && !config.localhostNodePorts) return false;
  const loopback = parseCidr(LOOPBACK[family]);
  if (networks === null) return true;
  return loopback !== null && networks.some((cidr) => overlaps(cidr, loopback) && cidr.contains(address));
}
