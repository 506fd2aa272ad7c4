import type { Kind } from '../../src/cluster/objects.ts';
import { createClusterScene, type SceneExtras, type ServiceScene } from '../../src/findings/scene.ts';
import type { ClusterRule, ServiceRule } from '../../src/findings/types.ts';
import { evidenceOf, flannel, kubeadm, nodes, type Raw } from '../cluster/objects.ts';

/** Kinds that every scene has read whole, so that absence means absence. */
export const READ: readonly Kind[] = [
  'Service',
  'EndpointSlice',
  'Node',
  'Pod',
  'DaemonSet',
  'Deployment',
  'StatefulSet',
  'PodDisruptionBudget',
  'Ingress',
  'IngressClass',
  'Gateway',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'NetworkPolicy',
  'Challenge',
  'ConfigMap',
  'L2Advertisement',
  'BGPAdvertisement',
  'ServiceL2Status',
  'IPAddressPool',
  'BGPConfiguration',
  'Middleware',
  'ClientTrafficPolicy',
  'SecurityPolicy',
];

/** Four nodes with kube-proxy 1.33 in iptables mode and flannel, and what a test adds. Nodes among `raw` replace the four. */
export function objectsOf(raw: readonly Raw[]): Raw[] {
  const own = raw.some((object) => object['kind'] === 'Node') ? [] : nodes(4);
  const plane = raw.some((object) => object['kind'] === 'ConfigMap' || object['kind'] === 'DaemonSet') ? [] : [...kubeadm(), ...flannel()];
  return [...own, ...plane, ...raw];
}

/** The scene of Service ns1/web. */
export function sceneOfWeb(raw: readonly Raw[], extras: SceneExtras = {}, read: readonly Kind[] = READ): ServiceScene {
  const cluster = createClusterScene(evidenceOf(objectsOf(raw), read), extras);
  const service = cluster.cluster.services.find(({ name, namespace }) => name === 'web' && namespace === 'ns1');
  if (service === undefined) throw new Error('the test has no Service ns1/web');
  return cluster.scene(service);
}

/** What one rule says, as the rule itself says it: no folding, no caps. */
export function said(rule: ServiceRule | ClusterRule, raw: readonly Raw[], extras: SceneExtras = {}): Said[] {
  const told =
    rule.about === 'service' ? rule.run(sceneOfWeb(raw, extras)) : rule.run(createClusterScene(evidenceOf(objectsOf(raw), READ), extras));
  return told.map(({ fact, telling }) => ({
    severity: fact.severity ?? rule.severity,
    confidence: fact.confidence ?? 'derived',
    objects: (fact.objects ?? []).map(({ kind, name }) => `${kind} ${name}`),
    ...telling,
  }));
}

export interface Said {
  readonly severity: string;
  readonly confidence: string;
  readonly objects: readonly string[];
  readonly message: string;
  readonly why: string;
  readonly remedy: string;
}
