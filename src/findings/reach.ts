import { externalAsker } from '../analysis/clients.ts';
import type { Flow } from '../analysis/report.ts';
import type { Node } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import { servesNodePortsOn } from '../kubeproxy/entry.ts';
import type { Family } from '../net/ip.ts';
import { FAMILIES, familyOf } from '../net/ip.ts';
import type { Balancer } from './scene/balancer.ts';
import { perCluster } from './scene/per-cluster.ts';
import type { Slot } from './scene/slots.ts';
import type { ServiceScene } from './scene.ts';

/** What outside clients meet, asked of the prediction. */

/** Nodes listed one by one in a finding; the rest is counted. */
export const MOST_NODES = 50;

/** Whether rules may claim something about a node: its data plane is modelled, or none is, and then what is said is a hint. */
export function isClaimable({ cluster }: ServiceScene, node: Node): boolean {
  if (node.operatingSystem !== 'linux') return false;
  return cluster.plane === 'unknown' || cluster.isModelled(node.name);
}

interface Entries {
  readonly nodes: readonly Node[];
  readonly placeOf: ReadonlyMap<string, number>;
}

/** Services share balancers, and so these: Services × nodes would be tens of millions. */
const entriesBy = new WeakMap<Balancer, Entries>();

function entriesOf(scene: ServiceScene): Entries {
  const balancer = scene.balancer();
  const found = entriesBy.get(balancer);
  if (found !== undefined) return found;
  const nodes = balancer.eligible.filter((node) => isClaimable(scene, node));
  const made = { nodes, placeOf: new Map(nodes.map(({ name }, place) => [name, place])) };
  entriesBy.set(balancer, made);
  return made;
}

/** Nodes that outside traffic may be sent to and about which something can be said. */
export function entryNodes(scene: ServiceScene): readonly Node[] {
  return entriesOf(scene).nodes;
}

/** Those entry nodes that have one of these names, in the order of the nodes. */
export function entriesAmong(scene: ServiceScene, names: Iterable<string>): readonly Node[] {
  const { nodes, placeOf } = entriesOf(scene);
  const places = new Set<number>();
  for (const name of names) {
    const place = placeOf.get(name);
    if (place !== undefined) places.add(place);
  }
  return [...places].sort((a, b) => a - b).flatMap((place) => nodes[place] ?? []);
}

/** The entry nodes that are not among these: the first of them, and how many there are. */
export function entriesWithout(
  scene: ServiceScene,
  names: ReadonlyMap<string, unknown>,
  most: number,
): { readonly first: readonly Node[]; readonly count: number } {
  const { nodes, placeOf } = entriesOf(scene);
  const first: Node[] = [];
  for (let place = 0; place < nodes.length && first.length < most; place++) {
    const node = nodes[place];
    if (node !== undefined && !names.has(node.name)) first.push(node);
  }
  let among = 0;
  for (const name of names.keys()) if (placeOf.has(name)) among++;
  return { first, count: nodes.length - among };
}

/** The flow of an outside client that comes to a node: to its node port, else to an LB IP or externalIP through it. Null: there is no such address. */
export function outsideFlow(scene: ServiceScene, slot: Slot, node: Node): Flow | null {
  const { port, family } = slot;
  const servicePort = port.name === '' ? String(port.port) : port.name;
  const { protocol } = port;
  const client = externalAsker(null, null, null);
  const own = nodeIp(node, family);
  if (port.nodePort !== null && own !== null) {
    const target = { kind: 'nodePort', node: node.name, address: own, port: port.nodePort, protocol, servicePort } as const;
    return scene.oracle().ask(client, target, null).flow;
  }
  const kinds = [
    ['loadBalancerIP', scene.vips],
    ['externalIP', scene.service.externalIPs],
  ] as const;
  for (const [kind, addresses] of kinds) {
    const address = addresses.find((one) => familyOf(one) === family);
    if (address !== undefined)
      return scene.oracle().ask(client, { kind, node: null, address, port: port.port, protocol, servicePort }, node).flow;
  }
  return null;
}

/** Nodes whose own address, by any kube-proxy that they may have, takes no node ports. Few clusters have any. */
const unserved = perCluster(({ cluster, dataplane }): Readonly<Record<Family, ReadonlySet<string>>> => {
  const nodes = (family: Family): ReadonlySet<string> =>
    new Set(
      cluster.nodes.flatMap((node) => {
        const own = nodeIp(node, family);
        const candidates = dataplane.classOf.get(node.name)?.candidates ?? [];
        const isOut = own !== null && candidates.length > 0 && candidates.every((config) => !servesNodePortsOn(node, config, own, family));
        return isOut ? [node.name] : [];
      }),
    );
  const [four, six] = FAMILIES.map(nodes);
  return { 4: four ?? new Set(), 6: six ?? new Set() };
});

/** Whether a node's own address takes no node ports: iptables mode still drops and refuses there what it would elsewhere, and leaves the rest to the host. */
export function isUnserved({ cluster }: ServiceScene, node: Node | string, family: Family): boolean {
  return unserved(cluster)[family].has(typeof node === 'string' ? node : node.name);
}

/** Nodes at which outside clients get to nothing of these slots, and not because of a policy: the host itself answers them. */
export function leftToHost(scene: ServiceScene, slots: readonly Slot[]): ReadonlySet<string> {
  const [first, ...others] = slots.map((slot) => leftOf(scene, slot));
  return new Set([...(first ?? [])].filter((name) => others.every((other) => other.has(name))));
}

const NONE: ReadonlySet<string> = new Set();

/** Nodes of one data plane fare alike, those with an endpoint of their own among themselves. */
function leftOf(scene: ServiceScene, slot: Slot): ReadonlySet<string> {
  const names = unserved(scene.cluster)[slot.family];
  if (names.size === 0 || hasVip(scene, slot)) return NONE;
  const { nodeByName } = scene.cluster.cluster;
  const holders = slot.holders();
  const asked = [new Map<unknown, boolean>(), new Map<unknown, boolean>()] as const;
  const isLeft = (name: string): boolean => {
    const node = nodeByName.get(name);
    const plane = scene.cluster.dataplane.classOf.get(name);
    const known = asked[holders.has(name) ? 1 : 0];
    const found = known.get(plane) ?? (node !== undefined && outsideFlow(scene, slot, node)?.verdict === 'unhandled');
    known.set(plane, found);
    return found;
  };
  return new Set([...names].filter(isLeft));
}

function hasVip({ service, vips }: ServiceScene, { family }: Slot): boolean {
  return [...service.externalIPs, ...vips].some((address) => familyOf(address) === family);
}
