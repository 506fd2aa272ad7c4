import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { EndpointSliceObject, NodeObject, PodObject, ServiceObject } from '../cluster/objects.ts';
import { Failure } from '../net/failure.ts';
import { canonicalIp } from '../net/ip.ts';
import { hostAddress, newPodAddress } from './new-address.ts';
import { list } from './nodes.ts';
import type { SliceEndpoint } from './places.ts';
import { keepEndpoints, keyOfPod, placeOf, slicesOf } from './places.ts';
import { chooseSome } from './possible.ts';
import { serviceObject } from './service.ts';
import type { Changed, Subject } from './stage.ts';
import { objectsOf, replaced } from './stage.ts';

/** A pod behind the Service that is not on its way out. */
interface Backend {
  readonly pod: string;
  readonly node: string | null;
  readonly ready: boolean;
}

/**
 * The Service's pods become N, and everything has settled: pods too many are gone, new ones are ready. Which go and where new ones run is
 * open, so there are several possible clusters.
 */
export function scale(evidence: Evidence, { namespace, name }: Subject, replicas: number): Changed[] {
  const service = serviceObject(evidence, namespace, name);
  const slices = slicesOf(evidence, namespace, name);
  if (slices.length === 0)
    throw new Failure(
      `the pods of Service ${namespace}/${name} are not known`,
      '--scale needs its EndpointSlices, which were not read or do not exist',
    );
  const backends = backendsOf(slices);
  refuse(evidence, service, backends);
  if (replicas === backends.length) return [{ evidence }];
  return replicas < backends.length
    ? scaledDown(evidence, backends, replicas)
    : scaledUp(evidence, { service, slices, backends }, replicas);
}

function backendsOf(slices: readonly EndpointSliceObject[]): Backend[] {
  const found = new Map<string, Backend>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints ?? []) {
      const { pod, node } = placeOf(endpoint, slice);
      if (pod !== null && endpoint.conditions?.terminating !== true)
        found.set(pod, { pod, node, ready: endpoint.conditions?.ready ?? true });
    }
  }
  return [...found.values()];
}

function refuse(evidence: Evidence, { metadata, spec }: ServiceObject, backends: readonly Backend[]): void {
  if (Object.keys(spec?.selector ?? {}).length === 0)
    throw new Failure(`Service ${metadata.name} has no selector: its endpoints were written by hand`, 'there is nothing to scale');
  const names = new Set(backends.map(({ pod }) => pod));
  const owners = objectsOf(evidence, 'Pod')
    .filter((pod) => names.has(keyOfPod(pod)))
    .flatMap((pod) => pod.metadata.ownerReferences?.[0] ?? []);
  if (owners.some(({ kind }) => kind === 'DaemonSet'))
    throw new Failure(
      `the pods of Service ${metadata.name} belong to a DaemonSet`,
      'it has one on each node; see --drain and --delete-pod',
    );
}

// ---- fewer -----------------------------------------------------------------------------------

/** Not-ready pods go first (k8s pkg/controller ActivePodsWithRanks), of a StatefulSet those of the highest ordinals; else it is open who goes. */
function scaledDown(evidence: Evidence, backends: readonly Backend[], replicas: number): Changed[] {
  const ready = backends.filter((backend) => backend.ready);
  const waiting = backends.filter((backend) => !backend.ready);
  const keeping = (kept: readonly Backend[], gaps: readonly Gap[] = []): Changed => {
    const pods = new Set(kept.map(({ pod }) => pod));
    const gone = new Set(backends.map(({ pod }) => pod).filter((pod) => !pods.has(pod)));
    const rest = keepEndpoints(evidence, ({ pod }) => pod === null || !gone.has(pod));
    return { evidence: replaced(rest, 'Pod', (pod) => (gone.has(keyOfPod(pod)) ? null : pod)), gaps };
  };
  const ordered = byOrdinal(evidence, backends);
  if (ordered !== null) return [keeping(ordered.slice(0, replicas))];
  if (replicas >= ready.length) return [keeping([...ready, ...waiting.slice(0, replicas - ready.length)])];
  if (replicas === 0) return [keeping([])];
  const gap = {
    what: `which ${replicas} of ${list(ready.map(({ pod }) => pod))} stay`,
    why: 'the ReplicaSet controller chooses when it is scaled',
  };
  return chooseSome(ready, replicas, ({ node }) => node).map((kept) => keeping(kept, [gap]));
}

/** The pods of a StatefulSet by their ordinals; null where they belong to none. */
function byOrdinal(evidence: Evidence, backends: readonly Backend[]): Backend[] | null {
  const pods = new Map(objectsOf(evidence, 'Pod').map((pod) => [keyOfPod(pod), pod]));
  const isOrdered = (pod: PodObject | undefined): boolean => pod?.metadata.ownerReferences?.[0]?.kind === 'StatefulSet';
  if (backends.length === 0 || !backends.every(({ pod }) => isOrdered(pods.get(pod)))) return null;
  const ordinal = ({ pod }: Backend): number => Number(/-(\d+)$/.exec(pod)?.[1] ?? 0);
  return [...backends].sort((a, b) => ordinal(a) - ordinal(b));
}

// ---- more ------------------------------------------------------------------------------------

interface Growing {
  readonly service: ServiceObject;
  readonly slices: readonly EndpointSliceObject[];
  readonly backends: readonly Backend[];
}

/**
 * New pods on every node that takes any, on none (where there are others), on one or another alone: whatever the scheduler does lies between
 * these, and a flow that ends alike in all of them ends so.
 */
function scaledUp(evidence: Evidence, growing: Growing, replicas: number): Changed[] {
  const { service, backends } = growing;
  const used = new Set(backends.map(({ node }) => node));
  const host = isOnHosts(evidence, growing);
  const open = objectsOf(evidence, 'Node').filter(
    (node) => node.spec?.unschedulable !== true && node.metadata.deletionTimestamp === undefined && !(host && used.has(node.metadata.name)),
  );
  if (open.length === 0) throw new Failure('no node takes new pods', 'all are cordoned, or each has one on its own network already');
  const count = replicas - backends.length;
  const gap = {
    what: `where ${count === 1 ? 'the new pod' : `the ${count} new pods`} of ${service.metadata.name} will run`,
    why: 'the scheduler decides it; told is what holds wherever it puts them, once they are ready',
  };
  const [first, second] = open;
  const alone = [first, second].filter((node) => node !== undefined).map((node) => [node]);
  const choices = open.length === 1 ? [open] : backends.length > 0 ? [open, [], ...alone] : [open, ...alone];
  return choices.map((nodes) => grown(evidence, growing, nodes, { host, gap }));
}

interface How {
  readonly host: boolean;
  readonly gap: Gap;
}

function isOnHosts(evidence: Evidence, { slices }: Growing): boolean {
  const own = new Set(
    objectsOf(evidence, 'Node').flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => canonicalIp(address))),
  );
  const addresses = slices.flatMap((slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []));
  return addresses.length > 0 && addresses.every((address) => own.has(canonicalIp(address)));
}

function grown(evidence: Evidence, growing: Growing, nodes: readonly NodeObject[], { host, gap }: How): Changed {
  const given: string[] = [];
  const gaps: Gap[] = [gap];
  const added = (slice: EndpointSliceObject): EndpointSliceObject => {
    const family = slice.addressType === 'IPv6' ? 6 : 4;
    const endpoints = nodes.flatMap((node): SliceEndpoint[] => {
      const address = host ? hostAddress(node, family) : newPodAddress(evidence, node, family, new Set(given));
      if (address === null) {
        gaps.push({
          what: `address of a new pod on ${node.metadata.name}`,
          why: `the node has no podCIDR of IPv${family} to tell it; it is left out`,
        });
        return [];
      }
      if (!host) given.push(address);
      return [{ addresses: [address], nodeName: node.metadata.name, conditions: { ready: true, serving: true, terminating: false } }];
    });
    return { ...slice, ports: portsFor(slice, growing), endpoints: [...(slice.endpoints ?? []), ...endpoints] };
  };
  const chosen = new Map<string, EndpointSliceObject>();
  for (const slice of growing.slices) {
    const family = slice.addressType ?? 'IPv4';
    const known = chosen.get(family);
    if (known === undefined || ((known.ports ?? []).length === 0 && (slice.ports ?? []).length > 0)) chosen.set(family, slice);
  }
  const grownEvidence = replaced(evidence, 'EndpointSlice', (slice) =>
    chosen.get(slice.addressType ?? 'IPv4') === slice ? added(slice) : slice,
  );
  return { evidence: grownEvidence, gaps, addresses: given };
}

/** A slice without endpoints has no ports; the Service's own tell them unless a name stands for the number. */
function portsFor(slice: EndpointSliceObject, { service }: Growing): NonNullable<EndpointSliceObject['ports']> {
  if ((slice.ports ?? []).length > 0) return slice.ports ?? [];
  return (service.spec?.ports ?? []).map(({ name = '', protocol = 'TCP', port, targetPort = port }) => {
    if (typeof targetPort === 'number') return { name, protocol, port: targetPort };
    throw new Failure(
      `which port the pods of ${service.metadata.name} listen on is not known`,
      `targetPort is the name ${JSON.stringify(targetPort)}, and there is no pod to tell its number`,
    );
  });
}
