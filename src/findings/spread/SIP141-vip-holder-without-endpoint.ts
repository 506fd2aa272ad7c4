import { familyOf } from '../../net/ip.ts';
import { at, DROPPED, EXTERNAL, usableSlots } from '../claims.ts';
import { flowTo, OUTSIDER } from '../inside.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';
import { holderOf } from './metallb.ts';

interface EmptyHolder extends Fact {
  readonly node: string;
  readonly evidence: string;
  readonly vip: string;
  readonly elsewhere: readonly string[];
}

/** Local policy, and the address is announced from a node without an endpoint: everything that comes is dropped there. */
export const vipHolderWithoutEndpoint = defineServiceRule<EmptyHolder>({
  id: 'vip-holder-without-endpoint',
  title: 'the node that holds the address has no endpoint, and drops everything',
  severity: 'error',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'endpoint-without-nodename'],
  detect: (scene) => {
    const holder = scene.isLocal ? holderOf(scene) : null;
    const node = holder === null ? undefined : scene.cluster.cluster.nodeByName.get(holder.node);
    if (holder === null || node === undefined) return [];
    for (const slot of scene.slots().filter(({ usable }) => usable.length > 0)) {
      const address = scene.vips.find((vip) => familyOf(vip) === slot.family);
      if (address === undefined || slot.holders().has(node.name)) continue;
      if (flowTo(scene, slot, OUTSIDER, { kind: 'loadBalancerIP', address, via: node }).verdict !== 'dropped') continue;
      const elsewhere = [...slot.holders().keys()].sort();
      return [
        { confidence: 'observed', objects: [nodeRef(node)], field: 'spec.externalTrafficPolicy', ...holder, vip: address, elsewhere },
      ];
    }
    return [];
  },
  claims: ({ node, vip }, scene) => [
    { from: EXTERNAL, to: at(scene, usableSlots(scene), { kinds: ['loadBalancerIP'], addresses: [vip], nodes: [node] }), outcome: DROPPED },
  ],
  tell: ({ node, evidence, vip, elsewhere }, scene) => ({
    message: `${node} holds ${vip} of ${scene.key} and has no endpoint: all outside traffic is dropped`,
    why: `externalTrafficPolicy is Local, and the address is announced from ${node} (${evidence}), while the endpoints are on ${nameList(elsewhere)}`,
    remedy: `Let a node with an endpoint announce it (kube-vip: svc_election=true; keepalived: a track script that asks /healthz on the health-check node port ${scene.service.healthCheckNodePort ?? ''}), run a pod on ${node}, or give up the clients' addresses: ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })}`,
  }),
});
