import type { Family } from '../../net/ip.ts';
import { at, type ClaimedOutcome, EXTERNAL, usableSlots } from '../claims.ts';
import { customOf } from '../scene/custom.ts';
import type { ClusterScene } from '../scene.ts';
import { defineClusterRule, type Fact, type ObjectRef } from '../types.ts';
import { podsBeyond } from './sees.ts';

interface Advertised extends Fact {
  readonly by: string;
  /** Nodes that tell pods from others, and so masquerade others, by family. */
  readonly nodes: Readonly<Record<Family, readonly string[]>>;
  readonly isPartial: boolean;
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
    const nodes = { 4: masqueradingIn(scene, 4), 6: masqueradingIn(scene, 6) };
    const names = new Set([...nodes[4], ...nodes[6]]);
    if (found === null || names.size === 0) return [];
    return [{ confidence: 'hint', objects: [found.object], by: found.by, nodes, isPartial: names.size < scene.cluster.nodes.length }];
  },
  claims: ({ nodes }, scene) =>
    scene.cluster.services.flatMap((service) => {
      const own = scene.scene(service);
      return usableSlots(own).flatMap((slot) =>
        nodes[slot.family].map((name) => {
          const outcome: ClaimedOutcome = { kind: 'masqueraded', pods: podsBeyond(own, name), seen: null };
          return { from: EXTERNAL, to: at(own, [slot], { kinds: ['clusterIP'], nodes: [name] }), outcome };
        }),
      );
    }),
  tell: ({ by, isPartial }) => ({
    message: `clients outside the cluster that use clusterIPs show a node's address${isPartial ? ' where the node that is asked can tell them from pods' : ''}, whatever externalTrafficPolicy says`,
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

/** Without a local detector kube-proxy masquerades nobody at clusterIPs (pkg/proxy/iptables, nftables: localDetector.IsImplemented). */
function masqueradingIn({ cluster, dataplane }: ClusterScene, family: Family): string[] {
  return cluster.nodes.flatMap(({ name, podCidrs }) => {
    const candidates = dataplane.classOf.get(name)?.candidates ?? [];
    const tells = candidates.every(({ masqueradeAll, detector }) => {
      const { kind } = detector[family];
      return masqueradeAll || (kind !== 'absent' && (kind !== 'node-cidr' || podCidrs.some((cidr) => cidr.family === family)));
    });
    return candidates.length > 0 && tells ? [name] : [];
  });
}
