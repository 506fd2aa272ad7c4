import { perCluster } from '../scene/per-cluster.ts';
import { defineServiceRule, type Fact } from '../types.ts';

interface Removal extends Fact {
  readonly provider: string;
  readonly scaler: string;
}

/** Providers whose check for Cluster policy connects to the node port, which answers until kube-proxy itself stops. */
const ASKS_NODE_PORT: ReadonlySet<string> = new Set(['aws-nlb', 'aws-classic', 'azure']);

/** With Cluster policy every node is a hop; one that an autoscaler removes takes connections with it that end on other nodes (KEP-3836, KEP-3458). */
export const nodeRemovalGap = defineServiceRule<Removal>({
  id: 'node-removal-gap',
  title: 'a node that the autoscaler removes takes connections to other nodes with it',
  severity: 'info',
  needs: [],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const provider = scene.service.type === 'LoadBalancer' && !scene.isLocal ? scene.provider() : null;
    if (provider === null || provider.check.Cluster !== 'tcp' || !ASKS_NODE_PORT.has(provider.name)) return [];
    const scaler = autoscaler(scene.cluster);
    return scaler === null ? [] : [{ confidence: 'hint', field: 'spec.externalTrafficPolicy', provider: provider.name, scaler }];
  },
  tell: ({ provider, scaler }, { key }) => ({
    message: `when ${scaler} removes a node, connections to ${key} that pass it break, even those that end on other nodes`,
    why: `externalTrafficPolicy is Cluster, so every node is a hop, and the health check of ${provider} connects to the node port, which answers until the node is gone`,
    remedy:
      'Let the load balancer check kube-proxy instead (AWS: healthcheck-port 10256 and path /healthz; Azure: shared health probe), with kube-proxy 1.30 or newer, which fails that check as soon as the node is marked for removal; or use externalTrafficPolicy Local, where only nodes with pods matter',
  }),
});

const autoscaler = perCluster(({ cluster, objects }) => {
  if (cluster.nodes.some(({ labels }) => labels['karpenter.sh/nodepool'] !== undefined)) return 'Karpenter';
  const deployment = objects('Deployment').find(({ metadata: { name } }) => /(^|-)(cluster-autoscaler|karpenter)(-|$)/.test(name));
  if (deployment === undefined) return null;
  return deployment.metadata.name.includes('karpenter') ? 'Karpenter' : 'the cluster autoscaler';
});
