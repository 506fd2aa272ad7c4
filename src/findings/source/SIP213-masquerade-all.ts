import type { DataplaneClass } from '../../dataplane/types.ts';
import { at, usableSlots } from '../claims.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { plural } from '../words.ts';
import { podsBeyond } from './sees.ts';

interface All extends Fact {
  readonly nodes: number;
  readonly names: readonly string[];
  readonly evidence: string;
}

/** masqueradeAll: kube-proxy masquerades all traffic to clusterIPs, pods' included. */
export const masqueradeAll = defineClusterRule<All>({
  id: 'masquerade-all',
  title: 'kube-proxy masquerades all traffic to clusterIPs',
  severity: 'warning',
  about: 'cluster',
  needs: [],
  detect: ({ dataplane, cluster }) => {
    const classes = dataplane.classes.filter(isSet);
    const nodes = cluster.nodes.filter(({ name }) => classes.some((entry) => dataplane.classOf.get(name) === entry));
    const evidence = [...new Set(classes.flatMap((entry) => entry.evidence))].join(', ');
    return nodes.length === 0
      ? []
      : [{ objects: nodes.slice(0, 20).map(nodeRef), nodes: nodes.length, names: nodes.map(({ name }) => name), evidence }];
  },
  claims: ({ names }, scene) =>
    scene.cluster.services.flatMap((service) => {
      const own = scene.scene(service);
      const to = at(own, usableSlots(own), { kinds: ['clusterIP'] });
      return names.map((name) => {
        const outcome = { kind: 'masqueraded', pods: podsBeyond(own, name), seen: null } as const;
        return { from: { kind: 'pod', nodes: [name] }, to, outcome };
      });
    }),
  tell: ({ nodes, evidence }) => ({
    message: `pods see a node's address for every client of a clusterIP, other pods included (${plural(nodes, 'node')})`,
    why: `masqueradeAll is set in kube-proxy's configuration (${evidence}); outside traffic to a Local Service keeps its addresses all the same`,
    remedy:
      'Take masqueradeAll out of the iptables or nftables section: kubectl -n kube-system edit configmap kube-proxy, then kubectl -n kube-system rollout restart daemonset kube-proxy',
  }),
});

/** Whatever of it is open, this is not. */
function isSet({ candidates }: DataplaneClass): boolean {
  return candidates.length > 0 && candidates.every((config) => config.masqueradeAll);
}
