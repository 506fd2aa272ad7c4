import type { Evidence } from '../cluster/evidence.ts';
import type { EndpointSliceObject, NodeObject, PodObject } from '../cluster/objects.ts';
import { Failure } from '../net/failure.ts';
import { canonicalIp, familyOf } from '../net/ip.ts';
import { didYouMean } from '../net/near.ts';
import { hostAddress, newPodAddress } from './new-address.ts';
import { keepEndpoints, keyOfPod, placeOf, podKey } from './places.ts';
import type { Changed } from './stage.ts';
import { nodeObject, objectsOf, replaced } from './stage.ts';

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** The pod and its endpoints are gone; a controller makes another, nobody knows where. */
export function deletePod(evidence: Evidence, wanted: PodName): Changed {
  const key = podKey(wanted.namespace, wanted.name);
  const pod = knownPod(evidence, wanted);
  const kept = keepEndpoints(evidence, (place) => place.pod !== key);
  const gone = replaced(kept, 'Pod', (object) => (keyOfPod(object) === key ? null : object));
  const owner = pod?.metadata.ownerReferences?.[0]?.kind;
  if (pod !== null && owner === undefined) return { evidence: gone };
  const why =
    owner === 'DaemonSet'
      ? 'its DaemonSet makes it anew on the same node, with another address; told here is the time without it'
      : 'its controller makes it anew, and the scheduler decides where; told here is the time without it';
  return { evidence: gone, gaps: [{ what: `what comes after pod ${key}`, why }] };
}

/** The pod runs on another node, with an address of that node. */
export function movePod(evidence: Evidence, wanted: PodName, nodeName: string): Changed {
  const key = podKey(wanted.namespace, wanted.name);
  const node = nodeObject(evidence, nodeName);
  const pod = knownPod(evidence, wanted);
  const from = pod?.spec?.nodeName ?? null;
  if (from === nodeName) return { evidence };
  if (pod?.metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') === true)
    throw new Failure(`pod ${key} belongs to a DaemonSet, which has one on each node`, 'move a pod of a Deployment or StatefulSet');
  refuseEndpoints(evidence, key);
  const host = pod?.spec?.hostNetwork === true || isHostEndpoint(evidence, key);
  const addresses = new Map<string, string>();
  const stale: string[] = [];
  const moved = (old: string): string => {
    const canonical = canonicalIp(old) ?? old;
    const known = addresses.get(canonical);
    if (known !== undefined) return known;
    const family = familyOf(canonical);
    const found = host ? hostAddress(node, family) : newPodAddress(evidence, node, family, new Set(addresses.values()));
    if (found === null) stale.push(canonical);
    addresses.set(canonical, found ?? canonical);
    return found ?? canonical;
  };
  const slices = replaced(evidence, 'EndpointSlice', (slice) => movedSlice(slice, key, nodeName, moved));
  const pods = replaced(slices, 'Pod', (object) => (keyOfPod(object) === key ? movedPod(object, node, moved) : object));
  const gaps = host
    ? []
    : [
        {
          what: `address of pod ${key} on ${nodeName}`,
          why:
            stale.length > 0
              ? `it gets another there, and ${nodeName} has no podCIDR to tell which; told as if it kept ${stale.join(', ')}`
              : 'the CNI gives it one when the pod starts there',
        },
      ];
  return { evidence: pods, gaps, addresses: host || stale.length > 0 ? [] : [...addresses.values()] };
}

/** An Endpoints object has no place for an address that nobody knows: EndpointSlices have. */
function refuseEndpoints(evidence: Evidence, key: string): void {
  const has = (evidenceOf: Evidence): number => JSON.stringify(objectsOf(evidenceOf, 'Endpoints')).length;
  const inSlices = objectsOf(evidence, 'EndpointSlice').length > 0;
  if (inSlices || has(keepEndpoints(evidence, (place) => place.pod !== key)) === has(evidence)) return;
  throw new Failure('--move needs EndpointSlices, and only Endpoints were read', 'gather kubectl get endpointslices -A -o yaml');
}

function movedSlice(slice: EndpointSliceObject, key: string, node: string, moved: (old: string) => string): EndpointSliceObject {
  const endpoints = (slice.endpoints ?? []).map((endpoint) => {
    if (placeOf(endpoint, slice).pod !== key) return endpoint;
    const { topology: _old, zone: _zone, hints: _hints, ...rest } = endpoint;
    return { ...rest, nodeName: node, addresses: (endpoint.addresses ?? []).map(moved) };
  });
  return slice.endpoints === undefined || slice.endpoints === null ? slice : { ...slice, endpoints };
}

function movedPod(pod: PodObject, node: NodeObject, moved: (old: string) => string): PodObject {
  const ips = pod.status?.podIPs ?? (pod.status?.podIP === undefined ? [] : [{ ip: pod.status.podIP }]);
  const podIPs = ips.map(({ ip }) => ({ ip: moved(ip) }));
  const [first] = podIPs;
  return {
    ...pod,
    spec: { ...pod.spec, nodeName: node.metadata.name },
    status: { ...pod.status, podIPs, ...(first === undefined ? {} : { podIP: first.ip }) },
  };
}

/** Whether a pod that was not read is on its node's own network, by its address. */
function isHostEndpoint(evidence: Evidence, key: string): boolean {
  const own = new Set(objectsOf(evidence, 'Node').flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => address)));
  return objectsOf(evidence, 'EndpointSlice').some((slice) =>
    (slice.endpoints ?? []).some(
      (endpoint) => placeOf(endpoint, slice).pod === key && (endpoint.addresses ?? []).some((address) => own.has(address)),
    ),
  );
}

/** The pod object; null where only an endpoint tells of it. */
function knownPod(evidence: Evidence, { namespace, name }: PodName): PodObject | null {
  const pods = objectsOf(evidence, 'Pod');
  const key = podKey(namespace, name);
  const found = pods.find((pod) => keyOfPod(pod) === key);
  if (found !== undefined) return found;
  const named = objectsOf(evidence, 'EndpointSlice').flatMap((slice) =>
    (slice.endpoints ?? []).flatMap((endpoint) => placeOf(endpoint, slice).pod ?? []),
  );
  if (named.includes(key)) return null;
  const near = [...pods.map(keyOfPod), ...named]
    .filter((each) => each.startsWith(`${namespace}/`))
    .map((each) => each.slice(namespace.length + 1));
  throw new Failure(
    `pod "${name}" not found in namespace "${namespace}"`,
    didYouMean(name, near) ?? `see kubectl get pods -n ${namespace}`,
  );
}
