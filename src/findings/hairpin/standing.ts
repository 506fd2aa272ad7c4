import { type Asker, nodeAsker, standInsFor } from '../../analysis/clients.ts';
import type { Node } from '../../cluster/model.ts';
import { type Cidr, FAMILIES } from '../../net/ip.ts';
import { lazy } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ClusterScene, ServiceScene } from '../scene.ts';

/** Nodes whose pods and processes fare alike when they ask for a Service: one is asked, and speaks for all. */
export interface Alike {
  readonly asked: Node;
  /** All of them; thousands, so they are looked for only when there is something to say. */
  readonly nodes: () => readonly Node[];
}

const standIns = perCluster((scene) => standInsFor(scene.cluster, scene.dataplane));

/** Any ordinary pod of a node. */
export function podOn(scene: ClusterScene, node: Node): Asker {
  return standIns(scene)(node, false);
}

/** A process of a node, or a pod on its network. */
export function processOn(node: Node): Asker {
  return nodeAsker(node, false);
}

/** Modelled Linux nodes by what decides besides endpoints: data plane, and which networks their addresses and their pods' are in. */
const standings = perCluster((scene) => groupBy(scene, scene.cluster.nodes, []));

interface Group {
  readonly nodes: readonly Node[];
  readonly names: ReadonlySet<string>;
}

function groupBy(scene: ClusterScene, nodes: readonly Node[], cidrs: readonly Cidr[]): Group[] {
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const found = scene.dataplane.classOf.get(node.name);
    if (found === undefined || found.candidates.length === 0 || node.operatingSystem !== 'linux') continue;
    const parts: unknown[] = [scene.dataplane.classes.indexOf(found)];
    for (const family of FAMILIES) {
      const sources = [podOn(scene, node).source(family), processOn(node).source(family)];
      const detectors = found.candidates.flatMap(({ detector }) => (detector[family].kind === 'cidr' ? [detector[family].cidr] : []));
      const known = [...detectors, ...cidrs.filter((cidr) => cidr.family === family)];
      for (const source of sources) parts.push(typeof source === 'string' ? known.map((cidr) => cidr.contains(source)).join() : null);
      parts.push(node.internalIPs.length, node.podCidrs.length > 0);
    }
    const key = JSON.stringify(parts);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return [...groups.values()].map((group) => ({ nodes: group, names: new Set(group.map(({ name }) => name)) }));
}

/** Groups for a Service's port: nodes with an endpoint of their own, nodes without, and nodes that own one of its addresses are told apart. */
export function alikeFor(scene: ServiceScene, slot: Slot): readonly Alike[] {
  const holders = slot.holders();
  const owners = new Set([...scene.service.externalIPs, ...scene.vips].flatMap((address) => scene.oracle().ownerOf(address)?.name ?? []));
  const base = scene.service.sourceRanges.length === 0 ? standings(scene.cluster) : withRanges(scene);
  const kinds = [true, false].flatMap((holds) => (owners.size === 0 ? [false] : [true, false]).map((owns) => ({ holds, owns })));
  return base.flatMap((group) =>
    kinds.flatMap(({ holds, owns }) => {
      const belongs = ({ name }: Node): boolean => holders.has(name) === holds && owners.has(name) === owns;
      const asked = (holds ? holding(scene.cluster, group, holders) : group.nodes).find(belongs);
      return asked === undefined ? [] : [{ asked, nodes: lazy(() => group.nodes.filter(belongs)) }];
    }),
  );
}

/** The few nodes with endpoints need not be searched for among all. */
function holding({ cluster }: ClusterScene, { names }: Group, holders: ReadonlyMap<string, unknown>): Node[] {
  return [...holders.keys()].flatMap((name) => (names.has(name) ? (cluster.nodeByName.get(name) ?? []) : []));
}

/** Services often share their ranges. */
const byRanges = perCluster((scene) => {
  const known = new Map<string, Group[]>();
  return (ranges: readonly Cidr[]): Group[] => {
    const key = ranges.map(({ text }) => text).join();
    const found = known.get(key) ?? groupBy(scene, scene.cluster.nodes, ranges);
    known.set(key, found);
    return found;
  };
});

function withRanges({ cluster, service }: ServiceScene): Group[] {
  return byRanges(cluster)(service.sourceRanges);
}
