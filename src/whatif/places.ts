import type { Evidence } from '../cluster/evidence.ts';
import type { EndpointSliceObject, EndpointsObject, PodObject } from '../cluster/objects.ts';
import { objectsOf, replaced } from './stage.ts';

export type SliceEndpoint = NonNullable<EndpointSliceObject['endpoints']>[number];

/** Whose an endpoint is, and where, by an EndpointSlice or an Endpoints object. */
export interface Place {
  readonly node: string | null;
  readonly pod: string | null;
}

/** `ns/name` of a pod. */
export function podKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

export function keyOfPod(pod: PodObject): string {
  return podKey(pod.metadata.namespace ?? 'default', pod.metadata.name);
}

type Reference = { readonly kind?: string; readonly namespace?: string; readonly name?: string } | undefined;

function podOf(reference: Reference, namespace: string | undefined): string | null {
  if (reference?.kind !== 'Pod' || reference.name === undefined) return null;
  return podKey(reference.namespace ?? namespace ?? 'default', reference.name);
}

export function placeOf(endpoint: SliceEndpoint, slice: EndpointSliceObject): Place {
  const node = endpoint.nodeName ?? endpoint.topology?.['kubernetes.io/hostname'] ?? null;
  return { node, pod: podOf(endpoint.targetRef, slice.metadata.namespace) };
}

/** The evidence without the endpoints that are not to be kept. */
export function keepEndpoints(evidence: Evidence, keep: (place: Place) => boolean): Evidence {
  const slices = replaced(evidence, 'EndpointSlice', (slice) =>
    slice.endpoints === undefined || slice.endpoints === null
      ? slice
      : { ...slice, endpoints: slice.endpoints.filter((endpoint) => keep(placeOf(endpoint, slice))) },
  );
  return replaced(slices, 'Endpoints', (object) => withoutAddresses(object, keep));
}

function withoutAddresses(object: EndpointsObject, keep: (place: Place) => boolean): EndpointsObject {
  if (object.subsets === undefined) return object;
  type Address = NonNullable<NonNullable<EndpointsObject['subsets']>[number]['addresses']>[number];
  const kept = (addresses: readonly Address[] | undefined) =>
    (addresses ?? []).filter((entry) => keep({ node: entry.nodeName ?? null, pod: podOf(entry.targetRef, object.metadata.namespace) }));
  const subsets = object.subsets.map((subset) => ({
    ...subset,
    addresses: kept(subset.addresses),
    notReadyAddresses: kept(subset.notReadyAddresses),
  }));
  return { ...object, subsets };
}

/** The slices of a Service. */
export function slicesOf(evidence: Evidence, namespace: string, service: string): EndpointSliceObject[] {
  return objectsOf(evidence, 'EndpointSlice').filter(
    ({ metadata }) => (metadata.namespace ?? 'default') === namespace && metadata.labels?.['kubernetes.io/service-name'] === service,
  );
}
