import { fromPods, keyOf, type NamedEndpoint, namespaceOf, selectorOf } from '../../cluster/endpoints.ts';
import type { Evidence } from '../../cluster/evidence.ts';
import type { EndpointSliceObject, KubeObject, PodObject, ServiceObject } from '../../cluster/objects.ts';
import type { Manifest } from './read.ts';

/** What is known about the endpoints that a changed Service will have. */
export type EndpointsGuess =
  | { readonly kind: 'made'; readonly slices: readonly EndpointSliceObject[] }
  /** Its slices are written by somebody else, and stay. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'unknown'; readonly why: string };

/** The slices that the controller would write for a Service whose selector, ports or families have changed: from the pods that run now. */
export function guessEndpoints(
  service: ServiceObject,
  objects: readonly KubeObject[],
  evidence: Evidence,
  manifests: readonly Manifest[],
): EndpointsGuess {
  const selector = selectorOf(service);
  if (selector === null) return { kind: 'kept' };
  const namespace = namespaceOf(service.metadata);
  const pods = objects.filter((object): object is PodObject => object.kind === 'Pod' && namespaceOf(object.metadata) === namespace);
  const found = fromPods(service, selector, pods);
  const workload = found.length > 0 ? undefined : manifests.find(({ object }) => makesPods(object, namespace, selector));
  if (workload !== undefined)
    return { kind: 'unknown', why: `its pods do not run yet: ${workload.object.kind} ${workload.object.metadata.name} is not applied` };
  if (!evidence.complete.has('Pod')) return { kind: 'unknown', why: 'Pod objects were not all read' };
  return { kind: 'made', slices: slicesOf(service, found) };
}

function makesPods(object: KubeObject, namespace: string, selector: Readonly<Record<string, string>>): boolean {
  if (object.kind !== 'Deployment' && object.kind !== 'StatefulSet' && object.kind !== 'DaemonSet') return false;
  if (namespaceOf(object.metadata) !== namespace) return false;
  const labels = object.spec?.template?.metadata?.labels ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function slicesOf(service: ServiceObject, endpoints: readonly NamedEndpoint[]): EndpointSliceObject[] {
  const groups = new Map<string, NamedEndpoint[]>();
  for (const one of endpoints) {
    const key = `${one.endpoint.family} ${one.protocol} ${one.endpoint.port} ${one.portName}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  // An empty slice says that there are none.
  if (groups.size === 0) return [sliceOf(service, [], 0)];
  return [...groups.values()].map((group, index) => sliceOf(service, group, index));
}

function sliceOf(service: ServiceObject, group: readonly NamedEndpoint[], index: number): EndpointSliceObject {
  const [first] = group;
  const { name, namespace } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-expected-${index}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { 'kubernetes.io/service-name': keyOf(service.metadata).slice(namespaceOf(service.metadata).length + 1) },
    },
    addressType: first?.endpoint.family === 6 ? 'IPv6' : 'IPv4',
    ports: first === undefined ? [] : [{ name: first.portName, protocol: first.protocol, port: first.endpoint.port }],
    endpoints: group.map(({ endpoint: { address, node, pod, ready, serving, terminating } }) => ({
      addresses: [address],
      conditions: { ready, serving, terminating },
      ...(node === null ? {} : { nodeName: node }),
      ...(pod === null ? {} : { targetRef: { kind: 'Pod', ...pod } }),
    })),
  };
}
