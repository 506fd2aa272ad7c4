import { excludedBy } from '../../analysis/providers.ts';
import type { Node } from '../../cluster/model.ts';
import { isK3s } from '../../dataplane/k3s.ts';
import { isKubeProxy } from '../../dataplane/kube-proxy-sign.ts';
import type { ClusterScene } from '../scene.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord, verb } from '../words.ts';
import { kubeProxyPods } from './kube-proxy-pods.ts';

interface Missing extends Fact {
  readonly nodes: readonly string[];
  readonly daemon: string;
}

const MOST = 20;

/** A node without kube-proxy keeps the rules that it last had, or has none: node ports there answer nothing new. */
export const kubeProxyMissingOnNode = defineClusterRule<Missing>({
  id: 'kube-proxy-missing-on-node',
  title: 'nodes run no kube-proxy',
  about: 'node',
  severity: 'error',
  needs: ['Pod', 'DaemonSet'],
  detect: (scene) => {
    const daemon = scene.objects('DaemonSet').find((one) => isKubeProxy(one) && one.status?.desiredNumberScheduled !== 0);
    // Without a single pod of it, pods of kube-system were probably not to be seen.
    if (daemon === undefined || kubeProxyPods(scene).size === 0) return [];
    const missing = scene.cluster.nodes.filter((node) => isWithout(scene, node));
    if (missing.length === 0) return [];
    const entered = missing.some((node) => excludedBy(node.labels, null) === null) && hasOutside(scene);
    const nodes = missing.map(({ name }) => name);
    return [{ severity: entered ? 'error' : 'warning', objects: nodes.slice(0, MOST).map(nodeRef), nodes, daemon: daemon.metadata.name }];
  },
  tell: ({ nodes, daemon }) => ({
    message: `${plural(nodes.length, 'node')} ${verb(nodes.length, 'runs', 'run')} no kube-proxy: ${nameList(nodes)}`,
    why: `DaemonSet kube-system/${daemon} has no pod there, so no Service is served from ${verb(nodes.length, 'that node', 'these nodes')}, or only as the rules were when its last pod went`,
    remedy: `See why (taints that it does not tolerate, a node selector): kubectl describe daemonset ${shellWord(daemon)} -n kube-system; kubectl get pods -n kube-system -o wide`,
  }),
});

/** A Ready Linux node that its data plane says kube-proxy serves, and no pod of it; k3s and RKE2 run it inside another process. */
function isWithout(scene: ClusterScene, node: Node): boolean {
  if (!node.ready || node.deleting || node.operatingSystem !== 'linux' || isK3s(node)) return false;
  return scene.dataplane.classOf.get(node.name)?.implementation === 'kube-proxy' && !kubeProxyPods(scene).has(node.name);
}

function hasOutside({ cluster }: ClusterScene): boolean {
  return cluster.services.some(({ externalTrafficPolicy, unproxied }) => externalTrafficPolicy !== null && unproxied === null);
}
