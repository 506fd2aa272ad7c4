import { at, EXTERNAL, slotsNamed, UNANSWERED } from '../claims.ts';
import { entryNodes } from '../reach.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { onPorts, plural } from '../words.ts';
import { workloadCommand } from './workload.ts';

interface OneNode extends Fact {
  readonly node: string;
  readonly pods: number;
  readonly entries: number;
  readonly ports: readonly string[];
  readonly slots: number;
}

/** Local policy, and all endpoints that outside traffic can come to are on one node. */
export const localSingleNode = defineServiceRule<OneNode>({
  id: 'local-single-node',
  title: 'all outside traffic depends on one node',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const entries = entryNodes(scene);
    const byNode = new Map<string, { ports: string[]; pods: number }>();
    for (const slot of scene.slots()) {
      const [only, ...others] = [...slot.holders()].filter(([node]) => scene.balancer().isEligible(node));
      if (only === undefined || others.length > 0) continue;
      const known = byNode.get(only[0]) ?? { ports: [], pods: 0 };
      byNode.set(only[0], { ports: [...known.ports, slot.label], pods: Math.max(known.pods, only[1].length) });
    }
    return [...byNode].map(([node, { ports, pods }]) => ({
      severity: entries.length === 1 ? ('info' as const) : ('warning' as const),
      field: 'spec.externalTrafficPolicy',
      objects: [nodeRef(node)],
      node,
      pods,
      entries: entries.length,
      ports,
      slots: scene.slots().length,
    }));
  },
  claims: ({ node, ports }, scene) => {
    const others = entryNodes(scene).flatMap(({ name }) => (name === node ? [] : [name]));
    return [{ from: EXTERNAL, to: at(scene, slotsNamed(scene, ports), { nodes: others }), outcome: UNANSWERED }];
  },
  tell: ({ node, pods, entries, ports, slots }, scene) => ({
    message: `all outside traffic to ${scene.key}${onPorts(ports, slots)} depends on ${node}`,
    why:
      pods > 1
        ? `externalTrafficPolicy is Local and all ${pods} endpoints are stacked on that node: when it goes, or is drained, the Service is down from outside`
        : `externalTrafficPolicy is Local and ${plural(entries, 'node')} may get traffic, but the only endpoint is there: each time its pod moves, clients time out until the health check has followed`,
    remedy: `Run at least two pods on different nodes, with a PodDisruptionBudget (a deliberate singleton: annotate it with srcip.io/ignore="SIP104: reason"): ${workloadCommand(scene)}`,
  }),
});
