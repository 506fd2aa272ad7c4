import type { Family } from '../net/ip.ts';
import { canonicalIp, familyOf, hostPort } from '../net/ip.ts';
import type { Endpoint, Protocol, Service } from './model.ts';
import type { EndpointSliceObject, EndpointsObject, Metadata, PodObject, ServiceObject } from './objects.ts';
import { protocolOf } from './protocol.ts';

/** Labels by which kube-proxy's informers leave out Services and EndpointSlices (k8s cmd/kube-proxy NewInformerFactory). */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
export const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';
const NODE_OF_BETA = 'kubernetes.io/hostname';

/** An endpoint with the name and protocol of the Service port that it belongs to. */
export interface NamedEndpoint {
  readonly portName: string;
  readonly protocol: Protocol;
  readonly endpoint: Endpoint;
}

export interface EndpointSource {
  /** By Service as `ns/name`. */
  readonly slices: ReadonlyMap<string, readonly EndpointSliceObject[]>;
  /** Namespaces of these. */
  readonly sliceNamespaces: ReadonlySet<string>;
  readonly endpoints: ReadonlyMap<string, EndpointsObject>;
  readonly pods: readonly PodObject[];
  /** EndpointSlices were read: a Service without one has no endpoints. */
  readonly slicesRead: boolean;
  readonly endpointsRead: boolean;
  readonly podsComplete: boolean;
}

/**
 * The endpoints of a Service, from its EndpointSlices; where these were not gathered, from its Endpoints object,
 * else from the pods that its selector picks (as the endpoint slice controller would).
 */
export function endpointsOf(
  service: ServiceObject,
  source: EndpointSource,
): { from: Service['endpointsFrom']; endpoints: NamedEndpoint[] } {
  const key = keyOf(service.metadata);
  if (slicesTell(service, source)) return { from: 'EndpointSlice', endpoints: dedupe((source.slices.get(key) ?? []).flatMap(fromSlice)) };
  const object = source.endpoints.get(key);
  if (source.endpointsRead) return { from: 'Endpoints', endpoints: dedupe(object === undefined ? [] : fromEndpoints(object)) };
  const selector = selectorOf(service);
  if (source.podsComplete && selector !== null) return { from: 'pods', endpoints: dedupe(fromPods(service, selector, source.pods)) };
  return { from: 'none', endpoints: [] };
}

/**
 * Whether the EndpointSlices that were read say something about a Service. The controller keeps at least one, if empty, for every Service with a selector:
 * where all slices are of other namespaces, those of this one were not gathered.
 */
function slicesTell(service: ServiceObject, source: EndpointSource): boolean {
  if (!source.slicesRead) return false;
  if (source.slices.size === 0 || source.slices.has(keyOf(service.metadata)) || selectorOf(service) === null) return true;
  return source.sliceNamespaces.has(namespaceOf(service.metadata));
}

export function selectorOf(service: ServiceObject): Readonly<Record<string, string>> | null {
  const selector = service.spec?.selector ?? {};
  return Object.keys(selector).length === 0 ? null : selector;
}

/** The namespace of an object; manifests may leave it out. */
export function namespaceOf(metadata: Metadata): string {
  return metadata.namespace ?? 'default';
}

/** `ns/name`. */
export function keyOf(metadata: Metadata): string {
  return `${namespaceOf(metadata)}/${metadata.name}`;
}

/** kube-proxy EndpointSliceCache: only the first address of an endpoint counts; ready and serving default to true, terminating to false. */
function fromSlice(slice: EndpointSliceObject): NamedEndpoint[] {
  const labels = slice.metadata.labels ?? {};
  if (labels[HEADLESS_LABEL] !== undefined || labels[PROXY_NAME_LABEL] !== undefined || slice.addressType === 'FQDN') return [];
  const found: NamedEndpoint[] = [];
  for (const port of slice.ports ?? []) {
    if (!port.port) continue;
    for (const entry of slice.endpoints ?? []) {
      const address = canonicalIp(entry.addresses?.[0] ?? '');
      if (address === null) continue;
      const reference = entry.targetRef;
      found.push({
        portName: port.name ?? '',
        protocol: protocolOf(port.protocol),
        endpoint: {
          address,
          family: familyOf(address),
          port: port.port,
          node: entry.nodeName ?? entry.topology?.[NODE_OF_BETA] ?? null,
          pod:
            reference?.kind === 'Pod' && reference.name !== undefined
              ? { namespace: reference.namespace ?? namespaceOf(slice.metadata), name: reference.name }
              : null,
          ready: entry.conditions?.ready ?? true,
          serving: entry.conditions?.serving ?? true,
          terminating: entry.conditions?.terminating ?? false,
          zoneHints: (entry.hints?.forZones ?? []).map((zone) => zone.name),
          nodeHints: (entry.hints?.forNodes ?? []).map((node) => node.name),
        },
      });
    }
  }
  return found;
}

function fromEndpoints(object: EndpointsObject): NamedEndpoint[] {
  const found: NamedEndpoint[] = [];
  for (const subset of object.subsets ?? []) {
    for (const port of subset.ports ?? []) {
      for (const [list, ready] of [
        [subset.addresses ?? [], true],
        [subset.notReadyAddresses ?? [], false],
      ] as const) {
        for (const entry of list) {
          const address = canonicalIp(entry.ip);
          if (address === null) continue;
          const protocol = protocolOf(port.protocol);
          const pod = entry.targetRef?.kind === 'Pod' && entry.targetRef.name !== undefined ? entry.targetRef.name : null;
          found.push({
            portName: port.name ?? '',
            protocol,
            endpoint: {
              ...bare(address, port.port, entry.nodeName ?? null),
              pod: pod === null ? null : { namespace: namespaceOf(object.metadata), name: pod },
              ready,
              serving: ready,
            },
          });
        }
      }
    }
  }
  return found;
}

/** k8s pkg/controller/endpointslice: running pods that the selector picks; a terminating pod is serving while it is Ready, but ready only with publishNotReadyAddresses. */
export function fromPods(service: ServiceObject, selector: Readonly<Record<string, string>>, pods: readonly PodObject[]): NamedEndpoint[] {
  const picked = pods.filter(
    (pod) =>
      namespaceOf(pod.metadata) === namespaceOf(service.metadata) &&
      pod.status?.phase !== 'Succeeded' &&
      pod.status?.phase !== 'Failed' &&
      Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  const families = familiesOf(service);
  const found: NamedEndpoint[] = [];
  for (const port of service.spec?.ports ?? []) {
    const protocol = protocolOf(port.protocol);
    for (const pod of picked) {
      const number = targetPortOf(pod, port.targetPort ?? port.port, protocol);
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      const serving = (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
      const ips = pod.status?.podIPs?.map((entry) => entry.ip) ?? (pod.status?.podIP ? [pod.status.podIP] : []);
      for (const ip of ips) {
        const address = canonicalIp(ip);
        if (address === null || number === null || !families.has(familyOf(address))) continue;
        found.push({
          portName: port.name ?? '',
          protocol,
          endpoint: {
            ...bare(address, number, pod.spec?.nodeName ?? null),
            pod: { namespace: namespaceOf(pod.metadata), name: pod.metadata.name },
            ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
            serving,
            terminating,
          },
        });
      }
    }
  }
  return found;
}

function familiesOf(service: ServiceObject): ReadonlySet<Family> {
  const { ipFamilies, clusterIPs, clusterIP } = service.spec ?? {};
  if (ipFamilies !== undefined) return new Set(ipFamilies.map((family) => (family === 'IPv6' ? 6 : 4)));
  return new Set((clusterIPs ?? [clusterIP ?? '']).map(familyOf));
}

function targetPortOf(pod: PodObject, targetPort: number | string, protocol: Protocol): number | null {
  if (typeof targetPort === 'number') return targetPort;
  for (const container of pod.spec?.containers ?? []) {
    const port = container.ports?.find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol);
    if (port) return port.containerPort;
  }
  return null;
}

function bare(address: string, port: number, node: string | null): Endpoint {
  return {
    address,
    family: familyOf(address),
    port,
    node,
    pod: null,
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
  };
}

/**
 * kube-proxy ≥1.22 keeps one endpoint per `ip:port` of a Service port, sorted by that text. Which of two copies counts (slices are updated one by one)
 * is chance before 1.36, then the one that is not terminating.
 */
function dedupe(endpoints: readonly NamedEndpoint[]): NamedEndpoint[] {
  const byKey = new Map<string, NamedEndpoint>();
  for (const named of endpoints) {
    const key = `${named.portName}\0${named.protocol}\0${hostPort(named.endpoint.address, named.endpoint.port)}`;
    const other = byKey.get(key);
    if (other === undefined || life(named.endpoint) > life(other.endpoint)) byKey.set(key, named);
  }
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, named]) => named);
}

function life({ terminating, ready, serving }: Endpoint): number {
  return (terminating ? 0 : 4) + (ready ? 2 : 0) + (serving ? 1 : 0);
}
