import { controllerOf } from '../scene/controller.ts';
import { edgeOf } from '../scene/edge.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { annotate } from '../words.ts';
import { seenBy } from './sees.ts';

interface Proxying extends Fact {
  readonly provider: string;
  readonly evidence: string;
  readonly isPodTarget: boolean;
}

/** Annotations that switch the PROXY header on, by the providers of analysis/providers.ts. */
const SWITCHES: Readonly<Record<string, string>> = {
  'aws-classic': 'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol=*',
  'aws-nlb': 'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol=*',
  digitalocean: 'service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol=true',
  hetzner: 'load-balancer.hetzner.cloud/uses-proxyprotocol=true',
  linode: 'service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol=v2',
  openstack: 'loadbalancer.openstack.org/proxy-protocol=true',
  scaleway: 'service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2=true',
};

/** A load balancer that opens connections of its own: the nodes see its address, and no policy brings the client's back. */
export const lbIsAProxy = defineServiceRule<Proxying>({
  id: 'lb-is-a-proxy',
  title: 'the load balancer opens connections of its own, so no policy shows the client',
  severity: 'warning',
  anyDataplane: true,
  needs: [],
  foldsUnder: ['no-usable-endpoints', 'lb-pending', 'proxy-protocol-mismatch'],
  detect: (scene) => {
    const provider = scene.provider();
    if (provider === null || scene.service.ingress.length === 0) return [];
    const seen = seenBy(scene);
    const isProxy = seen.kind === 'other' && seen.by === 'load-balancer';
    const isPodTarget = provider.target === 'pod' && edgeOf(scene.service, provider).preservesClient !== true && seen.kind !== 'told';
    if ((!isProxy && !isPodTarget) || readsHeader(scene)) return [];
    // With Local policy somebody wants the address, and does not get it.
    return [
      {
        severity: scene.isLocal ? 'warning' : 'info',
        field: scene.isLocal ? 'spec.externalTrafficPolicy' : 'metadata.annotations',
        provider: provider.name,
        evidence: provider.evidence,
        isPodTarget,
      },
    ];
  },
  tell: ({ provider, evidence, isPodTarget }, scene) => ({
    message: `pods of ${scene.key} see addresses of the load balancer, never the client's${scene.isLocal ? ', in spite of externalTrafficPolicy Local' : ''}`,
    why: isPodTarget
      ? `the load balancer (${provider}, by ${evidence}) connects to the pods from its own addresses unless preserve_client_ip is enabled`
      : `the load balancer (${provider}, by ${evidence}) is a proxy: what comes to the nodes are connections of its own`,
    remedy: `Let it put the client's address into a PROXY header${switchOn(scene, provider)}, and have the pods read it from the same moment on (one without the other breaks every connection)${isPodTarget ? '; or enable preserve_client_ip in the target group attributes' : ''}`,
  }),
});

/** The controller is set to read the header already: then the two sides do not match, and that is another finding. */
function readsHeader(scene: ServiceScene): boolean {
  return controllerOf(scene)?.proxyProtocol === 'required';
}

function switchOn(scene: ServiceScene, provider: string): string {
  const word = SWITCHES[provider];
  return word === undefined ? '' : `: ${annotate(scene, word)}`;
}
