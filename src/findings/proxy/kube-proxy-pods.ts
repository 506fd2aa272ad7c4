import type { PodObject } from '../../cluster/objects.ts';
import { isKubeProxy } from '../../dataplane/kube-proxy-sign.ts';
import { perCluster } from '../scene/per-cluster.ts';

/** Pods of kube-proxy by their node: of a DaemonSet, or static. Those that go away or have ended do not count. */
export const kubeProxyPods = perCluster(({ pods }): ReadonlyMap<string, PodObject> => {
  const found = new Map<string, PodObject>();
  for (const pod of pods().inNamespace('kube-system')) {
    const node = pod.spec?.nodeName;
    const gone = pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (node !== undefined && !gone && isKubeProxy(pod)) found.set(node, pod);
  }
  return found;
});
