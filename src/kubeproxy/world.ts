import type { Cluster, Node, Pod, Protocol } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Dataplane, DataplaneClass, PodNetwork, ProxyConfig } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';
import { addressAt, FAMILIES, familyOf, isLoopback, parseCidr } from '../net/ip.ts';
import type { Categories, FamilyPort } from './endpoints.ts';
import { categorize, familyPorts } from './endpoints.ts';

/**
 * A cluster under one supposition: each node with one configuration of its kube-proxy, and one way of the CNI.
 * Where the evidence leaves several open, an answer counts only if every world gives it.
 */
export interface World {
  readonly cluster: Cluster;
  readonly network: PodNetwork;
  configOf(node: Node): ProxyConfig | null;
  /** Why a node's data plane is not modelled, or null. */
  unmodelled(node: Node): string | null;
  /** Ports of Services by one of their addresses: `ip protocol port`. */
  readonly byAddress: ReadonlyMap<string, readonly FamilyPort[]>;
  /** Ports of Services by node port: `family protocol port`. */
  readonly byNodePort: ReadonlyMap<string, readonly FamilyPort[]>;
  readonly clusterIPs: ReadonlySet<string>;
  /** The node on whose device an address is. */
  ownerOf(address: string): Node | null;
  /** The node behind an ExternalIP that stands beside an InternalIP: reached through a NAT in front of the cluster. */
  nattedOwnerOf(address: string): Node | null;
  isLocal(node: Node, address: string): boolean;
  /** The addresses on a node's devices, loopback apart. */
  addressesOf(node: Node): readonly string[];
  podOf(address: string): Pod | null;
  /** The pods on a node's own network. */
  hostPodsOf(node: Node): readonly Pod[];
  /** The node whose podCIDR holds an address. */
  holderOf(address: string): Node | null;
  categories(at: FamilyPort, node: Node, config: ProxyConfig): Categories;
}

/** Every combination of kube-proxy configuration and CNI behaviour that the evidence allows. */
export function worldsOf(cluster: Cluster, dataplane: Dataplane): World[] {
  const shared = indexCluster(cluster);
  const choices = choicesOf(dataplane.classes);
  return dataplane.networks.flatMap((network) => choices.map((choice) => createWorld(cluster, dataplane, network, choice, shared)));
}

/** Which of its candidates each class has in one world; a class without a place here has too many others beside it to be decided. */
type Choice = ReadonlyMap<DataplaneClass, number>;

/** More combinations than this are not tried: what the last classes do is then left open. */
const MOST_CHOICES = 64;

/**
 * Classes that are open in the same way are so for one reason (a ConfigMap that could not be read, with two versions in the middle of a
 * roll-out), so they go together; all others vary freely.
 */
function choicesOf(classes: readonly DataplaneClass[]): readonly Choice[] {
  const alike = new Map<string, DataplaneClass[]>();
  for (const entry of classes) {
    append(alike, JSON.stringify(entry.candidates.map((candidate) => ({ ...candidate, minor: 0, patch: 0 }))), entry);
  }
  let choices: Choice[] = [new Map()];
  for (const group of alike.values()) {
    const count = Math.max(1, group[0]?.candidates.length ?? 0);
    if (choices.length * count > MOST_CHOICES) continue;
    choices = choices.flatMap((choice) =>
      Array.from({ length: count }, (_, at) => new Map([...choice, ...group.map((entry) => [entry, at] as const)])),
    );
  }
  return choices;
}

type Index = ReturnType<typeof indexCluster>;

function indexCluster(cluster: Cluster) {
  const byAddress = new Map<string, FamilyPort[]>();
  const byNodePort = new Map<string, FamilyPort[]>();
  const clusterIPs = new Set<string>();
  for (const service of cluster.services) {
    for (const family of FAMILIES) {
      for (const at of familyPorts(service, family)) {
        const { port } = at;
        clusterIPs.add(at.clusterIP);
        for (const ip of new Set([at.clusterIP, ...at.externalIPs, ...at.vips, ...at.proxyIps])) {
          append(byAddress, addressKey(ip, port.protocol, port.port), at);
        }
        if (port.nodePort !== null) append(byNodePort, nodePortKey(family, port.protocol, port.nodePort), at);
      }
    }
  }
  const podByAddress = new Map<string, Pod>();
  const nodesWithPods = new Set<string>();
  const hostPods = new Map<string, Pod[]>();
  for (const pod of cluster.pods) {
    if (pod.hostNetwork && pod.node !== null) append(hostPods, pod.node, pod);
    if (pod.hostNetwork) continue;
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed') continue;
    for (const address of pod.addresses) podByAddress.set(address, pod);
    if (pod.node !== null && pod.addresses.length > 0) nodesWithPods.add(pod.node);
  }
  return { byAddress, byNodePort, clusterIPs, podByAddress, nodesWithPods, hostPods, holderOf: podCidrIndex(cluster.nodes) };
}

/** podCIDRs by their text: an address is looked up once per prefix length in use, not once per node. */
function podCidrIndex(nodes: readonly Node[]): (address: string) => Node | null {
  const holders = new Map<string, Node>();
  const prefixes = new Map<string, { family: Family; prefix: number }>();
  for (const node of nodes) {
    for (const { text, family, prefix } of node.podCidrs) {
      holders.set(text, node);
      prefixes.set(`${family}/${prefix}`, { family, prefix });
    }
  }
  return (address) => {
    const family = familyOf(address);
    for (const known of prefixes.values()) {
      const holder = known.family === family ? holders.get(parseCidr(`${address}/${known.prefix}`)?.text ?? '') : undefined;
      if (holder !== undefined) return holder;
    }
    return null;
  };
}

export function addressKey(ip: string, protocol: Protocol, port: number): string {
  return `${ip} ${protocol} ${port}`;
}

export function nodePortKey(family: Family, protocol: Protocol, port: number): string {
  return `${family} ${protocol} ${port}`;
}

function createWorld(cluster: Cluster, dataplane: Dataplane, network: PodNetwork, choice: Choice, index: Index): World {
  const owners = new Map<string, Node>();
  const natted = new Map<string, Node>();
  const addresses = new Map(cluster.nodes.map((node) => [node.name, deviceAddresses(node, network, index.nodesWithPods)]));
  for (const node of cluster.nodes) {
    for (const address of addresses.get(node.name) ?? []) owners.set(address, node);
    for (const address of node.externalIPs) if (!owners.has(address)) natted.set(address, node);
  }
  const caches = new Map<ProxyConfig, Map<FamilyPort, Map<string, Categories>>>();
  return {
    cluster,
    network,
    byAddress: index.byAddress,
    byNodePort: index.byNodePort,
    clusterIPs: index.clusterIPs,
    configOf: (node) => {
      const found = dataplane.classOf.get(node.name);
      const at = found === undefined ? undefined : choice.get(found);
      return at === undefined ? null : (found?.candidates[at] ?? null);
    },
    unmodelled: (node) => {
      const found = dataplane.classOf.get(node.name);
      if (found === undefined) return `nothing is known of node ${node.name}`;
      return found.unmodelled ?? (choice.has(found) ? null : 'too much is open about how the nodes are configured');
    },
    ownerOf: (address) => owners.get(address) ?? null,
    nattedOwnerOf: (address) => natted.get(address) ?? null,
    isLocal: (node, address) => isLoopback(address) || owners.get(address) === node,
    addressesOf: (node) => addresses.get(node.name) ?? [],
    podOf: (address) => index.podByAddress.get(address) ?? null,
    hostPodsOf: (node) => index.hostPods.get(node.name) ?? [],
    holderOf: index.holderOf,
    categories: (at, node, config) => {
      const byPort = getOrAdd(caches, config, () => new Map<FamilyPort, Map<string, Categories>>());
      const byNode = getOrAdd(byPort, at, () => new Map<string, Categories>());
      return getOrAdd(byNode, node.name, () => categorize(at, node, config));
    },
  };
}

/** Addresses on a node's devices as far as API objects and the CNI's way show them; loopback apart. */
function deviceAddresses(node: Node, network: PodNetwork, nodesWithPods: ReadonlySet<string>): string[] {
  const own = FAMILIES.map((family) => nodeIp(node, family)).filter((address) => address !== null);
  const found = [...node.internalIPs, ...own.filter((address) => !node.internalIPs.includes(address))];
  const gateway = network.podLink === 'bridge' || (network.podLink === 'ptp' && nodesWithPods.has(node.name));
  for (const cidr of node.podCidrs) {
    const first = gateway ? addressAt(cidr, 1) : null;
    if (first !== null) found.push(first);
  }
  const { routing } = network;
  if (routing.kind === 'overlay' || routing.kind === 'cross-subnet') found.push(...Object.values(routing.addresses.get(node.name) ?? {}));
  return found;
}

/** The first podCIDR of a family, the one that counts for kube-proxy and bridges. */
export function podCidrOf(node: Node, family: Family) {
  return node.podCidrs.find((cidr) => cidr.family === family) ?? null;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
