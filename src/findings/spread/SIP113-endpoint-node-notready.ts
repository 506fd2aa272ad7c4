import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord, verb } from '../words.ts';

interface OnDeadNodes extends Fact {
  readonly nodes: readonly string[];
  readonly endpoints: number;
  readonly all: number;
}

const MOST = 20;

/** Endpoints stay listed on a node that is not Ready until its pods are marked unready or evicted; since 1.27 the node stays with the load balancer, too (KEP-3458). */
export const endpointNodeNotReady = defineServiceRule<OnDeadNodes>({
  id: 'endpoint-node-notready',
  title: 'endpoints in use stand on nodes that are not Ready',
  severity: 'warning',
  needs: ['EndpointSlice'],
  anyDataplane: true,
  detect: ({ slots, cluster: { cluster } }) => {
    const used = new Map(slots().flatMap((slot) => slot.usable.map((one) => [one.address, one] as const)));
    const dead = [...used.values()].filter(({ node }) => node !== null && cluster.nodeByName.get(node)?.ready === false);
    if (dead.length === 0) return [];
    const nodes = [...new Set(dead.flatMap(({ node }) => (node === null ? [] : [node])))];
    return [{ objects: nodes.slice(0, MOST).map(nodeRef), nodes, endpoints: dead.length, all: used.size }];
  },
  tell: ({ nodes, endpoints, all }, { key, isLocal, object }) => ({
    message: `${endpoints} of ${plural(all, 'endpoint')} of ${key} in use ${verb(endpoints, 'stands', 'stand')} on ${verb(nodes.length, 'a node that is', 'nodes that are')} not Ready: ${nameList(nodes)}`,
    why:
      object?.spec?.publishNotReadyAddresses === true
        ? 'publishNotReadyAddresses keeps endpoints in use whatever becomes of their node'
        : `they still count as ready, so kube-proxy keeps sending to them${isLocal ? ", and with externalTrafficPolicy Local the node's whole share of outside traffic is at risk until the load balancer's own check takes it out" : ''}`,
    remedy: `See what ails the node: kubectl describe node ${shellWord(nodes[0] ?? '')}. If it does not come back, delete its pods so that replacements start elsewhere`,
  }),
});
