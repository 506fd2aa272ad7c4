import type { Endpoint } from '../cluster/model.ts';
import type { Labels } from './balance.ts';
import { affinityRules, balanceRules, endpointRules } from './balance.ts';
import { detectorParts } from './detector.ts';
import { healthCheck } from './entries.ts';
import { legacyEntries, legacyMasquerade } from './legacy-entries.ts';
import type { Placed } from './placed.ts';
import { declare, place } from './placed.ts';
import { markDropNoLocal } from './refusal.ts';
import type { Site } from './site.ts';
import { chainOf, isNodeLocal, sepOf } from './site.ts';

/** Every rule of one service port until 1.23: chains SVC, XLB, FW, SEP (facts §3.5 and §3.6). */
export function legacyRules(site: Site): Placed[] {
  const entries = legacyEntries(site);
  const declared = isNodeLocal(site) ? [declare('nat', chainOf(site, 'KUBE-XLB'))] : [];
  // ≤1.22 ended the loop over service ports at a node port that no address serves: chains were declared, but stayed without endpoints.
  const broken = site.minor < 23 && site.at.port.nodePort !== null && site.withoutNodePortAddress;
  if (broken) return [...entries, ...declared, ...legacyMasquerade(site), ...emptyChains(site)];
  return [
    ...entries,
    ...healthCheck(site),
    ...declared,
    ...legacyMasquerade(site),
    ...clusterChain(site),
    ...localChain(site),
    ...endpointChains(site),
  ];
}

function emptyChains(site: Site): Placed[] {
  if (!site.categories.hasEndpoints) return [];
  return [declare('nat', chainOf(site, 'KUBE-SVC')), ...chained(site).map((endpoint) => declare('nat', sepOf(site, endpoint)))];
}

/** Until 1.22.3 unready endpoints had chains and affinity rules, too (kubernetes #106030, #106373). */
function chained(site: Site): readonly Endpoint[] {
  const { config, node } = site.proxier;
  const onlyReady = config.minor > 22 || (config.minor === 22 && config.patch >= 4);
  if (onlyReady) return site.categories.cluster;
  const filtered = config.minor >= 22 && site.at.service.internalTrafficPolicy === 'Local' && !isNodeLocal(site);
  return filtered ? site.at.endpoints.filter((endpoint) => endpoint.node === node.name) : site.at.endpoints;
}

function clusterChain(site: Site): Placed[] {
  if (!site.categories.hasEndpoints) return [];
  const chain = chainOf(site, 'KUBE-SVC');
  const labels: Labels = { affinity: () => site.name, balance: () => site.name, kept: false };
  return [
    declare('nat', chain),
    ...affinityRules(site, chain, chained(site), labels),
    ...balanceRules(site, chain, site.categories.cluster, labels),
  ];
}

function endpointChains(site: Site): Placed[] {
  return site.categories.hasEndpoints ? chained(site).flatMap((endpoint) => endpointRules(site, endpoint)) : [];
}

/** XLB: three head rules, then the endpoints of this node or the drop mark. */
function localChain(site: Site): Placed[] {
  if (!isNodeLocal(site) || !site.categories.hasEndpoints) return [];
  const chain = chainOf(site, 'KUBE-XLB');
  const { local } = site.categories;
  const head = xlbHead(site, chain);
  if (local.length === 0) return [...head, markDropNoLocal(site, chain)];
  const labels = xlbLabels(site);
  return [...head, ...affinityRules(site, chain, local, labels), ...balanceRules(site, chain, local, labels)];
}

/** 1.23 names the Service; before, rules were numbered, and kept their comments in large clusters. */
function xlbLabels(site: Site): Labels {
  const numbered = site.minor < 23;
  return {
    affinity: () => site.name,
    balance: (_endpoint, index) => (numbered ? `Balancing rule ${index} for ${site.name}` : site.name),
    kept: numbered,
  };
}

function xlbHead(site: Site, chain: string): Placed[] {
  const anyEndpoint = chainOf(site, 'KUBE-SVC');
  const pods = detectorParts(site.detector, 'pods');
  const local = { port: site.name, matches: '-m addrtype --src-type LOCAL' };
  const forPods = pods && {
    port: site.name,
    ...pods,
    code: 'pod-short-circuit' as const,
    meaning: 'pods: any endpoint, not masqueraded',
    comment: 'Redirect pods trying to reach external loadbalancer VIP to clusterIP',
    target: anyEndpoint,
  };
  return [
    ...(forPods === null ? [] : [place('nat', chain, forPods)]),
    place('nat', chain, {
      ...local,
      code: 'masquerade-local',
      meaning: 'masquerades traffic of the node itself',
      comment: `masquerade LOCAL traffic for ${site.name} LB IP`,
      target: 'KUBE-MARK-MASQ',
    }),
    place('nat', chain, {
      ...local,
      code: 'node-short-circuit',
      meaning: 'the node itself: any endpoint',
      comment: `route LOCAL traffic for ${site.name} LB IP to service chain`,
      target: anyEndpoint,
    }),
  ];
}
