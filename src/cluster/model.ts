import type { Cidr, Family } from '../net/ip.ts';

/** The cluster as the program understands it: API objects with every default applied, plain data, never changed. */
export interface Cluster {
  readonly services: readonly Service[];
  /** Every Service of the cluster is in `services`; otherwise only those that the question needed. */
  readonly servicesComplete: boolean;
  readonly nodes: readonly Node[];
  readonly nodeByName: ReadonlyMap<string, Node>;
  readonly pods: readonly Pod[];
  /** Every pod of the cluster is in `pods`. */
  readonly podsComplete: boolean;
  /** Names of namespaces, where they were read. */
  readonly namespaces: readonly string[];
  /** DaemonSets as `ns/name`: some reveal who implements load balancers. */
  readonly daemonSets: readonly string[];
  /** Networks of clusterIPs by the ServiceCIDR objects; empty where there are none. */
  readonly serviceCidrs: readonly Cidr[];
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** Why no service proxy handles it, or null: `headless`, `ExternalName`, the name of another proxy. */
  readonly unproxied: Unproxied | null;
  readonly clusterIPs: readonly string[];
  readonly externalIPs: readonly string[];
  readonly ingress: readonly Ingress[];
  readonly ports: readonly ServicePort[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local' | null;
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly sourceRanges: readonly Cidr[];
  readonly healthCheckNodePort: number | null;
  readonly affinitySeconds: number | null;
  readonly trafficDistribution: string | null;
  readonly topologyKeys: readonly string[];
  readonly loadBalancerClass: string | null;
  readonly allocatesNodePorts: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Where its endpoints were read; `none` when no object says anything about them. */
  readonly endpointsFrom: 'EndpointSlice' | 'Endpoints' | 'pods' | 'none';
}

export type Unproxied =
  | { readonly why: 'headless' }
  | { readonly why: 'ExternalName'; readonly externalName: string }
  | { readonly why: 'other-proxy'; readonly proxy: string };

export interface Ingress {
  readonly ip: string | null;
  readonly hostname: string | null;
  readonly ipMode: 'VIP' | 'Proxy' | null;
}

export interface ServicePort {
  /** Empty for the unnamed port of a single-port Service. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | null;
  readonly targetPort: number | string;
  /** Of all families, in kube-proxy's order: ascending by the text `ip:port`. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address: string;
  readonly family: Family;
  readonly port: number;
  /** The node by the endpoint's own word; null makes it local to no node. */
  readonly node: string | null;
  readonly pod: { readonly namespace: string; readonly name: string } | null;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

export interface Node {
  readonly name: string;
  /** InternalIP addresses, canonical, in the order of the API. */
  readonly internalIPs: readonly string[];
  readonly externalIPs: readonly string[];
  readonly podCidrs: readonly Cidr[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
  readonly providerID: string | null;
  readonly kubeletVersion: string | null;
  readonly operatingSystem: string;
  readonly ready: boolean;
  readonly deleting: boolean;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string | null;
  readonly hostNetwork: boolean;
  readonly addresses: readonly string[];
  readonly phase: string | null;
  /** Ports that its containers declare. */
  readonly ports: readonly { readonly protocol: Protocol; readonly port: number }[];
}

/** `ns/name`. */
export function serviceKey(service: { readonly namespace: string; readonly name: string }): string {
  return `${service.namespace}/${service.name}`;
}

/** kube-proxy's name of a Service port, as it stands in rule comments: `ns/name:port`, or `ns/name` for the unnamed port. */
export function servicePortName(service: Service, port: ServicePort): string {
  return port.name === '' ? serviceKey(service) : `${serviceKey(service)}:${port.name}`;
}

/** The address of a family that a node's own packets carry: its first InternalIP, else its first ExternalIP. */
export function nodeIp(node: Node, family: Family): string | null {
  const isOfFamily = (address: string): boolean => address.includes(':') === (family === 6);
  return node.internalIPs.find(isOfFamily) ?? node.externalIPs.find(isOfFamily) ?? null;
}
