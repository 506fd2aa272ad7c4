import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';
import { callsTo, isOutsideRanges } from './calls.ts';
import { inside, onNodes } from './words.ts';

interface Blocked extends Fact {
  readonly address: string;
  readonly clients: readonly { readonly who: string; readonly nodes: readonly string[] }[];
  readonly all: number;
}

const WHO = { pod: 'pods', process: 'processes and hostNetwork pods' } as const;

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
    const [first] = calls;
    if (first === undefined) return [];
    const clients = (['pod', 'process'] as const).flatMap((from) => {
      const nodes = [...new Set(calls.filter((call) => call.from === from).flatMap((call) => call.nodes().map(({ name }) => name)))].sort();
      return nodes.length === 0 ? [] : [{ who: WHO[from], nodes }];
    });
    const all = scene.cluster.cluster.nodes.filter(({ name }) => scene.cluster.isModelled(name)).length;
    const few = clients.flatMap(({ nodes }) => (nodes.length === all ? [] : nodes));
    return [{ objects: few.slice(0, 20).map(nodeRef), field: 'spec.loadBalancerSourceRanges', address: first.address, clients, all }];
  },
  tell: ({ address, clients, all }, scene) => {
    const ranges = scene.service.sourceRanges.map(({ text }) => text);
    return {
      message: `${clients.map(({ who, nodes }) => `${who} ${onNodes(nodes, all)}`).join(' and ')} get no answer from ${address} of ${scene.key}`,
      why: `loadBalancerSourceRanges (${nameList(ranges)}) hold for clients in the cluster too, and their addresses are not in them`,
      remedy: `Let clients in the cluster ask ${inside(scene)}, or add the networks of the pods and nodes: ${patchSpec(scene, { loadBalancerSourceRanges: [...ranges, 'POD-CIDR', 'NODE-CIDR'] })}`,
    };
  },
});
