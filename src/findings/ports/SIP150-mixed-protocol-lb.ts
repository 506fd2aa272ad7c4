import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn } from '../words.ts';

interface Mixed extends Fact {
  readonly protocols: readonly string[];
  readonly isPending: boolean;
}

/** They take the address as a whole, whatever the protocol. */
const TAKES_ALL: ReadonlySet<string> = new Set(['metallb', 'kube-vip', 'klipper']);

/** Several protocols in one load balancer: allowed since 1.24 (KEP-1435), but not every provider makes such a one. */
export const mixedProtocolLb = defineServiceRule<Mixed>({
  id: 'mixed-protocol-lb',
  title: 'one load balancer is asked for several protocols',
  severity: 'info',
  needs: [],
  anyDataplane: true,
  detect: (scene) => {
    const protocols = [...new Set(scene.service.ports.map(({ protocol }) => protocol))].sort();
    if (scene.service.type !== 'LoadBalancer' || protocols.length < 2 || TAKES_ALL.has(scene.provider()?.name ?? '')) return [];
    const isPending = scene.service.ingress.length === 0 && !scene.isUnapplied;
    return [{ severity: isPending ? 'warning' : 'info', field: 'spec.ports', protocols, isPending }];
  },
  tell: ({ protocols, isPending }, { key, service }) => ({
    message: `${key} asks one load balancer for ${protocols.join(' and ')}${isPending ? ', and has none yet' : ''}`,
    why: 'not every provider serves several protocols in one load balancer; one that does not leaves some ports out (condition LoadBalancerPortsError in the status) or makes none at all',
    remedy: `See whether all ports are served: ${kubectlOn(service, 'get')} -o jsonpath='{.status.conditions}'; else split it into one Service per protocol that share an address (loadBalancerIP, or the provider's annotation)`,
  }),
});
