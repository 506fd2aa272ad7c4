import type { Cluster, Node } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Dataplane, PodNetwork } from '../dataplane/types.ts';
import type { Cidr, Family } from '../net/ip.ts';
import { addressAt, FAMILIES, familyOf } from '../net/ip.ts';
import type { Device, DeviceAddress, NodeNet, Route } from '../netfilter/node/node-net.ts';

/** Labels for devices whose names no API object shows: rules that ask for a name cannot be decided on them. */
const UPLINK = '(uplink)';
const PODS = '(pods)';

/** What is known of the cluster, and the one thing that is supposed. */
export interface Supposed {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  /** Whether LB IPs and externalIPs are addresses of every node: see {@link perhapsOnNodes}. */
  readonly vipsAreLocal: boolean;
}

/** A node's addresses and routes as far as API objects show them: its InternalIPs, podCIDRs, and how the CNI wires pods and nodes. */
export function deriveNet(node: Node, supposed: Supposed): Omit<NodeNet, 'rulesets'> {
  const network = takenNetwork(supposed);
  const devices = deriveDevices(node, supposed);
  if (devices === null || network === undefined) return { devices: null, routes: null };
  const routes = network === null ? uplinkRoutes(node) : routesOf(node, supposed.cluster, network, podLinkOf(node, network).name);
  const podNames = network?.podDevice ?? null;
  return {
    devices,
    routes,
    unnamed: new Map([
      [UPLINK, isUplink],
      [PODS, (pattern) => isPodDevice(pattern, podNames)],
    ]),
  };
}

/** The devices alone: routes to every other node are many. Null: nothing is known of the pod network. */
export function deriveDevices(node: Node, supposed: Supposed): readonly Device[] | null {
  const network = takenNetwork(supposed);
  if (network === undefined) return null;
  const link = network === null ? { name: PODS, addresses: [] } : podLinkOf(node, network);
  const tunnel = network === null ? null : tunnelOf(node, network);
  return [
    { name: 'lo', master: null, addresses: loopbackAddresses(supposed.vipsAreLocal ? perhapsOnNodes(supposed.cluster) : []) },
    { name: UPLINK, master: null, addresses: uplinkAddresses(node) },
    ...(tunnel ?? []),
    { name: link.name, master: null, addresses: link.addresses },
  ];
}

/** Undefined: no pod network is known; null: where the evidence leaves several ways of the CNI open, none is taken. */
function takenNetwork({ dataplane: { networks } }: Supposed): PodNetwork | null | undefined {
  const [network, ...others] = networks;
  const wiring = (each: PodNetwork): string => `${each.podLink} ${each.podDevice} ${each.routing.kind}`;
  return network === undefined || others.every((other) => wiring(other) === wiring(network)) ? network : null;
}

/** How CNIs and container runtimes begin the names of their own devices: no uplink is named so. */
const NOT_UPLINKS = [
  'cni',
  'veth',
  'cali',
  'lxc',
  'azv',
  'flannel',
  'vxlan',
  'docker',
  'br-',
  'tunl',
  'cilium',
  'kube-',
  'nodelocaldns',
  'lo',
];

function isUplink(pattern: string): boolean | null {
  return NOT_UPLINKS.some((name) => pattern.startsWith(name)) ? false : null;
}

/** `podDevice`: the common beginning of the names with `*`; null: not known. */
function isPodDevice(pattern: string, podDevice: string | null): boolean | null {
  if (podDevice === null) return null;
  const beginning = podDevice.replace('*', '');
  if (pattern.endsWith('+') && beginning.startsWith(pattern.slice(0, -1))) return true;
  return pattern.startsWith(beginning) ? null : false;
}

/** Addresses that a load balancer on the nodes themselves (kube-vip, keepalived) may have put on a device, which no object shows. */
export function perhapsOnNodes(cluster: Cluster): ReadonlySet<string> {
  const known = movable.get(cluster);
  if (known !== undefined) return known;
  const own = new Set(cluster.nodes.flatMap((node) => [...node.internalIPs, ...node.externalIPs]));
  const claimed = cluster.services.flatMap((service) => [...service.externalIPs, ...service.ingress.map((entry) => entry.ip)]);
  const found = new Set(claimed.filter((address) => address !== null && !own.has(address)).map(String));
  movable.set(cluster, found);
  return found;
}

const movable = new WeakMap<Cluster, ReadonlySet<string>>();

function loopbackAddresses(more: Iterable<string>): readonly DeviceAddress[] {
  const own = [
    global('127.0.0.1', 8),
    global('::1', 128),
    ...[...more].map((address) => global(address, familyOf(address) === 4 ? 32 : 128)),
  ];
  return own.map((address) => ({ ...address, scope: 'host' }));
}

function global(address: string, prefix: number): DeviceAddress {
  return { address, prefix, scope: 'global', secondary: false, deprecated: false };
}

/** With several addresses of a family the next hop's subnet decides which one is lent, which no object shows: then none is. */
function uplinkAddresses(node: Node): readonly DeviceAddress[] {
  return node.internalIPs.map((address) => {
    const alone = node.internalIPs.filter((other) => familyOf(other) === familyOf(address)).length === 1;
    return { ...global(address, familyOf(address) === 4 ? 32 : 128), scope: alone ? 'global' : 'unsure' };
  });
}

function podLinkOf(node: Node, network: PodNetwork): { readonly name: string; readonly addresses: readonly DeviceAddress[] } {
  const { podDevice, podLink } = network;
  const name = podDevice === null || podDevice.includes('*') ? PODS : podDevice;
  if (podLink === 'unknown') return { name, addresses: [] };
  // A device without an address lends the node's (inet_select_addr); for IPv6 the choice among several is not concluded here.
  if (podLink === 'unnumbered') return { name, addresses: uplinkAddresses(node).filter(({ address }) => familyOf(address) === 4) };
  const gateways = FAMILIES.flatMap((family) => {
    const cidr = node.podCidrs.find((each) => each.family === family);
    const first = cidr === undefined ? null : addressAt(cidr, 1);
    return first === null || cidr === undefined ? [] : [global(first, podLink === 'bridge' ? prefixOf(cidr) : family === 4 ? 32 : 128)];
  });
  return { name, addresses: gateways };
}

function prefixOf({ text }: Cidr): number {
  return Number(text.slice(text.indexOf('/') + 1));
}

function tunnelOf(node: Node, { routing }: PodNetwork): readonly Device[] | null {
  if (routing.kind !== 'overlay' && routing.kind !== 'cross-subnet') return null;
  const own = routing.addresses.get(node.name) ?? {};
  const byDevice = new Map<string, DeviceAddress[]>();
  for (const family of FAMILIES) {
    const address = own[family];
    if (address === undefined) continue;
    const name = routing.device[family];
    byDevice.set(name, [...(byDevice.get(name) ?? []), global(address, family === 4 ? 32 : 128)]);
  }
  return [...byDevice].map(([name, addresses]) => ({ name, master: null, addresses }));
}

interface Out {
  readonly device: string;
  readonly gateway: string | null;
}

function route(
  family: Family,
  network: { readonly text: string; readonly address: string; readonly prefix: number },
  { device, gateway }: Out,
): Route {
  return { family, dst: network, type: 'unicast', table: 'main', device, gateway, prefsrc: null, metric: 0, nextHops: [] };
}

function networkOf({ text }: Cidr): { text: string; address: string; prefix: number } {
  const [address = '', prefix = ''] = text.split('/');
  return { text, address, prefix: Number(prefix) };
}

/** Everything else leaves by the uplink. */
function uplinkRoutes(node: Node): readonly Route[] {
  return FAMILIES.filter((family) => nodeIp(node, family) !== null).map((family) =>
    route(family, { text: 'default', address: family === 4 ? '0.0.0.0' : '::', prefix: 0 }, { device: UPLINK, gateway: null }),
  );
}

function routesOf(node: Node, cluster: Cluster, network: PodNetwork, podDevice: string): readonly Route[] {
  const own = node.podCidrs.map((cidr) => route(cidr.family, networkOf(cidr), { device: podDevice, gateway: null }));
  const others = cluster.nodes.flatMap((other) =>
    other === node ? [] : other.podCidrs.map((cidr) => towards(node, other, cidr, network)),
  );
  return [...own, ...others, ...uplinkRoutes(node)];
}

function towards(node: Node, other: Node, cidr: Cidr, { routing }: PodNetwork): Route {
  const direct = { device: UPLINK, gateway: nodeIp(other, cidr.family) };
  const tunnel = (): Out =>
    routing.kind === 'overlay' || routing.kind === 'cross-subnet'
      ? { device: routing.device[cidr.family], gateway: routing.addresses.get(other.name)?.[cidr.family] ?? null }
      : direct;
  if (routing.kind === 'direct') return route(cidr.family, networkOf(cidr), direct);
  // By which device other nodes' pods are reached is not known: none has an address to lend.
  if (routing.kind === 'unknown') return route(cidr.family, networkOf(cidr), { device: PODS, gateway: null });
  if (routing.kind === 'overlay') return route(cidr.family, networkOf(cidr), tunnel());
  const subnet = routing.subnets.get(node.name)?.find((each) => each.family === cidr.family);
  const there = nodeIp(other, cidr.family);
  return route(cidr.family, networkOf(cidr), subnet !== undefined && there !== null && subnet.contains(there) ? direct : tunnel());
}
