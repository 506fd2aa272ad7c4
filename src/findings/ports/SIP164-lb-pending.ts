import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn, nameList } from '../words.ts';

interface Pending extends Fact {
  readonly loadBalancerClass: string | null;
  readonly provider: string | null;
  readonly works: readonly string[];
}

/** Until a controller fills in status.loadBalancer.ingress, kube-proxy has no address to serve. */
export const lbPending = defineServiceRule<Pending>({
  id: 'lb-pending',
  title: 'the load balancer has no address yet',
  severity: 'warning',
  needs: [],
  anyDataplane: true,
  detect: (scene) => {
    const { service, isUnapplied } = scene;
    if (service.type !== 'LoadBalancer' || service.ingress.length > 0 || isUnapplied) return [];
    const works = [
      ...(service.ports.some(({ nodePort }) => nodePort !== null) ? ['node ports'] : []),
      ...(service.externalIPs.length > 0 ? ['externalIPs'] : []),
    ];
    return [
      {
        confidence: 'observed',
        field: 'status.loadBalancer',
        loadBalancerClass: service.loadBalancerClass,
        provider: scene.provider()?.name ?? null,
        works,
      },
    ];
  },
  tell: ({ loadBalancerClass, provider, works }, { key, service, isLocal }) => ({
    message: `the load balancer of ${key} has no address yet: outside clients reach it ${works.length === 0 ? 'not at all' : `through ${nameList(works)} only`}`,
    why: `status.loadBalancer is empty, so ${loadBalancerClass === null ? (provider === null ? 'no controller has served it, or none is there that does' : `${provider} has not finished, or has refused`) : `what serves loadBalancerClass ${JSON.stringify(loadBalancerClass)} has not, or is not there`}${isLocal && provider === 'kube-vip' ? '; kube-vip waits with policy Local until a node with an endpoint may hold the address' : ''}`,
    remedy: `See what its controller says: ${kubectlOn(service, 'describe')} (Events), and its quota or address pool`,
  }),
});
