import { keyOf, selectorOf } from '../../cluster/endpoints.ts';
import type { Evidence, Gap } from '../../cluster/evidence.ts';
import type { EndpointSliceObject, KubeObject, ServiceObject } from '../../cluster/objects.ts';
import { UNALLOCATED } from '../../cluster/unallocated.ts';
import { type EndpointsGuess, guessEndpoints } from './guess-endpoints.ts';
import type { Manifest } from './read.ts';

/** A cluster with manifests laid over it, as if they had been applied. */
export interface Overlaid {
  readonly evidence: Evidence;
  /** Services (`ns/name`) that the manifests hold. */
  readonly services: readonly string[];
  /** Those among them that the cluster does not have yet. */
  readonly unapplied: ReadonlySet<string>;
  /** Services whose endpoints nobody can know yet, with the reason. */
  readonly endpointsUnknown: ReadonlyMap<string, string>;
  /** Namespaces that the manifests are about. */
  readonly namespaces: ReadonlySet<string>;
}

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** An object of the same kind and name replaces the spec of the one that is there; what only an API server and controllers write is kept. */
export function layOver(evidence: Evidence, manifests: readonly Manifest[]): Overlaid {
  const objects = new Map(evidence.objects.map((object) => [idOf(object), object]));
  const unapplied = new Set<string>();
  const changed: { readonly before: ServiceObject | null; readonly after: ServiceObject }[] = [];
  for (const { object } of manifests) {
    const before = objects.get(idOf(object)) ?? null;
    const after =
      object.kind === 'Service' ? asApplied(before as ServiceObject | null, object, familyOf(evidence)) : merged(before, object);
    objects.set(idOf(object), after);
    if (after.kind !== 'Service') continue;
    if (before === null) unapplied.add(keyOf(after.metadata));
    changed.push({ before: before as ServiceObject | null, after });
  }
  const gaps: Gap[] = [...unapplied].map((key) => ({
    what: `addresses of Service ${key}`,
    why: 'not created yet: its clusterIP, node ports and load balancer are allocated when it is applied',
  }));
  const endpointsUnknown = new Map<string, string>();
  for (const { before, after } of changed) {
    if (before !== null && sameEndpoints(before, after)) continue;
    const guess = guessEndpoints(after, [...objects.values()], evidence, manifests);
    replaceSlices(objects, after, guess);
    if (guess.kind === 'unknown') endpointsUnknown.set(keyOf(after.metadata), guess.why);
  }
  return {
    evidence: {
      ...evidence,
      origin: `${evidence.origin} with manifests`,
      objects: [...objects.values()],
      gaps: [...evidence.gaps, ...gaps],
    },
    services: changed.map(({ after }) => keyOf(after.metadata)),
    unapplied,
    endpointsUnknown,
    namespaces: new Set(manifests.flatMap(({ object }) => (object.metadata.namespace === undefined ? [] : [object.metadata.namespace]))),
  };
}

function idOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${keyOf(metadata)}`;
}

function merged(before: KubeObject | null, after: KubeObject): KubeObject {
  if (before === null) return after;
  return { ...before, ...after, metadata: { ...before.metadata, ...after.metadata } } as KubeObject;
}

/** What an API server makes of a Service: what it allocated stays, what the manifest leaves open is defaulted. */
function asApplied(before: ServiceObject | null, after: ServiceObject, family: 'IPv4' | 'IPv6'): ServiceObject {
  const { status, metadata, spec: old = {} } = before ?? { metadata: after.metadata };
  const spec = after.spec ?? {};
  const type = spec.type ?? 'ClusterIP';
  const isHeadless = spec.clusterIP === 'None' || type === 'ExternalName';
  const families = spec.ipFamilies ?? old.ipFamilies ?? [family];
  const allocated =
    old.clusterIPs ??
    (old.clusterIP === undefined ? families.map((one) => UNALLOCATED[one === 'IPv6' ? 'IPv6' : 'IPv4']) : [old.clusterIP]);
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : allocated);
  const isOutside = type === 'NodePort' || type === 'LoadBalancer';
  const wantsCheck = type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' && old.healthCheckNodePort !== undefined;
  return {
    ...after,
    metadata: {
      ...metadata,
      ...after.metadata,
      labels: { ...metadata.labels, ...after.metadata.labels },
      annotations: { ...metadata.annotations, ...after.metadata.annotations },
    },
    spec: {
      ...(wantsCheck ? { healthCheckNodePort: old.healthCheckNodePort ?? 0 } : {}),
      ...spec,
      ...(isHeadless ? {} : { clusterIPs, ipFamilies: families }),
      ports: (spec.ports ?? []).map((port) => {
        const same = (old.ports ?? []).find((one) => (one.name ?? '') === (port.name ?? '') && one.port === port.port);
        return isOutside && port.nodePort === undefined && same?.nodePort !== undefined ? { ...port, nodePort: same.nodePort } : port;
      }),
    },
    ...(type === 'LoadBalancer' && status !== undefined ? { status } : {}),
  };
}

/** The family of clusterIPs by default: that of the Services that are there. */
function familyOf({ objects }: Evidence): 'IPv4' | 'IPv6' {
  for (const object of objects)
    if (object.kind === 'Service' && object.spec?.clusterIP?.includes(':') === true) return 'IPv6';
    else if (object.kind === 'Service' && object.spec?.clusterIP?.includes('.') === true) return 'IPv4';
  return 'IPv4';
}

function sameEndpoints(before: ServiceObject, after: ServiceObject): boolean {
  const deciding = ({ spec }: ServiceObject): string =>
    JSON.stringify([
      Object.entries(spec?.selector ?? {}).sort(),
      (spec?.ports ?? []).map(({ name, protocol, port, targetPort }) => [name ?? '', protocol ?? 'TCP', targetPort ?? port]),
      spec?.publishNotReadyAddresses === true,
      [...(spec?.ipFamilies ?? [])].sort(),
    ]);
  return selectorOf(after) === null ? selectorOf(before) === null : deciding(before) === deciding(after);
}

function replaceSlices(objects: Map<string, KubeObject>, service: ServiceObject, guess: EndpointsGuess): void {
  if (guess.kind === 'kept') return;
  const { name } = service.metadata;
  for (const [id, object] of objects) {
    const isOwn =
      object.kind === 'EndpointSlice' &&
      object.metadata.labels?.[SERVICE_NAME_LABEL] === name &&
      object.metadata.namespace === service.metadata.namespace;
    if (isOwn) objects.delete(id);
  }
  const made: readonly EndpointSliceObject[] = guess.kind === 'made' ? guess.slices : [];
  for (const slice of made) objects.set(idOf(slice), slice);
}
