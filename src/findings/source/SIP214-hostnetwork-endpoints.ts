import type { Node } from '../../cluster/model.ts';
import { at, EXTERNAL, usableSlots } from '../claims.ts';
import { isClaimable, outsideFlow } from '../reach.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList } from '../words.ts';

interface Mixed extends Fact {
  readonly near: readonly string[];
}

/** Nodes that are asked for a proof. */
const MOST_ASKED = 3;

/** A node needs no masquerading towards itself, so endpoints on the host network see clients that enter by their own node (recorded kernel outcomes). */
export const hostnetworkEndpoints = defineServiceRule<Mixed>({
  id: 'hostnetwork-endpoints',
  title: 'endpoints on the host network see the client or a node, depending on the node that was asked',
  severity: 'info',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-is-a-proxy', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isExternal || scene.isLocal) return [];
    for (const slot of scene.slots()) {
      const entries = onOwnAddress(scene, slot);
      const near = entries
        .slice(0, MOST_ASKED)
        .filter(
          (node) =>
            outsideFlow(scene, slot, node)?.branches.some(
              ({ endpoint, source }) => endpoint?.node === node.name && source?.kind === 'preserved',
            ) === true,
        );
      const [first] = near;
      if (first === undefined) continue;
      return [{ objects: near.map(nodeRef), field: 'spec.externalTrafficPolicy', near: entries.map(({ name }) => name) }];
    }
    return [];
  },
  claims: ({ near }, scene) =>
    near.map((node) => ({
      from: EXTERNAL,
      to: at(scene, usableSlots(scene), { nodes: [node] }),
      outcome: { kind: 'preserved', pods: hostPodsOn(scene, node) },
    })),
  tell: ({ near }, scene) => ({
    message: `endpoints of ${scene.key} on the host network see the client's address where they are asked directly (${nameList(near)}), and a node's address otherwise`,
    why: 'externalTrafficPolicy is Cluster: what a node sends on is masqueraded to the address of the device that it leaves by; towards the node itself that changes nothing',
    remedy: 'Do not take such logs for complete; to see every client, set externalTrafficPolicy Local',
  }),
});

/** Entry nodes with an endpoint on their own network. */
function onOwnAddress(scene: ServiceScene, slot: Slot): Node[] {
  return [...slot.holders()].flatMap(([name, endpoints]) => {
    const node = scene.cluster.cluster.nodeByName.get(name);
    if (node === undefined || !endpoints.some(({ address }) => node.internalIPs.includes(address))) return [];
    return scene.balancer().isEligible(name) && isClaimable(scene, node) ? [node] : [];
  });
}

function hostPodsOn(scene: ServiceScene, node: string): string[] {
  const own = scene.cluster.cluster.nodeByName.get(node)?.internalIPs ?? [];
  return scene
    .endpoints()
    .flatMap(({ pod, node: on, address }) => (pod !== null && on === node && own.includes(address) ? [pod.name] : []));
}
