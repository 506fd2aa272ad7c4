import type { Family } from '../net/ip.ts';
import { canonicalIp, familyOf, hostPort } from '../net/ip.ts';
import type { Endpoint, Protocol, Service } from './model.ts';
import type { EndpointSliceObject, EndpointsObject, PodObject, ServiceObject } from './objects.ts';

const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** An endpoint with the name and protocol of the Service port that it belongs to. */
export interface NamedEndpoint {
  readonly portName: string;
  readonly protocol: Protocol;
  readonly endpoint: Endpoint;
}

interface EndpointSource {
  readonly slices: ReadonlyMap<string, readonly EndpointSliceObject[]>;
  readonly endpoints: ReadonlyMap<string, EndpointsObject>;
  readonly pods: readonly PodObject[];
  /** EndpointSlices were read: a Service without one has no endpoints. */
  readonly slicesRead: boolean;
  readonly endpointsRead: boolean;
  readonly podsComplete: boolean;
}

/**
 * The endpoints of a Service, from its EndpointSlices; where no EndpointSlice was gathered at all, from its Endpoints object,
 * else from the pods that its selector picks (as the endpoint slice controller would).
 */
export function endpointsOf(
  service: ServiceObject,
  source: EndpointSource,
): { from: Service['endpointsFrom']; endpoints: NamedEndpoint[] } {
  const key = `${service.metadata.namespace}/${service.metadata.name}`;
  if (source.slicesRead) return { from: 'EndpointSlice', endpoints: dedupe((source.slices.get(key) ?? []).flatMap(fromSlice)) };
  const object = source.endpoints.get(key);
  if (source.endpointsRead) return { from: 'Endpoints', endpoints: dedupe(object === undefined ? [] : fromEndpoints(object)) };
  const selector = service.spec?.selector;
  if (source.podsComplete && selector !== undefined && Object.keys(selector).length > 0) {
    return { from: 'pods', endpoints: dedupe(fromPods(service, selector, source.pods)) };
  }
  return { from: 'none', endpoints: [] };
}

/** kube-proxy EndpointSliceCache: only the first address of an endpoint counts; ready and serving default to true, terminating to false. */
function fromSlice(slice: EndpointSliceObject): NamedEndpoint[] {
  if (slice.metadata.labels?.[HEADLESS_LABEL] !== undefined || slice.addressType === 'FQDN') return [];
  const found: NamedEndpoint[] = [];
  for (const port of slice.ports ?? []) {
    if (typeof port.port !== 'number') continue;
    for (const entry of slice.endpoints ?? []) {
      const address = canonicalIp(entry.addresses?.[0] ?? '');
      if (address === null) continue;
      const reference = entry.targetRef;
      found.push({
        portName: port.name ?? '',
        protocol: port.protocol === 'UDP' || port.protocol === 'SCTP' ? port.protocol : 'TCP',
        endpoint: {
          address,
          family: familyOf(address),
          port: port.port,
          node: entry.nodeName ?? entry.topology?.['kubernetes.io/hostname'] ?? null,
          pod:
            reference?.kind === 'Pod' && reference.name !== undefined
              ? { namespace: reference.namespace ?? slice.metadata.namespace ?? 'default', name: reference.name }
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
          const protocol = port.protocol === 'UDP' || port.protocol === 'SCTP' ? port.protocol : 'TCP';
          const pod = entry.targetRef?.kind === 'Pod' && entry.targetRef.name !== undefined ? entry.targetRef.name : null;
          found.push({
            portName: port.name ?? '',
            protocol,
            endpoint: {
              ...bare(address, port.port, entry.nodeName ?? null),
              pod: pod === null ? null : { namespace: object.metadata.namespace ?? 'default', name: pod },
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

/** k8s pkg/controller/endpointslice: running pods that the selector picks; a terminating pod is serving while it is Ready, but never ready. */
function fromPods(service: ServiceObject, selector: Readonly<Record<string, string>>, pods: readonly PodObject[]): NamedEndpoint[] {
  const picked = pods.filter(
    (pod) =>
      pod.metadata.namespace === service.metadata.namespace &&
      pod.status?.phase !== 'Succeeded' &&
      pod.status?.phase !== 'Failed' &&
      Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  const families = new Set<Family>((service.spec?.ipFamilies ?? ['IPv4']).map((family) => (family === 'IPv6' ? 6 : 4)));
  const found: NamedEndpoint[] = [];
  for (const port of service.spec?.ports ?? []) {
    const protocol = port.protocol === 'UDP' || port.protocol === 'SCTP' ? port.protocol : 'TCP';
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
            pod: { namespace: pod.metadata.namespace ?? 'default', name: pod.metadata.name },
            ready: (serving || service.spec?.publishNotReadyAddresses === true) && !terminating,
            serving,
            terminating,
          },
        });
      }
    }
  }
  return found;
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

/** kube-proxy ≥1.22 keeps one endpoint per `ip:port` of a Service port (≥1.36: the one that is not terminating), sorted by that text. */
function dedupe(endpoints: readonly NamedEndpoint[]): NamedEndpoint[] {
  const byKey = new Map<string, NamedEndpoint>();
  for (const named of endpoints) {
    const key = `${named.portName}\0${named.protocol}\0${hostPort(named.endpoint.address, named.endpoint.port)}`;
    const other = byKey.get(key);
    if (other === undefined || (other.endpoint.terminating && !named.endpoint.terminating)) byKey.set(key, named);
  }
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, named]) => named);
}
