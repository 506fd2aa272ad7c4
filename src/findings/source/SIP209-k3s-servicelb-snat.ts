import { MOST_NODES } from '../reach.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord } from '../words.ts';

interface Forwarding extends Fact {
  readonly nodes: readonly string[];
  readonly count: number;
}

/** k3s ServiceLB: where kube-proxy does not take a packet first, a svclb pod forwards it and masquerades (klipper-lb entry script). */
export const k3sServicelbSnat = defineServiceRule<Forwarding>({
  id: 'k3s-servicelb-snat',
  title: 'ServiceLB forwards on nodes without an endpoint, under its own address',
  severity: 'warning',
  needs: ['EndpointSlice', 'DaemonSet'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    // With Cluster policy every address is a node's anyhow, which is another finding.
    if (!scene.isLocal || scene.provider()?.name !== 'klipper') return [];
    const slots = scene.slots().filter(({ usable }) => usable.length > 0);
    const published = new Set(scene.vips);
    const nodes = scene
      .balancer()
      .eligible.filter((node) => slots.some((slot) => !slot.holders().has(node.name)))
      .filter((node) => [...node.internalIPs, ...node.externalIPs].every((ip) => !published.has(ip)))
      .map(({ name }) => name);
    if (nodes.length === 0) return [];
    const shown = nodes.slice(0, MOST_NODES);
    return [{ objects: shown.map(nodeRef), field: 'spec.externalTrafficPolicy', nodes: shown, count: nodes.length }];
  },
  tell: ({ nodes, count }, scene) => ({
    message: `clients of ${scene.key} that come by ${plural(count, 'node')} without an endpoint show the address of a ServiceLB pod: ${nameList(nodes)}`,
    why: `ServiceLB runs there too: its pod takes the Service's port on the node and forwards under its own address, and as a pod's connection it is sent to any endpoint in spite of externalTrafficPolicy Local`,
    remedy: `Let clients come by the published addresses only, run an endpoint on every such node (DaemonSet), or keep ServiceLB to the nodes with endpoints: kubectl label node ${shellWord(holder(scene.endpoints().flatMap(({ node }) => node ?? [])))} svccontroller.k3s.cattle.io/enablelb=true`,
  }),
});

function holder(nodes: readonly string[]): string {
  return nodes[0] ?? 'NODE';
}
