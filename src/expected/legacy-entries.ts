import { detectorParts } from './detector.ts';
import { addressEntry, addressParts, masqueradeClusterIp, nodePortParts } from './entries.ts';
import { markDropOutside, ownVip, rangeRules } from './firewall.ts';
import { loopbackOf } from './node-ports.ts';
import type { Draft, Placed } from './placed.ts';
import { place } from './placed.ts';
import { refusal } from './refusal.ts';
import type { Site } from './site.ts';
import { chainOf, isNodeLocal } from './site.ts';

/** Since 1.22 (kubernetes #96959) marks for masquerading stand in SVC; before, in front of the jump in the entry chain. */
function marksInService(site: Site): boolean {
  return site.minor >= 22;
}

/** The rules outside SVC and XLB: clusterIP, externalIPs, load balancer, node port. */
export function legacyEntries(site: Site): Placed[] {
  return [...clusterEntry(site), ...externalEntries(site), ...loadBalancer(site), ...nodePort(site)];
}

/** 1.22 and 1.23: the head of SVC, in this order. */
export function legacyMasquerade(site: Site): Placed[] {
  if (!marksInService(site) || !site.categories.hasEndpoints) return [];
  const chain = chainOf(site, 'KUBE-SVC');
  return [
    ...masqueradeClusterIp(site, chain),
    ...site.at.externalIPs.flatMap((address) => masqueradeExternalIp(site, chain, address)),
    ...masqueradeNodePort(site, chain),
  ];
}

function externalChain(site: Site): string {
  return chainOf(site, isNodeLocal(site) ? 'KUBE-XLB' : 'KUBE-SVC');
}

function clusterEntry(site: Site): Placed[] {
  const { clusterIP } = site.at;
  if (!site.categories.hasEndpoints) return [refusal(site, 'KUBE-SERVICES', { address: clusterIP })];
  const entry = addressEntry(site, 'cluster IP', clusterIP, chainOf(site, 'KUBE-SVC'));
  return marksInService(site) ? [entry] : [...masqueradeClusterIp(site, 'KUBE-SERVICES'), entry];
}

function externalEntries(site: Site): Placed[] {
  return site.at.externalIPs.flatMap((address) => {
    if (!site.categories.hasEndpoints) return [refusal(site, 'KUBE-EXTERNAL-SERVICES', { address })];
    const mark = marksInService(site) ? [] : masqueradeExternalIp(site, 'KUBE-SERVICES', address);
    if (site.minor <= 20) return [...mark, ...guardedJumps(site, address)];
    return [...mark, addressEntry(site, 'external IP', address, externalChain(site))];
  });
}

/** ≤1.20: not for node processes and bridged pods, unless the address is the node's own (removed by kubernetes #96296). */
function guardedJumps(site: Site, address: string): Placed[] {
  const jump = (tail: string, meaning: string): Placed =>
    place('nat', 'KUBE-SERVICES', {
      ...addressParts(site, 'external IP', address),
      code: 'external-ip-jump',
      meaning,
      tail,
      target: externalChain(site),
    });
  return [
    jump('-m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL', `takes traffic to external IP ${address} from outside the node`),
    jump('-m addrtype --dst-type LOCAL', `takes traffic to external IP ${address} where it is the node's own`),
  ];
}

/** Cluster policy. ≤1.20: for all; since 1.21: not for pods, where a detector knows them. */
function masqueradeExternalIp(site: Site, chain: string, address: string): Placed[] {
  if (isNodeLocal(site)) return [];
  const others = site.minor >= 21 ? detectorParts(site.detector, 'others') : null;
  return [
    place('nat', chain, {
      ...addressParts(site, 'external IP', address),
      ...others,
      code: 'masquerade-external-ip',
      meaning: others === null ? `masquerades traffic to ${address}` : `masquerades traffic to ${address} that is no pod’s`,
      target: 'KUBE-MARK-MASQ',
    }),
  ];
}

/** FW stands for every load balancer address, with or without source ranges. 1.19 refused in KUBE-SERVICES (moved by kubernetes #95252). */
function loadBalancer(site: Site): Placed[] {
  if (!site.categories.hasEndpoints) {
    const chain = site.minor >= 20 ? 'KUBE-EXTERNAL-SERVICES' : 'KUBE-SERVICES';
    return site.vips.map((address) => refusal(site, chain, { address }));
  }
  const firewall = chainOf(site, 'KUBE-FW');
  return site.vips.flatMap((vip) => [addressEntry(site, 'loadbalancer IP', vip, firewall), ...firewallBlock(site, firewall, vip)]);
}

/** The block of one load balancer address; repeated for each. */
function firewallBlock(site: Site, chain: string, vip: string): Placed[] {
  const next = externalChain(site);
  const rule = (draft: Pick<Draft, 'code' | 'meaning' | 'target'>): Placed =>
    place('nat', chain, { port: site.name, comment: `${site.name} loadbalancer IP`, ...draft });
  const mark = rule({
    code: 'masquerade-load-balancer',
    meaning: 'masquerades all traffic to the load balancer address (externalTrafficPolicy Cluster)',
    target: 'KUBE-MARK-MASQ',
  });
  const open = rule({ code: 'unrestricted-jump', meaning: 'lets every source in', target: next });
  const allowed = site.ranges.length === 0 ? [open] : [...rangeRules(site, chain, next), ...ownVip(site, chain, next, vip)];
  return [...(isNodeLocal(site) ? [] : [mark]), ...allowed, markDropOutside(site, chain)];
}

function nodePort(site: Site): Placed[] {
  const { nodePort } = site.at.port;
  if (nodePort === null || site.withoutNodePortAddress) return [];
  if (!site.categories.hasEndpoints) return [refusal(site, 'KUBE-EXTERNAL-SERVICES', { nodePort })];
  const mark = marksInService(site) && !isNodeLocal(site) ? [] : masqueradeNodePortEntry(site, nodePort);
  const jump = place('nat', 'KUBE-NODEPORTS', {
    ...nodePortParts(site, nodePort),
    code: 'node-port-jump',
    meaning: `takes traffic to node port ${nodePort}`,
    target: externalChain(site),
  });
  return [...mark, jump];
}

/** In front of the jump: with Local policy what comes from loopback (all ≤1.23), with Cluster policy everything (≤1.21). */
function masqueradeNodePortEntry(site: Site, nodePort: number): Placed[] {
  const local = isNodeLocal(site);
  return [
    place('nat', 'KUBE-NODEPORTS', {
      ...nodePortParts(site, nodePort),
      ...(local ? { source: loopbackOf(site.family) } : {}),
      code: local ? 'masquerade-localhost' : 'masquerade-node-port',
      meaning: local ? `masquerades loopback clients of node port ${nodePort}` : `masquerades traffic to node port ${nodePort}`,
      target: 'KUBE-MARK-MASQ',
    }),
  ];
}

/** 1.22 and 1.23, Cluster policy: in SVC, for everybody. */
function masqueradeNodePort(site: Site, chain: string): Placed[] {
  const { nodePort } = site.at.port;
  if (nodePort === null || isNodeLocal(site) || site.withoutNodePortAddress) return [];
  return [
    place('nat', chain, {
      ...nodePortParts(site, nodePort),
      code: 'masquerade-node-port',
      meaning: `masquerades traffic to node port ${nodePort}`,
      target: 'KUBE-MARK-MASQ',
    }),
  ];
}
