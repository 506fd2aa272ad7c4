import { atLeast } from '../dataplane/version.ts';
import { isLoopback } from '../net/ip.ts';
import type { Entry } from './entry.ts';
import { addressEntries, nodePortNetworks, selectsAnAddress, unservedNodePort } from './entry.ts';
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
function writesNodePortRules(site: Site, packet: Packet): boolean {
  return (site.config.minor !== 25 && site.config.minor !== 26) || selectsAnAddress(site, packet.family);
}

/** nftables base chains: node ports and Services in input, Services and clusterIPs in forward and output. */
function refuseNftables(site: Site, packet: Packet, hook: Hook): Refusal | null {
  const { world, config, arrival } = site;
  if (hook === 'input') {
    const nodePort = refuseNodePort(site, packet);
    if (nodePort !== null) return nodePort;
  }
  const refusal = refuseAddress(site, packet);
  if (refusal !== null) return refusal;
  // `cluster-ips-check` exists since 1.30 (facts A.2).
  if (hook === 'input' || config.minor < 30) return null;
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

/** The map `no-endpoint-services`. */
function refuseAddress(site: Site, packet: Packet): Refusal | null {
  for (const entry of addressEntries(site.world, site.config, packet)) {
    const refusal = refuseEntry(site, packet, entry);
    if (refusal !== null) return refusal;
  }
  return null;
}

function servesNodePortCheck({ config, arrival }: Site, packet: Packet): boolean {
  if (isLoopback(packet.destination)) return false;
  const networks = nodePortNetworks(arrival.node, config, packet.family);
  return networks === null || networks.some((cidr) => cidr.contains(packet.destination));
}

/** The map `no-endpoint-nodeports`. */
function refuseNodePort(site: Site, packet: Packet): Refusal | null {
  const nodePort = servesNodePortCheck(site, packet) ? unservedNodePort(site.world, packet) : null;
  return nodePort === null ? null : refuseEntry(site, packet, { at: nodePort, kind: 'nodePort' });
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
  return world.categories(entry.at, arrival.node, config).hasEndpoints && rangesAllow(site, packet, entry) === false;
}

/**
 * Before 1.33.6 and 1.34.0 nftables mode asked whether a Service has endpoints before it redirected a process's packets (#131765, #132456),
 * and 1.29 asked so for node ports, too.
 */
export function refuseBeforeDnat(site: Site, packet: Packet): Refusal | null {
  const { world, config, arrival } = site;
  const early = config.mode === 'nftables' && !atLeast(config, 34) && !(config.minor === 33 && config.patch >= 6);
  if (!early || arrival.origin !== 'process') return null;
  const refusal = refuseAddress(site, packet);
  if (refusal !== null || config.minor > 29 || !world.isLocal(arrival.node, packet.destination)) return refusal;
  return refuseNodePort(site, packet);
}
