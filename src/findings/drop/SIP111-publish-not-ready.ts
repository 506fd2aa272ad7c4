import { defineServiceRule, type Fact } from '../types.ts';
import { patchSpec } from '../words.ts';

interface Unfit extends Fact {
  readonly isLocal: boolean;
}

/** publishNotReadyAddresses makes every endpoint count as ready, for kube-proxy and for its health-check port (kubernetes/kubernetes #118952). */
export const publishNotReady = defineServiceRule<Unfit>({
  id: 'publish-not-ready',
  title: 'outside traffic is sent to pods that are not ready',
  severity: 'warning',
  needs: [],
  anyDataplane: true,
  detect: (scene) => {
    if (!scene.isExternal || scene.object?.spec?.publishNotReadyAddresses !== true) return [];
    return [{ field: 'spec.publishNotReadyAddresses', isLocal: scene.isLocal }];
  },
  tell: ({ isLocal }, scene) => ({
    message: `${scene.key} sends outside traffic to pods that are not ready`,
    why: `publishNotReadyAddresses is true: every endpoint counts as ready from its first moment on${isLocal ? ', for the health check of the load balancer as well' : ''}`,
    remedy: `Keep that for a headless Service of its own, for discovery, and take it away here: ${patchSpec(scene, { publishNotReadyAddresses: false })}`,
  }),
});
