import { at, EXTERNAL, slotsNamed, UNANSWERED } from '../claims.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, onPorts, patchSpec } from '../words.ts';

interface NobodyReached extends Fact {
  /** Nodes that have the endpoints, each with the reason why nobody comes there. */
  readonly holders: readonly { readonly node: string; readonly why: string }[];
  readonly ports: readonly string[];
  readonly slots: number;
}

/** Local policy, usable endpoints, and not one node that traffic may be sent to has any of them. */
export const localNoReachableTarget = defineServiceRule<NobodyReached>({
  id: 'local-no-reachable-target',
  title: 'no node that outside traffic may be sent to has an endpoint',
  severity: 'error',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'endpoint-without-nodename', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal || scene.cluster.cluster.nodes.length === 0) return [];
    const slots = scene.slots().filter((slot) => slot.usable.length > 0 && !isReached(scene, slot));
    if (slots.length === 0) return [];
    const nodes = [...new Set(slots.flatMap((slot) => [...slot.holders().keys()]))];
    return [
      {
        objects: nodes.slice(0, 20).map(nodeRef),
        field: 'spec.externalTrafficPolicy',
        holders: nodes.slice(0, 20).map((node) => ({ node, why: whyNot(scene, node) })),
        ports: slots.map((slot) => slot.label),
        slots: scene.slots().length,
      },
    ];
  },
  claims: ({ ports }, scene) => {
    const nodes = scene.balancer().eligible.map(({ name }) => name);
    return [{ from: EXTERNAL, to: at(scene, slotsNamed(scene, ports), { nodes }), outcome: UNANSWERED }];
  },
  tell: ({ holders, ports, slots }, scene) => ({
    message: `no node that outside traffic may be sent to has an endpoint of ${scene.key}${onPorts(ports, slots)}: it is down from outside`,
    why:
      holders.length === 0
        ? 'externalTrafficPolicy is Local and no endpoint names a node, so none is local anywhere'
        : `externalTrafficPolicy is Local, and the endpoints are on ${nameList(holders.map(({ node, why }) => `${node} (${why})`))}`,
    remedy: `Run a pod on a node that may be used, let that node be used${unlabel(holders)}, or leave the node after all (the clients' addresses are lost then): ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })}`,
  }),
});

function isReached(scene: ServiceScene, slot: Slot): boolean {
  for (const node of slot.holders().keys()) if (scene.balancer().isEligible(node)) return true;
  return false;
}

function whyNot(scene: ServiceScene, name: string): string {
  const node = scene.cluster.cluster.nodeByName.get(name);
  return node === undefined ? 'no such node' : (scene.balancer().exclusionOf(node) ?? 'it may be used');
}

function unlabel(holders: NobodyReached['holders']): string {
  const label = /^label ([^=]+)=/.exec(holders[0]?.why ?? '')?.[1];
  return label === undefined ? '' : ` (kubectl label node NODE ${label}-)`;
}
