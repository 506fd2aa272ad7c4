import { at, DROPPED, slotsNamed } from '../claims.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, onPorts, patchSpec } from '../words.ts';
import { callsTo, groupCalls, isOutsideRanges, type Sufferers } from './calls.ts';
import { inside, onNodes } from './words.ts';

interface Blocked extends Fact {
  readonly address: string;
  readonly clients: readonly Sufferers[];
  readonly all: number;
  readonly ports: readonly string[];
}

/** kube-proxy filters by loadBalancerSourceRanges whoever asks, clients in the cluster included (from 1.25, kubernetes/kubernetes#109575). */
export const sourceRangesBlockInCluster = defineServiceRule<Blocked>({
  id: 'source-ranges-block-in-cluster',
  title: 'loadBalancerSourceRanges keep clients in the cluster out as well',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    if (scene.service.sourceRanges.length === 0 || scene.service.ingress.every(({ ip }) => ip === null)) return [];
    const calls = callsTo(scene).filter(({ flow }) => flow.verdict === 'dropped' && isOutsideRanges(flow));
    const all = scene.cluster.cluster.nodes.filter(({ name }) => scene.cluster.isModelled(name)).length;
    return groupCalls(calls).map(({ address, clients, slots }) => {
      const few = clients.flatMap(({ nodes }) => (nodes.length === all ? [] : nodes));
      const ports = slots.map(({ label }) => label);
      return {
        objects: few.slice(0, 20).map(nodeRef),
        field: 'spec.loadBalancerSourceRanges',
        key: ports.length === scene.slots().length ? '' : ports.join(),
        ...{ address, clients, all, ports },
      };
    });
  },
  claims: ({ address, clients, ports }, scene) =>
    clients.map(({ from: kind, nodes }) => {
      const to = at(scene, slotsNamed(scene, ports), { kinds: ['loadBalancerIP'], addresses: [address] });
      return { from: { kind, nodes }, to, outcome: DROPPED };
    }),
  tell: ({ address, clients, all, ports }, scene) => {
    const ranges = scene.service.sourceRanges.map(({ text }) => text);
    return {
      message: `${clients.map(({ who, nodes }) => `${who} ${onNodes(nodes, all)}`).join(' and ')} get no answer from ${address} of ${scene.key}${onPorts(ports, scene.slots().length)}`,
      why: `loadBalancerSourceRanges (${nameList(ranges)}) hold for clients in the cluster too, and their addresses are not in them`,
      remedy: `Let clients in the cluster ask ${inside(scene)}, or add the networks of the pods and nodes: ${patchSpec(scene, { loadBalancerSourceRanges: [...ranges, 'POD-CIDR', 'NODE-CIDR'] })}`,
    };
  },
});
