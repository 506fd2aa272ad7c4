import { perCluster } from '../scene/per-cluster.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { annotate } from '../words.ts';
import { checksPerNode } from './annotations.ts';

interface Growing extends Fact {
  readonly sign: string;
}

const TARGET_NODES = 'service.beta.kubernetes.io/aws-load-balancer-target-node-labels';

/** What shows that nodes come and go by themselves. */
const autoscaler = perCluster(({ cluster, objects }): string | null => {
  const label = cluster.nodes.flatMap(({ labels }) => Object.keys(labels)).find((key) => key.startsWith('karpenter.sh/'));
  if (label !== undefined) return `nodes have the label ${label}`;
  const found = objects('Deployment').find(({ metadata }) => /(^|-)cluster-autoscaler($|-)|^karpenter$/.test(metadata.name));
  return found === undefined ? null : `Deployment ${found.metadata.name}`;
});

/** An NLB sends to a new target until its first checks have failed. */
export const newNodeBrieflyInRotation = defineServiceRule<Growing>({
  id: 'new-node-briefly-in-rotation',
  title: 'a new node gets traffic before its first health check fails',
  severity: 'info',
  needs: [],
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: (scene) => {
    if (scene.provider()?.name !== 'aws-nlb' || !checksPerNode(scene) || scene.service.annotations[TARGET_NODES] !== undefined) return [];
    const sign = autoscaler(scene.cluster);
    return sign === null ? [] : [{ confidence: 'hint', sign }];
  },
  tell: ({ sign }, scene) => ({
    message: `each node that joins may get and drop traffic for ${scene.key} until its first health checks have failed`,
    why: `externalTrafficPolicy is Local, nodes come by themselves (${sign}), and the NLB takes every new node for healthy at first`,
    remedy: `Make only the nodes targets on which the pods run: ${annotate(scene, `${TARGET_NODES}=role=ingress`)}`,
  }),
});
