import type { Node } from '../../cluster/model.ts';
import { nodeIp } from '../../cluster/model.ts';
import { at, DELIVERED, DROPPED, EXTERNAL } from '../claims.ts';
import { flowTo, processOn } from '../inside.ts';
import { entriesWithout, outsideFlow } from '../reach.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { shellWord } from '../words.ts';

interface Misled extends Fact {
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly slot: Slot;
}

/** Nodes that are asked for one that behaves so. */
const MOST_ASKED = 3;

/** Local policy keeps outside clients off, and lets the node's own processes through to any endpoint (rule "route LOCAL traffic", kubernetes/kubernetes #77523). */
export const selfTestMisleads = defineServiceRule<Misled>({
  id: 'self-test-misleads',
  title: 'a test from the node itself succeeds where outside clients time out',
  severity: 'info',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal || scene.cluster.plane === 'unknown') return [];
    for (const slot of scene.slots().filter(({ usable, port }) => usable.length > 0 && port.nodePort !== null)) {
      for (const node of entriesWithout(scene, slot.holders(), MOST_ASKED).first) {
        const found = misled(scene, slot, node);
        if (found !== null) return [found];
      }
    }
    return [];
  },
  claims: ({ node, slot }, scene) => [
    { from: { kind: 'process', nodes: [node] }, to: at(scene, [slot], { kinds: ['nodePort'], nodes: [node] }), outcome: DELIVERED },
    { from: EXTERNAL, to: at(scene, [slot], { kinds: ['nodePort'], nodes: [node] }), outcome: DROPPED },
  ],
  tell: ({ node, address, port }, scene) => ({
    message: `curl from ${node} to its own node port of ${scene.key} succeeds, while outside clients of that node time out`,
    why: "with externalTrafficPolicy Local a node's own processes and pods may use any endpoint; only what comes from outside needs one on the node",
    remedy: `Test from a machine outside the cluster (curl --connect-timeout 3 ${address}:${port})${health(scene, address)}, and see kubectl srcip explain svc/${shellWord(scene.service.name)} -n ${shellWord(scene.service.namespace)} for what outside clients meet on each node`,
  }),
});

function misled(scene: ServiceScene, slot: Slot, node: Node): Misled | null {
  const address = nodeIp(node, slot.family);
  const port = slot.port.nodePort;
  if (address === null || port === null || outsideFlow(scene, slot, node)?.verdict !== 'dropped') return null;
  const own = flowTo(scene, slot, processOn(node), { kind: 'nodePort', address, node });
  if (own.verdict !== 'delivered') return null;
  return { objects: [nodeRef(node)], node: node.name, address: slot.family === 6 ? `[${address}]` : address, port, slot };
}

function health({ service: { healthCheckNodePort } }: ServiceScene, address: string): string {
  return healthCheckNodePort === null
    ? ''
    : `, ask what the load balancer asks (curl -s http://${address}:${healthCheckNodePort}/healthz shows localEndpoints)`;
}
