import type { Cluster, Endpoint, Node, Service } from '../../src/cluster/model.ts';
import type { ProxyConfig } from '../../src/dataplane/types.ts';
import { expectedRules } from '../../src/expected/rules.ts';
import { expectedStatic } from '../../src/expected/static.ts';
import type { Expected, Proxier } from '../../src/expected/types.ts';
import { familyOf, parseCidr, parseCidrs } from '../../src/net/ip.ts';

/** The Service of the golden example: `shop/web:http`, LoadBalancer, Local, ranges, affinity, an endpoint here and one elsewhere. */
export const WEB = service({});

export function endpoint(address: string, node: string, more: Partial<Endpoint> = {}): Endpoint {
  const family = familyOf(address);
  const flags = { ready: true, serving: true, terminating: false, zoneHints: [], nodeHints: [] };
  return { address, family, port: 8080, node, pod: null, ...flags, ...more };
}

export function service(more: Partial<Service>, endpoints?: readonly Endpoint[]): Service {
  const here = endpoints ?? [endpoint('10.244.1.5', 'node1'), endpoint('10.244.2.7', 'node2')];
  return {
    namespace: 'shop',
    name: 'web',
    type: 'LoadBalancer',
    unproxied: null,
    clusterIPs: ['10.96.7.7'],
    externalIPs: [],
    ingress: [{ ip: '203.0.113.10', hostname: null, ipMode: null }],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080, targetPort: 8080, endpoints: here }],
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Cluster',
    sourceRanges: parseCidrs(['198.51.100.0/24']),
    healthCheckNodePort: 32000,
    affinitySeconds: 10800,
    trafficDistribution: null,
    topologyKeys: [],
    loadBalancerClass: null,
    allocatesNodePorts: true,
    annotations: {},
    labels: {},
    endpointsFrom: 'EndpointSlice',
    ...more,
  };
}

export const NODE: Node = {
  name: 'node1',
  internalIPs: ['172.18.0.11'],
  externalIPs: [],
  podCidrs: parseCidrs(['10.244.1.0/24']),
  labels: {},
  annotations: {},
  taints: [],
  providerID: null,
  kubeletVersion: null,
  operatingSystem: 'linux',
  ready: true,
  deleting: false,
};

export function config(minor: number, more: Partial<ProxyConfig> = {}): ProxyConfig {
  const cidr = parseCidr('10.244.0.0/16');
  if (cidr === null) throw new Error('no network');
  return {
    mode: 'iptables',
    minor,
    patch: 9,
    detector: { 4: { kind: 'cidr', cidr }, 6: { kind: 'absent' } },
    masqueradeAll: false,
    localhostNodePorts: true,
    nodePortAddresses: [],
    ...more,
  };
}

export function clusterOf(...services: readonly Service[]): Cluster {
  return {
    services,
    servicesComplete: true,
    nodes: [NODE],
    nodeByName: new Map([[NODE.name, NODE]]),
    pods: [],
    podsComplete: true,
    namespaces: [],
    daemonSets: [],
    serviceCidrs: [],
  };
}

export function proxier(minor: number, more: Partial<ProxyConfig> = {}): Proxier {
  return { node: NODE, config: config(minor, more), family: 4 };
}

/** The rules of a Service as text, filter first, chains and their rules as generated. */
export function rulesFor(asked: Service, where: Proxier): string[] {
  return linesOf(expectedRules({ ...where, service: asked, cluster: clusterOf(asked) }));
}

/** Everything that a node would have, as `iptables-save` lines by table. */
export function dumpFor(services: readonly Service[], where: Proxier): { nat: string[]; filter: string[] } {
  const cluster = clusterOf(...services);
  const parts = [...services.map((each) => expectedRules({ ...where, service: each, cluster })), expectedStatic(where)];
  const lines = (table: string): string[] =>
    parts.flatMap((part) =>
      part.chains
        .filter((chain) => chain.table === table && !chain.optional)
        .flatMap((chain) => [`:${chain.chain} - [0:0]`, ...chain.rules.filter((rule) => !rule.optional).map((rule) => rule.line)]),
    );
  return { nat: lines('nat'), filter: lines('filter') };
}

export function linesOf(expected: Expected): string[] {
  return expected.chains.flatMap((chain) => chain.rules.filter((rule) => !rule.optional).map((rule) => rule.line));
}

/** The lines of one chain, without `-A CHAIN `. */
export function chainLines(lines: readonly string[], chain: string): string[] {
  return lines.filter((line) => line.startsWith(`-A ${chain} `)).map((line) => line.slice(`-A ${chain} `.length));
}
