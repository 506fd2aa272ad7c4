import type { Cluster, Node, Pod, Service } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { Failure } from '../net/failure.ts';
import type { Family } from '../net/ip.ts';
import { addressAt, familyOf } from '../net/ip.ts';
import { didYouMean } from '../net/near.ts';
import type { ClientSpec } from './question.ts';
import type { Client } from './report.ts';

/** A client that asks: what the report calls it, and what its packets look like. */
export interface Asker {
  readonly kind: 'external' | 'node' | 'pod';
  /** The node it runs on; null for an outside client. */
  readonly node: Node | null;
  /** Its packets leave by the node's own network stack. */
  readonly isProcess: boolean;
  /** Asked for by name, so that "no address of that family" is an answer. */
  readonly named: boolean;
  /** Source of its packets as they leave it; null: unnamed outside address, undefined: it has none of this family. */
  source(family: Family): string | null | undefined;
  /** A stand-in for any pod of its node: its address is not to be shown. */
  readonly standIn: boolean;
  readonly inRanges: boolean | null;
  shown(family: Family): Client;
}

/** IPv4 dummy address (RFC 7600) and discard prefix (RFC 6666): stand for a pod's address where no network of pods is known. Never shown. */
const PLACEHOLDER: Readonly<Record<Family, string>> = { 4: '192.0.0.8', 6: '100::8' };
/** Which address of a podCIDR stands for any pod: past the gateway, rarely given out first. */
const STAND_IN_NUMBERS = [251, 249, 247, 13, 11, 7, 5];

export function askerFor(spec: ClientSpec, cluster: Cluster, dataplane: Dataplane): Asker {
  switch (spec.kind) {
    case 'external':
      return externalAsker(spec.address, null, null);
    case 'node':
      return nodeAsker(nodeNamed(cluster, spec.name), true);
    case 'any-pod':
      return standInsFor(cluster, dataplane)(nodeNamed(cluster, spec.node), true);
    case 'pod': {
      const pod = cluster.pods.find((candidate) => candidate.namespace === spec.namespace && candidate.name === spec.name);
      if (pod === undefined) {
        const names = cluster.pods.filter((candidate) => candidate.namespace === spec.namespace).map((candidate) => candidate.name);
        throw new Failure(
          `pod "${spec.name}" not found in namespace "${spec.namespace}"`,
          didYouMean(spec.name, names) ?? 'use pod@NODE for any pod of a node',
        );
      }
      return podAsker(pod, cluster);
    }
  }
}

/** An outside client. Without an address it stands for every client that is none of the cluster's. */
export function externalAsker(address: string | null, name: string | null, inRanges: boolean | null): Asker {
  return {
    kind: 'external',
    node: null,
    isProcess: false,
    named: address !== null,
    source: (family) => (address === null ? null : familyOf(address) === family ? address : undefined),
    standIn: false,
    inRanges,
    shown: () => ({ kind: 'external', name, namespace: null, node: null, address }),
  };
}

export function nodeAsker(node: Node, named: boolean): Asker {
  return {
    kind: 'node',
    node,
    isProcess: true,
    named,
    source: (family) => nodeIp(node, family) ?? undefined,
    standIn: false,
    inRanges: null,
    shown: (family) => ({ kind: 'node', name: node.name, namespace: null, node: node.name, address: nodeIp(node, family) }),
  };
}

export function podAsker(pod: Pod, cluster: Cluster): Asker {
  const node = pod.node === null ? undefined : cluster.nodeByName.get(pod.node);
  if (node === undefined) {
    throw new Failure(`pod "${pod.namespace}/${pod.name}" runs on no known node`, 'it is pending, or its node was not read');
  }
  const own = (family: Family): string | undefined => pod.addresses.find((address) => familyOf(address) === family);
  return {
    kind: 'pod',
    node,
    isProcess: pod.hostNetwork,
    named: true,
    source: (family) => own(family) ?? (pod.hostNetwork ? (nodeIp(node, family) ?? undefined) : undefined),
    standIn: false,
    inRanges: null,
    shown: (family) => ({
      kind: 'pod',
      name: pod.name,
      namespace: pod.namespace,
      node: node.name,
      address: own(family) ?? (pod.hostNetwork ? nodeIp(node, family) : null),
      ...(pod.hostNetwork ? { hostNetwork: true } : {}),
    }),
  };
}

/** Makes the client that stands for any ordinary pod of a node: an address in the node's part of the pod network that belongs to no endpoint. */
export type StandIns = (node: Node, named: boolean) => Asker;

export function standInsFor(cluster: Cluster, dataplane: Dataplane): StandIns {
  const { taken, pods } = addressesOf(cluster);
  return (node, named) => {
    const networks = [...node.podCidrs, ...(dataplane.networks[0]?.networks ?? [])];
    const addresses = { 4: once(() => standIn(4)), 6: once(() => standIn(6)) };
    const standIn = (family: Family): string | undefined => {
      if (nodeIp(node, family) === null) return undefined;
      const free = (address: string | null): address is string => address !== null && familyOf(address) === family && !taken.has(address);
      for (const cidr of [...networks, ...detectorCidrs(node, family, dataplane)]) {
        if (cidr.family !== family) continue;
        const found = STAND_IN_NUMBERS.map((number) => addressAt(cidr, number)).find(free);
        if (found !== undefined) return found;
      }
      const real = (pods.get(node.name) ?? []).flatMap((pod) => pod.addresses).find(free);
      return real ?? PLACEHOLDER[family];
    };
    return {
      kind: 'pod',
      node,
      isProcess: false,
      named,
      source: (family) => addresses[family](),
      standIn: true,
      inRanges: null,
      shown: () => ({ kind: 'pod', name: null, namespace: null, node: node.name, address: null }),
    };
  };
}

interface Addresses {
  /** Of endpoints. */
  readonly taken: ReadonlySet<string>;
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
}

/** Many Services of one cluster ask for stand-ins: its addresses are gathered once. */
const ADDRESSES = new WeakMap<Cluster, Addresses>();

function addressesOf(cluster: Cluster): Addresses {
  const known = ADDRESSES.get(cluster);
  if (known !== undefined) return known;
  const taken = new Set(
    cluster.services.flatMap((service) => service.ports.flatMap((port) => port.endpoints.map((endpoint) => endpoint.address))),
  );
  const pods = new Map<string, Pod[]>();
  for (const pod of cluster.pods) {
    if (pod.node === null || pod.hostNetwork) continue;
    const same = pods.get(pod.node);
    if (same) same.push(pod);
    else pods.set(pod.node, [pod]);
  }
  const found = { taken, pods };
  ADDRESSES.set(cluster, found);
  return found;
}

function once<T>(compute: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

function detectorCidrs(node: Node, family: Family, dataplane: Dataplane) {
  const detectors = (dataplane.classOf.get(node.name)?.candidates ?? []).map((config) => config.detector[family]);
  return detectors.flatMap((detector) => (detector.kind === 'cidr' ? [detector.cidr] : []));
}

/** The node of that name; a Failure with near matches otherwise. */
export function nodeNamed(cluster: Cluster, name: string): Node {
  const node = cluster.nodeByName.get(name);
  if (node !== undefined) return node;
  throw new Failure(
    `node "${name}" not found`,
    didYouMean(
      name,
      cluster.nodes.map((candidate) => candidate.name),
    ) ?? 'see kubectl get nodes',
  );
}

/** Two clients where loadBalancerSourceRanges tell them apart, else one. */
export function defaultExternals(service: Service): Asker[] {
  if (service.sourceRanges.length === 0 || !service.ingress.some((entry) => entry.ip !== null)) return [externalAsker(null, null, null)];
  return [externalAsker(null, 'inside the source ranges', true), externalAsker(null, 'outside the source ranges', false)];
}
