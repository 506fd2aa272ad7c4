import { DROPPED, EXTERNAL, slotsNamed, through } from '../claims.ts';
import { entriesAmong, entriesWithout, entryNodes, leftToHost, MOST_NODES } from '../reach.ts';
import { append } from '../scene/lazy.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, onPorts, patchSpec, plural, verb } from '../words.ts';

interface NodesWithout extends Fact {
  /** The first of them. */
  readonly nodes: readonly string[];
  readonly count: number;
  readonly entries: number;
  readonly ports: readonly string[];
  readonly slots: number;
  /** Somebody checks each node's health and keeps clients away. */
  readonly isAvoided: boolean;
}

/** externalTrafficPolicy Local: a node without an endpoint of its own drops what comes from outside (KEP-3178; filter DROP since 1.25). */
export const localNodeWithoutEndpoint = defineServiceRule<NodesWithout>({
  id: 'local-node-without-endpoint',
  title: 'outside traffic is dropped on nodes without a local endpoint',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const entries = entryNodes(scene);
    const groups = new Map<string, Slot[]>();
    // Ports and families with endpoints on the same nodes are told together.
    for (const slot of scene.slots()) {
      if (slot.usable.length === 0) continue;
      const holders = entriesAmong(scene, slot.holders().keys());
      if (holders.length < entries.length) append(groups, holders.map(({ name }) => name).join(), slot);
    }
    return [...groups.values()].flatMap((slots) => factOf(scene, entries.length, slots) ?? []);
  },
  claims: ({ nodes, ports }, scene) =>
    through(scene, slotsNamed(scene, ports), nodes).map((to) => ({ from: EXTERNAL, to, outcome: DROPPED })),
  tell: ({ nodes, count, entries, ports, slots, isAvoided }, scene) => ({
    message: `${count} of ${plural(entries, 'node')} ${verb(count, 'drops', 'drop')} outside traffic to ${scene.key}${onPorts(ports, slots)}: ${some(nodes, count)}`,
    why: isAvoided
      ? `externalTrafficPolicy is Local and ${verb(count, 'that node has', 'these nodes have')} no endpoint; the load balancer's health check keeps clients away, so only those who ask ${verb(count, 'that node', 'these nodes')} directly time out`
      : `externalTrafficPolicy is Local, ${verb(count, 'that node has', 'these nodes have')} no endpoint, and ${checker(scene)}: clients sent there time out`,
    remedy: `Let whatever spreads the clients check each node, run a pod on every node that gets traffic (DaemonSet, or topologySpreadConstraints over kubernetes.io/hostname), or give up the clients' addresses: ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })}`,
  }),
});

function factOf(scene: ServiceScene, entries: number, slots: readonly Slot[]): NodesWithout | null {
  const { first, count } = entriesWithout(
    scene,
    new Map([...(slots[0]?.holders().keys() ?? []), ...leftToHost(scene, slots)].map((name) => [name, true])),
    MOST_NODES,
  );
  if (count === 0) return null;
  const isAvoided = isCheckedPerNode(scene) && count < entries;
  const all = scene.slots().length;
  const ports = slots.map(({ label }) => label);
  return {
    severity: isAvoided ? 'info' : 'warning',
    objects: first.map(nodeRef),
    field: 'spec.externalTrafficPolicy',
    key: ports.length === all ? '' : ports.join(),
    nodes: first.map(({ name }) => name),
    count,
    entries,
    ports,
    slots: all,
    isAvoided,
  };
}

function isCheckedPerNode(scene: ServiceScene): boolean {
  const provider = scene.provider();
  return provider !== null && provider.choice !== 'unknown' && scene.service.ingress.length > 0;
}

function checker({ service }: ServiceScene): string {
  if (service.type === 'LoadBalancer')
    return service.ingress.length === 0 ? 'no load balancer is there yet' : 'whether the load balancer checks each node is not known';
  return 'nothing in the cluster keeps clients away from a node port';
}

/** `node2, node4`, and how many more there are beside those listed. */
function some(nodes: readonly string[], count: number): string {
  return count > nodes.length ? `${nameList(nodes.slice(0, 3))} and ${count - 3} more` : nameList(nodes);
}
