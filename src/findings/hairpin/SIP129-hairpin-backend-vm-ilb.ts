import { edgeOf } from '../scene/edge.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { rewriteAdvice } from './words.ts';

interface Backend extends Fact {
  readonly provider: 'gcp' | 'azure';
}

/** An internal passthrough load balancer and nodes that are its own backends, with no rule of kube-proxy that answers first. */
export const hairpinBackendVmIlb = defineServiceRule<Backend>({
  id: 'hairpin-backend-vm-ilb',
  title: 'nodes that ask their own internal load balancer depend on the cloud',
  severity: 'info',
  needs: [],
  foldsUnder: ['no-usable-endpoints', 'ipmode-proxy-unreachable'],
  detect: (scene) => {
    const { service } = scene;
    const name = scene.provider()?.name;
    if ((name !== 'gcp' && name !== 'azure') || service.ingress.length === 0 || scene.vips.length > 0) return [];
    return edgeOf(service, scene.provider()).internal === true
      ? [{ confidence: 'hint', provider: name, field: 'status.loadBalancer.ingress' }]
      : [];
  },
  tell: ({ provider }, scene) => ({
    message: `what clients in the cluster meet at the internal load balancer of ${scene.key} is up to ${provider === 'gcp' ? 'Google Cloud' : 'Azure'}`,
    why:
      provider === 'gcp'
        ? 'the status has no address that kube-proxy would answer for, so connections leave the pod; a backend VM of an internal passthrough load balancer is always answered by itself, even without an endpoint'
        : 'the status has no address that kube-proxy would answer for, so connections leave the node; an internal load balancer cannot send a connection back to the VM that opened it',
    remedy: rewriteAdvice(scene),
  }),
});
