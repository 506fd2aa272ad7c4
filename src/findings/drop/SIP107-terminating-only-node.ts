import { DELIVERED, DROPPED, EXTERNAL, through, withoutRanged } from '../claims.ts';
import { isClaimable, leftToHost } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { getPods, nameList, verb } from '../words.ts';

interface Dying extends Fact {
  readonly nodes: readonly string[];
  /** kube-proxy there does not use terminating endpoints. */
  readonly isDown: boolean;
}

/** The minor version from which kube-proxy falls back to serving, terminating endpoints (KEP-1669). */
const FALLBACK_SINCE = 26;

/** Local policy: the last endpoints of a node are terminating. */
export const terminatingOnlyNode = defineServiceRule<Dying>({
  id: 'terminating-only-node',
  title: 'a node lives on terminating endpoints',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const dying = new Set<string>();
    for (const slot of scene.slots())
      for (const [node, chosen] of slot.holders())
        if (scene.balancer().isEligible(node) && chosen.every(({ ready }) => !ready) && !leftToHost(scene, [slot]).has(node))
          dying.add(node);
    const nodes = [...dying].filter((name) => {
      const node = scene.cluster.cluster.nodeByName.get(name);
      return node !== undefined && isClaimable(scene, node);
    });
    const down = nodes.filter((node) => !fallsBack(scene, node));
    return [
      ...(down.length === 0 ? [] : [{ severity: 'error' as const, key: 'down', objects: down.map(nodeRef), nodes: down, isDown: true }]),
      ...(nodes.length === down.length ? [] : [livingOn(nodes.filter((node) => fallsBack(scene, node)))]),
    ];
  },
  claims: ({ nodes, isDown }, scene) =>
    nodes.flatMap((node) => {
      const slots = scene.slots().filter(
        (slot) =>
          slot
            .holders()
            .get(node)
            ?.every(({ ready }) => !ready) === true,
      );
      const targets = through(scene, slots, [node]).map((to) => (scene.service.sourceRanges.length > 0 ? withoutRanged(to) : to));
      return targets.map((to) => ({ from: EXTERNAL, to, outcome: isDown ? DROPPED : DELIVERED }));
    }),
  tell: ({ nodes, isDown }, scene) => ({
    message: isDown
      ? `${nameList(nodes)} ${verb(nodes.length, 'has', 'have')} terminating endpoints of ${scene.key} only: outside traffic is dropped there`
      : `${nameList(nodes)} ${verb(nodes.length, 'lives', 'live')} on terminating endpoints of ${scene.key}: traffic is still served, the health check already answers 503`,
    why: isDown
      ? `kube-proxy before 1.${FALLBACK_SINCE} does not use endpoints that terminate, and with externalTrafficPolicy Local it uses no other node's`
      : 'with externalTrafficPolicy Local the node drops as soon as these pods are gone, unless another becomes ready there',
    remedy: `During a roll-out there is nothing to do; otherwise find out why no pod became ready there: ${getPods(scene)} -o wide`,
  }),
});

function livingOn(nodes: readonly string[]): Dying {
  return { objects: nodes.map(nodeRef), nodes, isDown: false };
}

function fallsBack({ cluster }: ServiceScene, node: string): boolean {
  const candidates = cluster.dataplane.classOf.get(node)?.candidates ?? [];
  return candidates.length === 0 || candidates.some(({ minor }) => minor >= FALLBACK_SINCE);
}
