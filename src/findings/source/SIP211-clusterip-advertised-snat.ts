import { customOf } from '../scene/custom.ts';
import type { ClusterScene } from '../scene.ts';
import { defineClusterRule, type Fact, type ObjectRef } from '../types.ts';

interface Advertised extends Fact {
  readonly by: string;
}

/** kube-proxy takes clusterIPs for something only pods ask: what comes from elsewhere it masquerades, and externalTrafficPolicy does not count. */
export const clusteripAdvertisedSnat = defineClusterRule<Advertised>({
  id: 'clusterip-advertised-snat',
  title: 'clusterIPs are announced to the network, and clients who use them are masqueraded',
  severity: 'info',
  about: 'cluster',
  needs: [],
  detect: (scene) => {
    if (scene.dataplane.classes.every(({ implementation }) => implementation !== 'kube-proxy')) return [];
    const found = calico(scene) ?? kubeRouter(scene);
    return found === null ? [] : [{ confidence: 'hint', objects: [found.object], by: found.by }];
  },
  tell: ({ by }) => ({
    message: "clients outside the cluster that use clusterIPs show a node's address, whatever externalTrafficPolicy says",
    why: `${by} announces clusterIPs to the network; kube-proxy masquerades what comes to a clusterIP from outside the pods' network, and sends it to any endpoint`,
    remedy:
      'Announce load-balancer or external addresses instead (Calico: serviceLoadBalancerIPs, serviceExternalIPs), and set externalTrafficPolicy Local where the clients count',
  }),
});

function calico(scene: ClusterScene): { readonly object: ObjectRef; readonly by: string } | null {
  for (const { metadata, spec } of customOf(scene, 'BGPConfiguration')) {
    const ranges = spec?.['serviceClusterIPs'];
    if (Array.isArray(ranges) && ranges.length > 0)
      return {
        object: { kind: 'BGPConfiguration', name: metadata.name },
        by: `Calico (serviceClusterIPs of BGPConfiguration ${metadata.name})`,
      };
  }
  return null;
}

function kubeRouter(scene: ClusterScene): { readonly object: ObjectRef; readonly by: string } | null {
  const daemon = scene.objects('DaemonSet').find(({ metadata }) => metadata.name === 'kube-router');
  const words = (daemon?.spec?.template?.spec?.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args]);
  if (daemon === undefined || !words.some((word) => /^--advertise-cluster-ip(=true)?$/.test(word))) return null;
  return {
    object: { kind: 'DaemonSet', namespace: daemon.metadata.namespace ?? 'kube-system', name: 'kube-router' },
    by: 'kube-router (--advertise-cluster-ip)',
  };
}
