import { nodesOfClass } from '../../dataplane/detect.ts';
import { append } from '../scene/lazy.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList } from '../words.ts';

interface Differing extends Fact {
  readonly modes: readonly { readonly mode: string; readonly nodes: readonly string[] }[];
}

const MOST = 20;

/** kube-proxy in different modes behaves differently at the edges: node ports on localhost and on second addresses, drops and refusals. */
export const proxyModeDiffers = defineClusterRule<Differing>({
  id: 'proxy-mode-differs',
  title: 'kube-proxy runs in different modes on different nodes',
  about: 'cluster',
  severity: 'warning',
  needs: [],
  detect: ({ dataplane, cluster }) => {
    const byMode = new Map<string, string[]>();
    for (const entry of dataplane.classes) {
      if (entry.implementation !== 'kube-proxy' || entry.mode === null || entry.confidence === 'assumed') continue;
      for (const node of nodesOfClass(dataplane, entry, cluster.nodes)) append(byMode, entry.mode, node);
    }
    if (byMode.size < 2) return [];
    const modes = [...byMode].map(([mode, nodes]) => ({ mode, nodes })).sort((a, b) => b.nodes.length - a.nodes.length);
    return [
      {
        objects: modes
          .slice(1)
          .flatMap(({ nodes }) => nodes)
          .slice(0, MOST)
          .map(nodeRef),
        modes,
      },
    ];
  },
  tell: ({ modes }) => ({
    message: `kube-proxy runs in ${modes.length} modes: ${modes.map(({ mode, nodes }) => `${mode} on ${nameList(nodes)}`).join('; ')}`,
    why: 'the modes differ in which addresses serve node ports, in what they do with unserved ports, and in the rules to look for, so that one and the same Service behaves differently by node',
    remedy:
      'Bring all nodes to one mode (a node group with a configuration of its own, or a roll-out that stopped half way): kubectl get pods -n kube-system -l k8s-app=kube-proxy -o wide; on a node, curl -s http://127.0.0.1:10249/proxyMode tells its mode',
  }),
});
