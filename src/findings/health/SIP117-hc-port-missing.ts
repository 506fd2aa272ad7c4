import { defineServiceRule } from '../types.ts';
import { patchSpec } from '../words.ts';
import { checksPerNode } from './annotations.ts';

/** The API server allocates healthCheckNodePort for LoadBalancer Services of Local policy; without one no node answers the check. */
export const hcPortMissing = defineServiceRule({
  id: 'hc-port-missing',
  title: 'a load balancer with Local policy has no health-check port',
  severity: 'error',
  needs: [],
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: (scene) => {
    // In a manifest it is left out, and allocated when that is applied.
    const isOpen = scene.isUnapplied || scene.cluster.extras.fromManifests?.has(scene.key) === true;
    if (!checksPerNode(scene) || isOpen || scene.service.healthCheckNodePort !== null) return [];
    return [{ field: 'spec.healthCheckNodePort' }];
  },
  tell: (_, scene) => ({
    message: `${scene.key} has no healthCheckNodePort: the load balancer cannot find out which nodes have an endpoint`,
    why: 'type LoadBalancer with externalTrafficPolicy Local needs that port on every node, and spec.healthCheckNodePort is not set; it cannot be edited in place',
    remedy: `Let the API server allocate one by leaving Local and coming back to it (clients' addresses are hidden in between): ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })} && ${patchSpec(scene, { externalTrafficPolicy: 'Local' })}`,
  }),
});
