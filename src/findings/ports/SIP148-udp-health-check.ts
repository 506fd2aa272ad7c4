import { defineServiceRule, type Fact } from '../types.ts';
import { patchSpec } from '../words.ts';

interface Unchecked extends Fact {
  readonly provider: string;
  readonly what: string;
}

/** What providers make of a Service without a TCP port under Cluster policy (cloud-provider-azure, aws-load-balancer-controller, digitalocean-cloud-controller-manager). */
const CHECKS: ReadonlyMap<string, string> = new Map([
  ['azure', 'makes no health probe for UDP or SCTP ports'],
  ['aws-nlb', 'checks the node port by TCP, where nothing listens'],
  ['digitalocean', 'needs a TCP port to check'],
]);

/** A load balancer cannot ask UDP whether it is alive; with Local policy it asks kube-proxy over HTTP. */
export const udpHealthCheck = defineServiceRule<Unchecked>({
  id: 'udp-health-check',
  title: 'the load balancer has nothing to check: the Service has no TCP port',
  severity: 'warning',
  needs: [],
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: (scene) => {
    const { type, ports } = scene.service;
    if (type !== 'LoadBalancer' || scene.isLocal || ports.length === 0 || ports.some(({ protocol }) => protocol === 'TCP')) return [];
    if (Object.keys(scene.service.annotations).some((name) => /health-?check-?(port|protocol)|health-probe/.test(name))) return [];
    const provider = scene.provider();
    const what = CHECKS.get(provider?.name ?? '');
    return provider === null || what === undefined ? [] : [{ confidence: 'hint', field: 'spec.ports', provider: provider.name, what }];
  },
  tell: ({ provider, what }, scene) => ({
    message: `the load balancer of ${scene.key} cannot tell which nodes work: it has no TCP port`,
    why: `with externalTrafficPolicy Cluster, ${provider} ${what}`,
    remedy: `Use policy Local, whose health check is HTTP on a port of kube-proxy: ${patchSpec(scene, { externalTrafficPolicy: 'Local' })}; or name a TCP port to check in the provider's annotations`,
  }),
});
