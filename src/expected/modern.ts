import type { Endpoint } from '../cluster/model.ts';
import { arrowLabels, endpointRules, policyChain } from './balance.ts';
import { detectorParts } from './detector.ts';
import { addressEntry, healthCheck, internalChain, masqueradeClusterIp, nodePortEntry } from './entries.ts';
import { firewallChain, firewallDrops } from './firewall.ts';
import type { Placed } from './placed.ts';
import { declare, place } from './placed.ts';
import { markDropNoLocal, refusal } from './refusal.ts';
import type { Site } from './site.ts';
import { chainOf, isExternallyAccessible, takesExternal, takesInternal } from './site.ts';

/** Every rule of one service port since 1.24: chains SVC, SVL, EXT, FW, SEP (kubernetes #106497; facts §3.3 and §3.4). */
export function modernRules(site: Site): Placed[] {
  return [
    ...internalEntry(site),
    ...externalEntries(site),
    ...loadBalancerEntries(site),
    ...nodePortRules(site),
    ...healthCheck(site),
    ...internalMasquerade(site),
    ...externalChain(site),
    ...policyChains(site),
    ...reachable(site).flatMap((endpoint) => endpointRules(site, endpoint)),
  ];
}

/** 1.24 marked for dropping in SVL what has no local endpoint; since 1.25 (KEP-3178) nothing is jumped to, and the filter table drops. */
function dropsInFilter(site: Site): boolean {
  return site.minor >= 25;
}

/** Rules 1 and 2: the clusterIP. */
function internalEntry(site: Site): Placed[] {
  const { clusterIP } = site.at;
  if (takesInternal(site)) return [addressEntry(site, 'cluster IP', clusterIP, internalChain(site))];
  return [refusal(site, 'KUBE-SERVICES', { address: clusterIP })];
}

/** Rules 3 and 4: externalIPs. */
function externalEntries(site: Site): Placed[] {
  return site.at.externalIPs.flatMap((address) => [
    ...(site.categories.hasEndpoints ? [addressEntry(site, 'external IP', address, chainOf(site, 'KUBE-EXT'))] : []),
    ...(takesExternal(site) ? [] : [refusal(site, 'KUBE-EXTERNAL-SERVICES', { address })]),
  ]);
}

/** Rules 5, 6 and 7: addresses of load balancers, through the firewall chain where there are source ranges. */
function loadBalancerEntries(site: Site): Placed[] {
  const filtered = site.categories.hasEndpoints && site.ranges.length > 0 && site.vips.length > 0;
  const next = chainOf(site, filtered ? 'KUBE-FW' : 'KUBE-EXT');
  const entries = site.vips.flatMap((address) => [
    ...(site.categories.hasEndpoints ? [addressEntry(site, 'loadbalancer IP', address, next)] : []),
    ...(filtered && dropsInFilter(site) ? [firewallDrops(site, address)] : []),
    ...(takesExternal(site) ? [] : [refusal(site, 'KUBE-EXTERNAL-SERVICES', { address })]),
  ]);
  return filtered ? [...entries, ...firewallChain(site)] : entries;
}

/** Rules 8 and 9; until 1.26 both are left out where nodePortAddresses match no address of the node. */
function nodePortRules(site: Site): Placed[] {
  const { nodePort } = site.at.port;
  if (nodePort === null || (site.minor < 27 && site.withoutNodePortAddress)) return [];
  return [
    ...(site.categories.hasEndpoints ? nodePortEntry(site, nodePort, chainOf(site, 'KUBE-EXT')) : []),
    ...(takesExternal(site) ? [] : [refusal(site, 'KUBE-EXTERNAL-SERVICES', { nodePort })]),
  ];
}

/** Rule 11: first in the chain of the clusterIP; masqueradeAll asks no detector, and a no-op detector writes nothing. */
function internalMasquerade(site: Site): Placed[] {
  return takesInternal(site) ? masqueradeClusterIp(site, internalChain(site)) : [];
}

/** Rules 12 to 16: what comes by node port, load balancer or externalIP. */
function externalChain(site: Site): Placed[] {
  if (!site.categories.hasEndpoints || !isExternallyAccessible(site)) return [];
  const chain = chainOf(site, 'KUBE-EXT');
  const last = place('nat', chain, {
    port: site.name,
    code: 'policy-jump',
    meaning: site.categories.externalLocal ? 'everything else: endpoints on this node only' : 'on to any endpoint',
    target: chainOf(site, site.categories.externalLocal ? 'KUBE-SVL' : 'KUBE-SVC'),
  });
  const head = site.categories.externalLocal ? shortCircuits(site, chain) : [masqueradeExternal(site, chain)];
  return [declare('nat', chain), ...head, ...(takesExternal(site) ? [last] : [])];
}

/** Rule 12: Cluster policy. */
function masqueradeExternal(site: Site, chain: string): Placed {
  return place('nat', chain, {
    port: site.name,
    code: 'masquerade-external',
    meaning: 'masquerades all external traffic (externalTrafficPolicy Cluster)',
    comment: `masquerade traffic for ${site.name} external destinations`,
    target: 'KUBE-MARK-MASQ',
  });
}

/** Rules 13 to 15: Local policy does not bind pods and the node itself. */
function shortCircuits(site: Site, chain: string): Placed[] {
  const anyEndpoint = chainOf(site, 'KUBE-SVC');
  const pods = detectorParts(site.detector, 'pods');
  const local = { port: site.name, matches: '-m addrtype --src-type LOCAL' };
  const about = `${site.name} external destinations`;
  const forPods = pods && {
    port: site.name,
    ...pods,
    code: 'pod-short-circuit' as const,
    meaning: 'pods: any endpoint, not masqueraded',
    comment: `pod traffic for ${about}`,
    target: anyEndpoint,
  };
  return [
    ...(forPods === null ? [] : [place('nat', chain, forPods)]),
    place('nat', chain, {
      ...local,
      code: 'masquerade-local',
      meaning: 'masquerades traffic of the node itself',
      comment: `masquerade LOCAL traffic for ${about}`,
      target: 'KUBE-MARK-MASQ',
    }),
    place('nat', chain, {
      ...local,
      code: 'node-short-circuit',
      meaning: 'the node itself: any endpoint',
      comment: `route LOCAL traffic for ${about}`,
      target: anyEndpoint,
    }),
  ];
}

/** SVC and SVL with rules 20 and 21; in 1.24 SVL without local endpoint holds the drop mark. */
function policyChains(site: Site): Placed[] {
  const { cluster, local, hasEndpoints, internalLocal, externalLocal } = site.categories;
  const labels = arrowLabels(site);
  const localChain = chainOf(site, 'KUBE-SVL');
  const marksDrop = !dropsInFilter(site) && hasEndpoints && (internalLocal || externalLocal) && local.length === 0;
  return [
    ...(cluster.length > 0 ? policyChain(site, chainOf(site, 'KUBE-SVC'), cluster, labels) : []),
    ...(local.length > 0 ? policyChain(site, localChain, local, labels) : []),
    ...(marksDrop ? [markDropNoLocal(site, localChain)] : []),
  ];
}

function reachable({ categories }: Site): Endpoint[] {
  return [...new Set([...categories.cluster, ...categories.local])];
}
