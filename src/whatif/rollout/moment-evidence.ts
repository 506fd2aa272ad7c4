import type { Evidence } from '../../cluster/evidence.ts';
import type { EndpointSliceObject, NodeObject } from '../../cluster/objects.ts';
import type { Family } from '../../net/ip.ts';
import { canonicalIp, familyOf } from '../../net/ip.ts';
import { hostAddress, newPodAddress } from '../new-address.ts';
import { placeOf, type SliceEndpoint } from '../places.ts';
import { replaced } from '../stage.ts';
import type { RollingPod } from './walk.ts';

/** What stays the same over an update. */
export interface Before {
  readonly evidence: Evidence;
  readonly namespace: string;
  readonly service: string;
  /** All pods of the workload, as `ns/name`. */
  readonly old: ReadonlySet<string>;
  readonly nodes: ReadonlyMap<string, NodeObject>;
  readonly hostNetwork: boolean;
  /** publishNotReadyAddresses: ready is what the slices always say. */
  readonly published: boolean;
}

/** Gives new pods addresses, the same at every moment. */
export type Addresses = (pod: RollingPod, family: Family) => string | null;

/**
 * The cluster at one moment of the update, as the EndpointSlice controller would describe it (k8s pkg/controller/endpointslice podToEndpoint:
 * ready is serving and not terminating; a pod that terminates goes on serving until its readiness probe fails or it is gone).
 */
export function evidenceAt(before: Before, pods: readonly RollingPod[], addresses: Addresses): Evidence {
  const byId = new Map(pods.map((pod) => [pod.id, pod]));
  const fresh = pods.filter((pod) => pod.isNew && pod.node !== null && (pod.phase === 'ready' || before.published));
  const chosen = new Map<string, EndpointSliceObject>();
  return replaced(before.evidence, 'EndpointSlice', (slice) => {
    if (!isOwn(slice, before)) return slice;
    const kept = (slice.endpoints ?? []).flatMap((endpoint): SliceEndpoint[] => {
      const { pod } = placeOf(endpoint, slice);
      if (pod === null || !before.old.has(pod)) return [endpoint];
      const now = byId.get(pod);
      if (now === undefined) return [];
      if (now.phase !== 'terminating') return [endpoint];
      const serving = endpoint.conditions?.serving ?? endpoint.conditions?.ready ?? true;
      return [{ ...endpoint, conditions: { ready: before.published, serving, terminating: true } }];
    });
    const type = slice.addressType ?? 'IPv4';
    const isFirst = (chosen.get(type) ?? slice) === slice && (slice.ports ?? []).length > 0;
    if (!isFirst) return { ...slice, endpoints: kept };
    chosen.set(type, slice);
    const family = type === 'IPv6' ? 6 : 4;
    const added = fresh.flatMap((pod): SliceEndpoint[] => {
      const address = addresses(pod, family);
      if (address === null || pod.node === null) return [];
      const serving = pod.phase === 'ready';
      return [
        { addresses: [address], nodeName: pod.node, conditions: { ready: serving || before.published, serving, terminating: false } },
      ];
    });
    return { ...slice, endpoints: [...kept, ...added] };
  });
}

function isOwn({ metadata }: EndpointSliceObject, { namespace, service }: Before): boolean {
  return (metadata.namespace ?? 'default') === namespace && metadata.labels?.['kubernetes.io/service-name'] === service;
}

/** Addresses that the CNI might give; where nodes have no podCIDR, one near those of the pods that are there. */
export function createAddresses({ evidence, nodes, hostNetwork, namespace, service }: Before): Addresses {
  const known = new Map<string, string | null>();
  const taken = new Set<string>();
  const near = evidence.objects
    .filter((object) => object.kind === 'EndpointSlice')
    .filter((slice) => isOwn(slice, { namespace, service } as Before))
    .flatMap((slice) =>
      (slice.endpoints ?? []).flatMap(({ addresses = [] }) => addresses.flatMap((address) => canonicalIp(address) ?? [])),
    );
  const find = (pod: RollingPod, family: Family): string | null => {
    const node = nodes.get(pod.node ?? '');
    if (node === undefined) return null;
    if (hostNetwork) return hostAddress(node, family);
    return newPodAddress(evidence, node, family, taken) ?? besides(near, family, taken);
  };
  return (pod, family) => {
    const key = `${pod.id} ${pod.node} ${family}`;
    const found = known.has(key) ? (known.get(key) ?? null) : find(pod, family);
    known.set(key, found);
    if (found !== null && !hostNetwork) taken.add(found);
    return found;
  };
}

function besides(near: readonly string[], family: Family, taken: ReadonlySet<string>): string | null {
  const base = near.find((address) => familyOf(address) === family);
  if (base === undefined) return null;
  const stem = base.replace(/[0-9a-f]*$/i, '');
  for (let number = 2; number < 250; number++) {
    const address = canonicalIp(`${stem}${number}`);
    if (address !== null && !taken.has(address) && !near.includes(address)) return address;
  }
  return null;
}
