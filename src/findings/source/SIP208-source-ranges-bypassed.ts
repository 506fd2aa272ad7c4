import type { Node } from '../../cluster/model.ts';
import { DELIVERED, EXTERNAL, through, usableSlots } from '../claims.ts';
import { entryNodes, MOST_NODES, outsideFlow } from '../reach.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec, plural } from '../words.ts';

interface Open extends Fact {
  readonly nodePorts: readonly number[];
  readonly nodes: readonly string[];
  readonly count: number;
  /** The load balancer itself comes by the node ports. */
  readonly areNeeded: boolean;
}

/** loadBalancerSourceRanges are enforced at the load balancer's address, not at node ports (kubernetes/kubernetes#33586). */
export const sourceRangesBypassed = defineServiceRule<Open>({
  id: 'source-ranges-bypassed',
  title: 'node ports stay open to clients outside the source ranges',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    if (scene.service.sourceRanges.length === 0 || scene.service.type !== 'LoadBalancer') return [];
    const slots = scene.slots().filter(({ port, usable }) => port.nodePort !== null && usable.length > 0);
    if (slots.length === 0) return [];
    // Nodes without a public address are reached by nobody who is not inside already.
    const nodes = publicNodes(scene).filter((node) => slots.some((slot) => isOpen(scene, slot, node)));
    if (nodes.length === 0) return [];
    return [
      {
        objects: nodes.slice(0, 20).map(nodeRef),
        field: 'spec.loadBalancerSourceRanges',
        nodePorts: [...new Set(slots.flatMap(({ port }) => port.nodePort ?? []))],
        nodes: nodes.map(({ name }) => name),
        count: nodes.length,
        areNeeded: scene.provider()?.target !== 'loadBalancerIP',
      },
    ];
  },
  claims: ({ nodes }, scene) =>
    through(scene, usableSlots(scene), nodes)
      .filter(({ kinds }) => kinds.includes('nodePort'))
      .map((to) => ({ from: EXTERNAL, to, outcome: DELIVERED })),
  tell: ({ nodePorts, nodes, count, areNeeded }, scene) => ({
    message: `clients outside the source ranges of ${scene.key} get in by node ${nodePorts.length === 1 ? 'port' : 'ports'} ${nodePorts.join(', ')} of ${plural(count, 'node')} with a public address: ${nameList(nodes)}`,
    why: "kube-proxy holds loadBalancerSourceRanges against connections to the load balancer's address only; at node ports nothing in the cluster asks where a client comes from",
    remedy: areNeeded
      ? 'Close the node ports in the firewall or security group of the nodes for everybody but the load balancer'
      : `Do without node ports, which this load balancer does not use: ${patchSpec(scene, { allocateLoadBalancerNodePorts: false })}, and take nodePort out of each port; or close them in the nodes' firewall`,
  }),
});

function isOpen(scene: ServiceScene, slot: Slot, node: Node): boolean {
  return outsideFlow(scene, slot, node)?.branches.some(({ outcome }) => outcome === 'delivered') === true;
}

function publicNodes(scene: ServiceScene) {
  return entryNodes(scene)
    .filter(({ externalIPs }) => externalIPs.length > 0)
    .slice(0, MOST_NODES);
}
