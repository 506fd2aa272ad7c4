import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';

interface Inward extends Fact {
  /** What in it speaks of outside clients. */
  readonly wishes: readonly string[];
}

/** Annotations by which load balancers and DNS controllers are told about Services that outside clients use. */
const OUTSIDE = /(^|[/.-])(load-?balancer|metallb|kube-vip|external-dns|do-loadbalancer|scw-loadbalancer)/;

/** A ClusterIP Service without externalIPs that speaks of outside clients all the same: most such Services are inward on purpose, and are left in peace. */
export const notExternallyReachable = defineServiceRule<Inward>({
  id: 'not-externally-reachable',
  title: 'nobody outside the cluster can reach it, though it speaks of outside clients',
  severity: 'info',
  needs: [],
  anyDataplane: true,
  detect: (scene) => {
    if (scene.service.type !== 'ClusterIP' || scene.isExternal) return [];
    const wishes = wishesOf(scene);
    return wishes.length === 0 ? [] : [{ field: 'spec.type', wishes }];
  },
  tell: ({ wishes }, scene) => ({
    message: `nobody outside the cluster can reach ${scene.key}: type ClusterIP has no node port and no load balancer`,
    why: `${nameList(wishes)} ${wishes.length === 1 ? 'has' : 'have'} no effect on a Service of this type; only internalTrafficPolicy decides, for clients in the cluster`,
    remedy: `Make it reachable: ${patchSpec(scene, { type: 'LoadBalancer' })}, put an Ingress or a Gateway in front, or take the leftovers out of the manifest`,
  }),
});

function wishesOf({ object, service }: ServiceScene): string[] {
  const spec = object?.spec ?? {};
  const fields = [
    'externalTrafficPolicy',
    'loadBalancerSourceRanges',
    'loadBalancerClass',
    'loadBalancerIP',
    'healthCheckNodePort',
  ] as const;
  const set = fields.filter((name) => spec[name] !== undefined && String(spec[name]) !== '' && spec[name] !== 0);
  const annotations = Object.keys(service.annotations).filter((name) => OUTSIDE.test(name));
  return [...set.map((name) => `spec.${name}`), ...annotations.map((name) => `annotation ${name}`)];
}
