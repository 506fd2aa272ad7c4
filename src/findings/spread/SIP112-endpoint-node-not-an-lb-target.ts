import { reasonList } from '../reasons.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord, verb } from '../words.ts';

interface Wasted extends Fact {
  readonly nodes: readonly { readonly name: string; readonly why: string }[];
  readonly endpoints: number;
  readonly all: number;
}

const MOST = 20;

/** Local policy, and endpoints on nodes that the load balancer leaves out: nobody outside ever reaches them (cloud-provider predicates, aws-load-balancer-controller endpoint_utils). */
export const endpointNodeNotAnLbTarget = defineServiceRule<Wasted>({
  id: 'endpoint-node-not-an-lb-target',
  title: 'endpoints stand on nodes that the load balancer leaves out',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal || scene.service.type !== 'LoadBalancer') return [];
    const usable = new Map(scene.slots().flatMap((slot) => [...slot.holders().values()].flat().map((one) => [one.address, one] as const)));
    const out = [...usable.values()].filter(({ node }) => node !== null && !scene.balancer().isEligible(node));
    const reasons = new Map<string, string>();
    for (const name of new Set(out.map(({ node }) => node))) {
      const node = name === null ? undefined : scene.cluster.cluster.nodeByName.get(name);
      // A node that is not Ready comes back by itself, and is another finding's matter.
      const why = node === undefined || !node.ready ? null : scene.balancer().exclusionOf(node);
      if (node !== undefined && why !== null) reasons.set(node.name, why);
    }
    if (reasons.size === 0) return [];
    const nodes = [...reasons].map(([name, why]) => ({ name, why }));
    const endpoints = out.filter(({ node }) => node !== null && reasons.has(node)).length;
    return [{ objects: nodes.slice(0, MOST).map(({ name }) => nodeRef(name)), nodes, endpoints, all: usable.size }];
  },
  tell: ({ nodes, endpoints, all }, { key }) => {
    const label = /^label ([^=]+)=/.exec(nodes[0]?.why ?? '')?.[1];
    const away = label === undefined ? '' : `, or let the node be used (kubectl label node ${shellWord(nodes[0]?.name ?? '')} ${label}-)`;
    return {
      message: `${endpoints} of ${plural(all, 'endpoint')} of ${key} ${verb(endpoints, 'gets', 'get')} no outside traffic: the load balancer leaves ${nameList(nodes.map(({ name }) => name))} out`,
      why: `externalTrafficPolicy is Local, so only the node itself could send to them, and it gets nothing from outside (${reasonList(nodes)})`,
      remedy: `Keep the pods off such nodes (nodeAffinity: node.kubernetes.io/exclude-from-external-load-balancers DoesNotExist)${away}`,
    };
  },
});
