import type { Cluster, Endpoint, Ingress, Node, Pod, Protocol, Service, ServicePort } from '../../src/cluster/model.ts';
import { canonicalIp, familyOf, hostPort, parseCidrs } from '../../src/net/ip.ts';

/**
 * Builders of small clusters, in the numbering of the recorded ones: node N is 172.18.0.(10+N) with pods in 10.244.N.0/24,
 * pod `web-N` is its .10, `cli-1` (.11) and `cli-2` (.10) are ordinary pods. Every builder takes what differs.
 */

/** The number at the end of a name: `node2` → 2. */
function numberOf(name: string): number {
  return Number(/(\d+)$/.exec(name)?.[1] ?? 1);
}

export type Families = '4' | '6' | '46';

export function node(name: string, differs: Partial<Node> & { readonly families?: Families } = {}): Node {
  const { families = '4', ...rest } = differs;
  const n = numberOf(name);
  const four = families.includes('4');
  const six = families.includes('6');
  return {
    name,
    internalIPs: [...(four ? [`172.18.0.${10 + n}`] : []), ...(six ? [`fd00:172:18::${(10 + n).toString(16)}`] : [])],
    externalIPs: [],
    podCidrs: parseCidrs([...(four ? [`10.244.${n}.0/24`] : []), ...(six ? [`fd00:10:244:${n}::/64`] : [])]),
    labels: {},
    annotations: {},
    taints: [],
    providerID: null,
    kubeletVersion: 'v1.34.9',
    operatingSystem: 'linux',
    ready: true,
    deleting: false,
    ...rest,
  };
}

export function nodes(count: number, families: Families = '4'): Node[] {
  return Array.from({ length: count }, (_, i) => node(`node${i + 1}`, { families }));
}

/** A ready endpoint; `web-3` is 10.244.3.10:8080 on node3, with an address of IPv6 fd00:10:244:3::a. */
export function endpoint(pod: string, differs: Partial<Endpoint> & { readonly six?: boolean } = {}): Endpoint {
  const { six = false, ...rest } = differs;
  const n = numberOf(pod);
  const address = rest.address ?? (six ? `fd00:10:244:${n}::a` : `10.244.${n}.10`);
  return {
    port: 8080,
    node: `node${n}`,
    pod: { namespace: 'ns1', name: pod },
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
    ...rest,
    address,
    family: familyOf(address),
  };
}

/** Serving, and on its way out: counts only where the version falls back to such endpoints. */
export const GOING: Partial<Endpoint> = { ready: false, serving: true, terminating: true };
/** Neither ready nor serving. */
export const UNREADY: Partial<Endpoint> = { ready: false, serving: false, terminating: false };

/** An endpoint on its node's own network. */
export function hostEndpoint(pod: string): Endpoint {
  return endpoint(pod, { address: `172.18.0.${10 + numberOf(pod)}` });
}

export function port(endpoints: readonly Endpoint[], differs: Partial<ServicePort> = {}): ServicePort {
  const sorted = [...endpoints].sort((a, b) => (hostPort(a.address, a.port) < hostPort(b.address, b.port) ? -1 : 1));
  return { name: 'http', protocol: 'TCP', port: 80, nodePort: 30080, targetPort: 8080, endpoints: sorted, ...differs };
}

interface ServiceDiffers extends Partial<Omit<Service, 'ingress' | 'sourceRanges'>> {
  readonly endpoints?: readonly Endpoint[];
  readonly protocol?: Protocol;
  readonly ingress?: readonly (string | Partial<Ingress>)[];
  readonly sourceRanges?: readonly string[];
  /** eTP Local, in short. */
  readonly local?: boolean;
}

export const CLUSTER_IP = '10.96.0.10';
export const EXTERNAL_IP = '203.0.113.10';
export const LB_IP = '192.0.2.10';

/** ns1/web: LoadBalancer with clusterIP 10.96.0.10, externalIP 203.0.113.10, LB IP 192.0.2.10, web-1 and web-3 behind it. */
export function service(differs: ServiceDiffers = {}): Service {
  const { endpoints, protocol, ingress, sourceRanges, local, ...rest } = differs;
  return {
    namespace: 'ns1',
    name: 'web',
    type: 'LoadBalancer',
    unproxied: null,
    clusterIPs: [CLUSTER_IP],
    externalIPs: [EXTERNAL_IP],
    ingress: (ingress ?? [LB_IP]).map(ingressOf),
    ports: [port(endpoints ?? [endpoint('web-1'), endpoint('web-3')], protocol === undefined ? {} : { protocol })],
    externalTrafficPolicy: local === true ? 'Local' : 'Cluster',
    internalTrafficPolicy: 'Cluster',
    sourceRanges: parseCidrs(sourceRanges ?? []),
    healthCheckNodePort: null,
    affinitySeconds: null,
    trafficDistribution: null,
    topologyKeys: [],
    loadBalancerClass: null,
    allocatesNodePorts: true,
    annotations: {},
    labels: {},
    endpointsFrom: 'EndpointSlice',
    ...rest,
  };
}

function ingressOf(entry: string | Partial<Ingress>): Ingress {
  if (typeof entry !== 'string') return { ip: null, hostname: null, ipMode: null, ...entry };
  return { ip: canonicalIp(entry), hostname: null, ipMode: null };
}

export function pod(name: string, differs: Partial<Pod> = {}): Pod {
  const n = numberOf(name);
  // As recorded: .11 where a web pod has .10.
  const last = name.startsWith('web') || n === 2 ? 10 : 11;
  return {
    namespace: 'ns1',
    name,
    node: `node${n}`,
    hostNetwork: false,
    addresses: [`10.244.${n}.${last}`, `fd00:10:244:${n}::${last.toString(16)}`],
    phase: 'Running',
    ports: [],
    ...differs,
  };
}

export function cluster(parts: Partial<Cluster> & { readonly nodes: readonly Node[]; readonly services: readonly Service[] }): Cluster {
  return {
    servicesComplete: true,
    pods: ['web-1', 'web-3', 'cli-1', 'cli-2'].map((name) => pod(name)),
    podsComplete: true,
    namespaces: [],
    daemonSets: [],
    serviceCidrs: [],
    ...parts,
    nodeByName: new Map(parts.nodes.map((each) => [each.name, each])),
  };
}
