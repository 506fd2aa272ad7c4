import { at, DELIVERED, type FlowClaim } from '../claims.ts';
import { type Caller, callersOf } from '../scene/callers.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import type { Confidence, Fact } from '../types.ts';
import { bypassesBalancer, callOf, callsTo } from './calls.ts';

/** Clients in the cluster whose connections end at the pods and never see the load balancer. */
export interface Bypass extends Fact {
  readonly addresses: readonly string[];
  /** Those that are known by name. */
  readonly callers: readonly Caller[];
}

/**
 * Whether connections to the load balancer's address go straight to the pods, and how sure that is. Null: they do not, or there is no such address.
 * Replacements of kube-proxy that are not modelled take VIPs for their own as well, so of those it is a hint.
 */
export function findBypass(
  scene: ServiceScene,
): (Pick<Bypass, 'addresses' | 'callers' | 'objects'> & { readonly confidence: Confidence }) | null {
  if (scene.service.type !== 'LoadBalancer' || scene.service.ingress.every(({ ip }) => ip === null)) return null;
  if (scene.slots().every(({ usable }) => usable.length === 0)) return null;
  const found = bypassesBalancer(scene);
  const isHint = found === null && scene.vips.length > 0;
  if (found !== true && !isHint) return null;
  const callers = callersOf(scene.cluster)
    .to(scene.service)
    .filter((caller) => !caller.isBackend && callOf(scene, caller)?.fate !== 'out');
  return {
    addresses: scene.service.ingress.flatMap(({ ip }) => (ip === null ? [] : [ip])),
    callers,
    objects: callers.slice(0, 5).map(({ object }) => object),
    confidence: isHint ? 'hint' : 'derived',
  };
}

/** Pods get their answers, although the load balancer has no part in it. */
export function bypassClaims(scene: ServiceScene, slots: readonly Slot[]): FlowClaim[] {
  return callsTo(scene)
    .filter((call) => call.from === 'pod' && call.fate === 'within' && slots.includes(call.slot))
    .map(({ nodes, slot, address }) => ({
      from: { kind: 'pod', nodes: nodes().map(({ name }) => name) },
      to: at(scene, [slot], { kinds: ['loadBalancerIP'], addresses: [address] }),
      outcome: DELIVERED,
    }));
}

/** How to send clients in the cluster through the load balancer: by ipMode, which its controller may set again, or by a host name in the status. */
export function throughBalancer({ service }: ServiceScene, hostname: string | null): string {
  const at = service.ingress.findIndex(({ ip, ipMode }) => ip !== null && ipMode !== 'Proxy');
  const patch = JSON.stringify([{ op: 'add', path: `/status/loadBalancer/ingress/${Math.max(0, at)}/ipMode`, value: 'Proxy' }]);
  const annotation = hostname === null ? '' : ` On older clusters let the provider publish a host name instead (annotation ${hostname}).`;
  return `--subresource=status --type=json -p '${patch}' (Kubernetes 1.30 and newer; the load balancer's controller may set it back).${annotation}`;
}

const HOSTNAMES: readonly (readonly [string, string])[] = [
  ['service.beta.kubernetes.io/do-', 'service.beta.kubernetes.io/do-loadbalancer-hostname'],
  ['load-balancer.hetzner.cloud/', 'load-balancer.hetzner.cloud/hostname'],
  ['loadbalancer.openstack.org/', 'loadbalancer.openstack.org/hostname'],
  ['service.beta.kubernetes.io/scw-', 'service.beta.kubernetes.io/scw-loadbalancer-use-hostname'],
  ['service.beta.kubernetes.io/linode-', 'service.beta.kubernetes.io/linode-loadbalancer-hostname-only-ingress'],
  ['service.beta.kubernetes.io/vultr-', 'service.beta.kubernetes.io/vultr-loadbalancer-hostname'],
  ['k8s.cloudscale.ch/', 'k8s.cloudscale.ch/loadbalancer-force-hostname'],
];

/** The annotation by which the provider of another annotation publishes a host name in place of the address. */
export function hostnameAnnotation(key: string): string | null {
  return HOSTNAMES.find(([prefix]) => key.startsWith(prefix))?.[1] ?? null;
}
