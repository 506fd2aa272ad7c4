import type { Cidr } from '../net/ip.ts';
import { canonicalIp, parseCidr, parseCidrs } from '../net/ip.ts';
import type { EndpointSource, NamedEndpoint } from './endpoints.ts';
import { endpointsOf, HEADLESS_LABEL, keyOf, namespaceOf, PROXY_NAME_LABEL } from './endpoints.ts';
import type { Evidence } from './evidence.ts';
import type { Cluster, Ingress, Node, Pod, Service, ServicePort, Unproxied } from './model.ts';
import { serviceKey } from './model.ts';
import type { CustomObject, Kind, KubeObject, NodeObject, PodObject, ServiceObject } from './objects.ts';
import { protocolOf } from './protocol.ts';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const DEFAULT_AFFINITY_SECONDS = 10800;

/** API objects → the model: defaults applied as the API server would, addresses in one spelling, endpoints joined with their Service's ports. */
export function clusterFrom(evidence: Evidence): Cluster {
  const byKind = groupByKind(evidence.objects);
  const podObjects = of(byKind, 'Pod');
  const endpointSource: EndpointSource = {
    slices: groupBy(
      of(byKind, 'EndpointSlice'),
      (slice) => `${namespaceOf(slice.metadata)}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`,
    ),
    sliceNamespaces: new Set(of(byKind, 'EndpointSlice').map((slice) => namespaceOf(slice.metadata))),
    endpoints: new Map(of(byKind, 'Endpoints').map((object) => [keyOf(object.metadata), object])),
    pods: podObjects,
    slicesRead: byKind.has('EndpointSlice') || evidence.complete.has('EndpointSlice'),
    endpointsRead: byKind.has('Endpoints'),
    podsComplete: evidence.complete.has('Pod'),
  };
  const services = of(byKind, 'Service').map((object) => toService(object, endpointSource));
  const nodes = of(byKind, 'Node').map(toNode);
  return {
    services,
    servicesComplete: evidence.complete.has('Service'),
    nodes,
    nodeByName: new Map(nodes.map((node) => [node.name, node])),
    pods: podObjects.map(toPod),
    podsComplete: evidence.complete.has('Pod'),
    namespaces: of(byKind, 'Namespace').map((object) => object.metadata.name),
    daemonSets: of(byKind, 'DaemonSet').map((object) => keyOf(object.metadata)),
    serviceCidrs: of(byKind, 'ServiceCIDR').flatMap(serviceCidrsOf),
  };
}

function toService(object: ServiceObject, source: EndpointSource): Service {
  const spec = object.spec ?? {};
  const namespace = namespaceOf(object.metadata);
  const type = spec.type ?? 'ClusterIP';
  const unproxied = unproxiedBy(object, type);
  const clusterIPs = addresses(spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []));
  const externalIPs = addresses(spec.externalIPs ?? []);
  const external = type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0;
  const { from, endpoints } = unproxied?.why === 'ExternalName' ? { from: 'none' as const, endpoints: [] } : endpointsOf(object, source);
  return {
    namespace,
    name: object.metadata.name,
    type,
    unproxied,
    clusterIPs,
    externalIPs,
    ingress: (object.status?.loadBalancer?.ingress ?? []).map(toIngress),
    ports: (spec.ports ?? []).filter((port) => port.port > 0).map((port) => toPort(port, endpoints)),
    externalTrafficPolicy: external ? policy(spec.externalTrafficPolicy) : null,
    internalTrafficPolicy: policy(spec.internalTrafficPolicy),
    sourceRanges: parseCidrs(spec.loadBalancerSourceRanges ?? []),
    // kube-proxy opens it in this case only (pkg/proxy serviceport.go).
    healthCheckNodePort: type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' ? spec.healthCheckNodePort || null : null,
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS) : null,
    trafficDistribution: spec.trafficDistribution ?? null,
    topologyKeys: spec.topologyKeys ?? [],
    loadBalancerClass: spec.loadBalancerClass ?? null,
    allocatesNodePorts: spec.allocateLoadBalancerNodePorts ?? true,
    annotations: object.metadata.annotations ?? {},
    labels: object.metadata.labels ?? {},
    endpointsFrom: from,
  };
}

/** pkg/proxy/util ShouldSkipService, and the label selector of kube-proxy's Service informer. */
function unproxiedBy(object: ServiceObject, type: string): Unproxied | null {
  const proxy = object.metadata.labels?.[PROXY_NAME_LABEL];
  if (proxy !== undefined) return { why: 'other-proxy', proxy };
  if (type === 'ExternalName') return { why: 'ExternalName', externalName: object.spec?.externalName ?? '' };
  const { clusterIP, clusterIPs } = object.spec ?? {};
  if (clusterIP === 'None' || clusterIPs?.[0] === 'None' || object.metadata.labels?.[HEADLESS_LABEL] !== undefined)
    return { why: 'headless' };
  return null;
}

function policy(value: string | undefined): 'Cluster' | 'Local' {
  return value === 'Local' ? 'Local' : 'Cluster';
}

function toIngress(entry: { readonly ip?: string; readonly hostname?: string; readonly ipMode?: string }): Ingress {
  return {
    ip: entry.ip === undefined ? null : canonicalIp(entry.ip),
    hostname: entry.hostname ? entry.hostname : null,
    ipMode: entry.ipMode === 'Proxy' ? 'Proxy' : entry.ipMode === 'VIP' ? 'VIP' : null,
  };
}

function toPort(port: NonNullable<NonNullable<ServiceObject['spec']>['ports']>[number], endpoints: readonly NamedEndpoint[]): ServicePort {
  const name = port.name ?? '';
  const protocol = protocolOf(port.protocol);
  return {
    name,
    protocol,
    port: port.port,
    nodePort: port.nodePort ? port.nodePort : null,
    targetPort: port.targetPort ?? port.port,
    endpoints: endpoints
      .filter((endpoint) => endpoint.portName === name && endpoint.protocol === protocol)
      .map((endpoint) => endpoint.endpoint),
  };
}

function toNode(object: NodeObject): Node {
  const status = object.status ?? {};
  const ofType = (type: string): string[] =>
    addresses((status.addresses ?? []).filter((entry) => entry.type === type).map((entry) => entry.address));
  const podCidrs = object.spec?.podCIDRs ?? (object.spec?.podCIDR ? [object.spec.podCIDR] : []);
  return {
    name: object.metadata.name,
    internalIPs: ofType('InternalIP'),
    externalIPs: ofType('ExternalIP'),
    podCidrs: parseCidrs(podCidrs),
    labels: object.metadata.labels ?? {},
    annotations: object.metadata.annotations ?? {},
    taints: (object.spec?.taints ?? []).map((taint) => taint.key),
    providerID: object.spec?.providerID ?? null,
    kubeletVersion: status.nodeInfo?.kubeletVersion ?? null,
    operatingSystem: status.nodeInfo?.operatingSystem ?? object.metadata.labels?.['kubernetes.io/os'] ?? 'linux',
    // Without the condition nothing speaks against it: hand-made Nodes leave it out.
    ready: (status.conditions ?? []).every((condition) => condition.type !== 'Ready' || condition.status === 'True'),
    deleting: object.metadata.deletionTimestamp !== undefined,
  };
}

function toPod(object: PodObject): Pod {
  const status = object.status ?? {};
  const ips = status.podIPs?.map((entry) => entry.ip) ?? (status.podIP ? [status.podIP] : []);
  return {
    namespace: namespaceOf(object.metadata),
    name: object.metadata.name,
    node: object.spec?.nodeName ?? null,
    hostNetwork: object.spec?.hostNetwork === true,
    addresses: addresses(ips),
    phase: status.phase ?? null,
    ports: (object.spec?.containers ?? []).flatMap((container) =>
      (container.ports ?? []).map((port) => ({ protocol: protocolOf(port.protocol), port: port.containerPort })),
    ),
  };
}

function serviceCidrsOf(object: CustomObject): Cidr[] {
  const cidrs = object.spec?.['cidrs'];
  return Array.isArray(cidrs)
    ? cidrs.map((cidr) => (typeof cidr === 'string' ? parseCidr(cidr) : null)).filter((cidr) => cidr !== null)
    : [];
}

function addresses(texts: readonly string[]): string[] {
  return texts.map(canonicalIp).filter((address) => address !== null);
}

export function groupByKind(objects: readonly KubeObject[]): ReadonlyMap<Kind, readonly KubeObject[]> {
  return groupBy(objects, (object) => object.kind);
}

/** The objects of one kind. */
export function of<K extends Kind>(byKind: ReadonlyMap<Kind, readonly KubeObject[]>, kind: K): readonly Extract<KubeObject, { kind: K }>[] {
  return (byKind.get(kind) ?? []) as readonly Extract<KubeObject, { kind: K }>[];
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** The Service of that name, if it was read. */
export function findService(cluster: Cluster, namespace: string, name: string): Service | null {
  const key = `${namespace}/${name}`;
  return cluster.services.find((service) => serviceKey(service) === key) ?? null;
}
