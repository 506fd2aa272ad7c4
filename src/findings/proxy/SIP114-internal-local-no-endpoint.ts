import type { Node } from '../../cluster/model.ts';
import { at, DROPPED, slotsNamed } from '../claims.ts';
import { anyPodOn, flowTo } from '../inside.ts';
import { isClaimable, MOST_NODES } from '../reach.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, onPorts, patchSpec, plural, verb } from '../words.ts';

interface Cut extends Fact {
  readonly nodes: readonly string[];
  readonly count: number;
  readonly ports: readonly string[];
  readonly slots: number;
}

const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** internalTrafficPolicy Local: a node without an endpoint of its own drops what its pods send to the clusterIP (KEP-2086, on since 1.22). */
export const internalLocalNoEndpoint = defineServiceRule<Cut>({
  id: 'internal-local-no-endpoint',
  title: 'pods on nodes without a local endpoint cannot reach the clusterIP',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'endpoint-without-nodename'],
  detect: (scene) => {
    const { service, cluster } = scene;
    if (service.internalTrafficPolicy !== 'Local') return [];
    const slots = scene.slots().filter((slot) => slot.usable.length > 0);
    const lacking = (slot: Slot): Node[] => cluster.cluster.nodes.filter((node) => !slot.holders().has(node.name) && mayCall(scene, node));
    const found = new Map(slots.map((slot) => [slot, failing(scene, slot, lacking(slot))]));
    const nodes = [...new Set([...found.values()].flat())];
    if (nodes.length === 0) return [];
    return [
      {
        objects: nodes.slice(0, MOST_NODES).map(nodeRef),
        field: 'spec.internalTrafficPolicy',
        nodes: nodes.slice(0, MOST_NODES),
        count: nodes.length,
        ports: [...found].filter(([, at]) => at.length > 0).map(([slot]) => slot.label),
        slots: scene.slots().length,
      },
    ];
  },
  claims: ({ nodes, ports }, scene) => {
    const slots = slotsNamed(scene, ports);
    return nodes.map((node) => {
      const lacking = slots.filter((slot) => !slot.holders().has(node));
      return { from: { kind: 'pod', nodes: [node] }, to: at(scene, lacking, { kinds: ['clusterIP'] }), outcome: DROPPED };
    });
  },
  tell: ({ nodes, count, ports, slots }, scene) => ({
    message: `pods on ${plural(count, 'node')} cannot reach the clusterIP of ${scene.key}${onPorts(ports, slots)}: ${nameList(nodes)}`,
    why: `internalTrafficPolicy is Local and ${verb(count, 'that node has', 'these nodes have')} no usable endpoint: what pods there send to the clusterIP is dropped (a time-out), although endpoints exist elsewhere`,
    remedy: `Run a pod on every node with clients (DaemonSet), or let nodes without one send on: ${patchSpec(scene, { internalTrafficPolicy: 'Cluster' })} (add trafficDistribution: PreferSameNode from 1.35 on to keep traffic on the node where it can stay)`,
  }),
});

/** Where the pods are known, a node with an ordinary pod on it; else a node that takes ordinary pods. */
function mayCall(scene: ServiceScene, node: Node): boolean {
  if (node.deleting || !isClaimable(scene, node)) return false;
  if (scene.cluster.has('Pod')) return callers(scene.cluster).has(node.name);
  return !node.taints.some((taint) => CONTROL_PLANE.includes(taint));
}

/** Nodes on which a pod of its own network runs that no system component owns: those of kube-system have other ways. */
const callers = perCluster(({ pods }) => {
  const nodes = new Set<string>();
  for (const { spec, status, metadata } of pods().all) {
    const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (!ended && spec?.nodeName !== undefined && spec.hostNetwork !== true && metadata.namespace !== 'kube-system')
      nodes.add(spec.nodeName);
  }
  return nodes;
});

/** Of nodes that have no endpoint, those of which the prediction says that pods' packets are dropped; nodes of one data plane fare alike. */
function failing(scene: ServiceScene, slot: Slot, nodes: readonly Node[]): string[] {
  const address = scene.service.clusterIPs.find((ip) => ip.includes(':') === (slot.family === 6));
  if (address === undefined) return [];
  const alike = new Map<unknown, Node[]>();
  for (const node of nodes) append(alike, scene.cluster.dataplane.classOf.get(node.name), node);
  return [...alike.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { verdict } = flowTo(scene, slot, anyPodOn(scene.cluster, first), { kind: 'clusterIP', address });
    const unmodelled = scene.cluster.plane === 'unknown';
    return verdict === 'dropped' || unmodelled ? members.map(({ name }) => name) : [];
  });
}
