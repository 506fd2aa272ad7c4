import { atLeast } from '../dataplane/version.ts';
import { isLoopback } from '../net/ip.ts';
import type { FamilyPort } from './endpoints.ts';
import { vipsOf } from './endpoints.ts';
import type { Entry } from './entry.ts';
import { addressEntries, nodePortNetworks, unservedNodePort } from './entry.ts';
import type { Reason } from './fate.ts';
import type { Packet } from './packet.ts';
import * as reasons from './reasons.ts';
import type { Site } from './site.ts';
import { contextOf, rangesAllow } from './site.ts';

/** A filter hook: INPUT for the node's own addresses, FORWARD for what goes on, OUTPUT for what its processes send. */
export type Hook = 'input' | 'forward' | 'output';

export interface Refusal {
  readonly outcome: 'rejected' | 'dropped';
  readonly reasons: readonly Reason[];
}

/** What kube-proxy's filter rules do to a packet that nat left alone; null: nothing. */
export function refuse(site: Site, packet: Packet, hook: Hook): Refusal | null {
  return site.config.mode === 'nftables' ? refuseNftables(site, packet, hook) : refuseIptables(site, packet, hook);
}

function refuseIptables(site: Site, packet: Packet, hook: Hook): Refusal | null {
  const { world, config, arrival } = site;
  const context = contextOf(site);
  for (const entry of addressEntries(world, config, packet)) {
    if (entry.kind === 'loadBalancerIP' && config.minor >= 25 && firewalled(site, packet, entry)) {
      return { outcome: 'dropped', reasons: [reasons.outsideRanges(context, entry, packet.destination)] };
    }
    const refusal = refuseEntry(site, packet, entry);
    if (refusal !== null && hooksOf(entry, config.minor).includes(hook)) return refusal;
  }
  // `-m addrtype --dst-type LOCAL`, whatever nodePortAddresses say (facts §5, measured x4).
  const nodePort = hook === 'input' && world.isLocal(arrival.node, packet.destination) ? unservedNodePort(world, packet) : null;
  return nodePort === null || !writesNodePortRules(site, packet) ? null : refuseEntry(site, packet, { at: nodePort, kind: 'nodePort' });
}

/** Where the chain with an entry's REJECT or DROP is hooked (facts §2.1: #95252 in 1.20). */
function hooksOf(entry: Entry, minor: number): readonly Hook[] {
  if (entry.kind === 'clusterIP') return minor <= 19 ? ['input', 'forward', 'output'] : ['forward', 'output'];
  if (minor > 19) return ['input', 'forward'];
  return entry.kind === 'loadBalancerIP' ? ['input', 'forward', 'output'] : ['input'];
}

/** 1.25 and 1.26 leave the node port rules out when no address of the node is selected. */
function writesNodePortRules({ config, arrival }: Site, packet: Packet): boolean {
  if (config.minor !== 25 && config.minor !== 26) return true;
  const networks = nodePortNetworks(arrival.node, config, packet.family);
  return networks === null || arrival.node.internalIPs.some((address) => networks.some((cidr) => cidr.contains(address)));
}

/** nftables base chains: node ports and Services in input, Services and clusterIPs in forward and output. */
function refuseNftables(site: Site, packet: Packet, hook: Hook): Refusal | null {
  const { world, config, arrival } = site;
  if (hook === 'input') {
    const nodePort = servesNodePortCheck(site, packet) ? unservedNodePort(world, packet) : null;
    const refusal = nodePort === null ? null : refuseEntry(site, packet, { at: nodePort, kind: 'nodePort' });
    if (refusal !== null) return refusal;
  }
  for (const entry of addressEntries(world, config, packet)) {
    const refusal = refuseEntry(site, packet, entry);
    if (refusal !== null) return refusal;
  }
  if (hook === 'input') return null;
  if (world.clusterIPs.has(packet.destination)) {
    return {
      outcome: 'rejected',
      reasons: [
        reasons.plain(
          'clusterip-wrong-port',
          `clusterIP ${packet.destination} has no port ${packet.port}/${packet.protocol}; nftables mode rejects`,
        ),
      ],
    };
  }
  // Unallocated clusterIPs: only where kube-proxy knows the ServiceCIDRs (gate MultiCIDRServiceAllocator, on since 1.33; facts A.6).
  if (config.minor >= 33 && world.cluster.serviceCidrs.some((cidr) => cidr.contains(packet.destination))) {
    return {
      outcome: 'dropped',
      reasons: [
        reasons.plain(
          'clusterip-unallocated',
          `${packet.destination} is an unallocated clusterIP of node ${arrival.node.name}'s Service network`,
        ),
      ],
    };
  }
  return null;
}

function servesNodePortCheck({ config, arrival }: Site, packet: Packet): boolean {
  if (isLoopback(packet.destination)) return false;
  const networks = nodePortNetworks(arrival.node, config, packet.family);
  return networks === null || networks.some((cidr) => cidr.contains(packet.destination));
}

function refuseEntry(site: Site, packet: Packet, entry: Entry): Refusal | null {
  const { world, config, arrival } = site;
  const { hasEndpoints, local, externalLocal, internalLocal } = world.categories(entry.at, arrival.node, config);
  if (!hasEndpoints) return { outcome: 'rejected', reasons: [reasons.noEndpoints(contextOf(site), entry, packet.destination)] };
  const onlyLocal = entry.kind === 'clusterIP' ? internalLocal : externalLocal;
  // ≤1.24 has no filter rule for this: the nat table set a drop mark.
  if (!onlyLocal || local.length > 0 || (config.mode === 'iptables' && config.minor < 25)) return null;
  return { outcome: 'dropped', reasons: [reasons.noLocalEndpoint(contextOf(site), entry, packet.destination)] };
}

/** KUBE-PROXY-FIREWALL has a DROP for every VIP with ranges, which catches all that nat did not redirect. */
function firewalled(site: Site, packet: Packet, entry: Entry): boolean {
  const { world, config, arrival } = site;
  return (
    world.categories(entry.at, arrival.node, config).hasEndpoints &&
    hasRanges(entry.at, config.minor) &&
    rangesAllow(site, packet, entry) === false &&
    vipsOf(entry.at, config).length > 0
  );
}

function hasRanges(at: FamilyPort, minor: number): boolean {
  const ranges = at.service.sourceRanges.filter((cidr) => cidr.family === at.family);
  return ranges.length > 0 && !(minor >= 34 && ranges.some((cidr) => cidr.prefix === 0));
}

/** Before 1.33.6 and 1.34.0 nftables mode judged a process's packets before redirecting them (#131765, #132456). */
export function judgesBeforeDnat({ config }: Site): boolean {
  return config.mode === 'nftables' && !atLeast(config, 34) && !(config.minor === 33 && config.patch >= 6);
}
