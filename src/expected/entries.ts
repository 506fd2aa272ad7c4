import { detectorParts } from './detector.ts';
import { host } from './line.ts';
import { servesLocalhost } from './node-ports.ts';
import type { Placed } from './placed.ts';
import { place } from './placed.ts';
import type { Site } from './site.ts';
import { chainOf } from './site.ts';
import type { RuleCode } from './types.ts';

/** Where packets for a Service enter its chains: shared by all eras. */

const ENTRY_KINDS = {
  'cluster IP': 'cluster-ip-jump',
  'external IP': 'external-ip-jump',
  'loadbalancer IP': 'load-balancer-jump',
} as const satisfies Record<string, RuleCode>;

/** nat KUBE-SERVICES: `"SPN cluster IP|external IP|loadbalancer IP" -d ADDRESS --dport PORT -j CHAIN` (facts §3.3 rules 1, 3, 5). */
export function addressEntry(site: Site, kind: keyof typeof ENTRY_KINDS, address: string, chain: string): Placed {
  return place('nat', 'KUBE-SERVICES', {
    ...addressParts(site, kind, address),
    code: ENTRY_KINDS[kind],
    meaning: `takes traffic to ${kind} ${address}`,
    target: chain,
  });
}

/** The match that entry rules and masquerade rules share. */
export function addressParts(site: Site, kind: keyof typeof ENTRY_KINDS, address: string) {
  return {
    port: site.name,
    destination: host(address),
    protocol: site.proto,
    comment: `${site.name} ${kind}`,
    dport: site.at.port.port,
  } as const;
}

/** `SPN --dport NODEPORT`: the match of all node port rules. */
export function nodePortParts(site: Site, nodePort: number) {
  return { port: site.name, protocol: site.proto, comment: site.name, dport: nodePort } as const;
}

/** nat KUBE-NODEPORTS, rule 8; before it since 1.31 one that only counts (kubernetes #125015), where the kernel has xt_nfacct. */
export function nodePortEntry(site: Site, nodePort: number, chain: string): Placed[] {
  const entry = place('nat', 'KUBE-NODEPORTS', {
    ...nodePortParts(site, nodePort),
    code: 'node-port-jump',
    meaning: `takes traffic to node port ${nodePort}`,
    target: chain,
  });
  if (site.minor < 31 || !servesLocalhost(site.proxier)) return [entry];
  const counter = place('nat', 'KUBE-NODEPORTS', {
    ...nodePortParts(site, nodePort),
    code: 'node-port-localhost-jump',
    meaning: `counts and takes traffic to node port ${nodePort} on loopback`,
    destination: '127.0.0.0/8',
    tail: '-m nfacct --nfacct-name localhost_nps_accepted_pkts',
    target: chain,
    optional: true,
  });
  return [counter, entry];
}

/** filter KUBE-NODEPORTS, rule 10, since 1.21 (kubernetes #97824): for each service port, with or without endpoints. */
export function healthCheck(site: Site): Placed[] {
  if (site.healthCheckPort === null || site.minor < 21) return [];
  return [
    place('filter', 'KUBE-NODEPORTS', {
      port: site.name,
      code: 'health-check-accept',
      meaning: `accepts the load balancer's health checks on port ${site.healthCheckPort}`,
      protocol: 'tcp',
      comment: `${site.name} health check node port`,
      dport: site.healthCheckPort,
      target: 'ACCEPT',
    }),
  ];
}

/** SVC or SVL, by the policy for traffic to the clusterIP. */
export function internalChain(site: Site): string {
  return chainOf(site, site.categories.internalLocal ? 'KUBE-SVL' : 'KUBE-SVC');
}

/** The clusterIP's masquerade rule, in the chain where the era has it. */
export function masqueradeClusterIp(site: Site, chain: string): Placed[] {
  const all = site.proxier.config.masqueradeAll;
  const match = all ? {} : detectorParts(site.detector, 'others');
  if (match === null) return [];
  return [
    place('nat', chain, {
      ...addressParts(site, 'cluster IP', site.at.clusterIP),
      ...match,
      code: 'masquerade-cluster-ip',
      meaning: all ? 'masquerades all traffic to the clusterIP' : 'masquerades traffic to the clusterIP that is no pod’s',
      target: 'KUBE-MARK-MASQ',
    }),
  ];
}
