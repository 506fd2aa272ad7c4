import { nodesOfClass } from '../../dataplane/detect.ts';
import { MOST_NODES } from '../reach.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, plural } from '../words.ts';

interface Unmodelled extends Fact {
  readonly nodes: readonly string[];
  readonly all: number;
  readonly what: string;
  readonly evidence: readonly string[];
}

/** Nodes whose Services something else than kube-proxy's iptables or nftables mode serves. */
export const dataplaneNotModelled = defineClusterRule<Unmodelled>({
  id: 'dataplane-not-modelled',
  title: 'what serves the Services on these nodes is not modelled',
  about: 'cluster',
  severity: 'info',
  needs: [],
  anyDataplane: true,
  detect: ({ dataplane, cluster }) =>
    dataplane.classes.flatMap((entry): Unmodelled[] => {
      const nodes = entry.candidates.length > 0 ? [] : nodesOfClass(dataplane, entry, cluster.nodes);
      if (nodes.length === 0) return [];
      const what = entry.unmodelled ?? `${entry.implementation}${entry.mode === null ? '' : ` in ${entry.mode} mode`}`;
      const key = `${entry.implementation} ${entry.mode ?? ''}`.trim();
      return [
        {
          confidence: entry.confidence === 'observed' ? 'observed' : 'derived',
          objects: nodes.slice(0, MOST_NODES).map(nodeRef),
          key,
          nodes,
          all: cluster.nodes.length,
          what,
          evidence: entry.evidence,
        },
      ];
    }),
  tell: ({ nodes, all, what, evidence }) => ({
    message: `no verdict on ${nodes.length === all ? 'any node' : `${plural(nodes.length, 'node')} of ${all} (${nameList(nodes)})`}: ${what}`,
    why: `flows are predicted for kube-proxy in iptables and nftables mode only${evidence.length === 0 ? '' : ` (seen: ${nameList(evidence)})`}; findings that rest on the data plane are hints there`,
    remedy:
      'Test from outside, node by node (curl --connect-timeout 3 http://NODE_IP:NODE_PORT/), or ask the data plane itself (for Cilium: cilium-dbg service list)',
  }),
});
