import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { annotate, patchSpec } from '../words.ts';

interface Collapsed extends Fact {
  readonly how: 'few-sources' | 'many-nodes';
  readonly provider: string;
}

/** Their controllers make the load balancer itself keep a client on one node, as soon as the Service asks for affinity (cloud-provider-gcp, cloud-provider-azure). */
const STICKY: ReadonlySet<string> = new Set(['gcp', 'azure']);

/** Affinity is decided on the node that is asked, before anything is masqueraded: kube-proxy's own masquerading is not what breaks it (kubernetes/kubernetes #43958). */
export const sessionAffinityCollapse = defineServiceRule<Collapsed>({
  id: 'session-affinity-collapse',
  title: 'session affinity does not keep each client on one pod',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const { service } = scene;
    const provider = scene.provider();
    const many = new Set(scene.slots().flatMap(({ usable }) => usable.map(({ address }) => address))).size > 1;
    if (service.affinitySeconds === null || !scene.isExternal || provider === null || provider.target === 'pod' || !many) return [];
    const base = { field: 'spec.sessionAffinity', provider: provider.name };
    if (provider.source === 'load-balancer') return [{ ...base, how: 'few-sources' }];
    return spreadsClients(scene) ? [{ ...base, severity: 'info', how: 'many-nodes' }] : [];
  },
  tell: ({ how, provider }, scene) => ({
    message:
      how === 'few-sources'
        ? `session affinity of ${scene.key} sends all clients behind one address of the load balancer to one pod`
        : `session affinity of ${scene.key} holds per node only: a client that comes through another node gets another pod`,
    why:
      how === 'few-sources'
        ? `sessionAffinity ClientIP looks at the source address that arrives at the node, and ${provider} opens connections from a few addresses of its own`
        : `each node has a table of its own, and ${provider} spreads the connections of one client over nodes${scene.isLocal ? '; with externalTrafficPolicy Local a node also knows its own endpoints only' : ''}`,
    remedy:
      how === 'few-sources'
        ? `Keep sessions where clients can be told apart (cookies at an Ingress, stickiness of the load balancer), and drop the affinity here: ${patchSpec(scene, { sessionAffinity: 'None' })}`
        : `Make the load balancer sticky, too${provider === 'aws-nlb' ? `: ${annotate(scene, 'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes=stickiness.enabled=true,stickiness.type=source_ip')}` : ', or use cookies at an Ingress'}`,
  }),
});

/** More than one node that the load balancer spreads over; one that announces its address takes everything on one node. */
function spreadsClients(scene: ServiceScene): boolean {
  const provider = scene.provider();
  if (provider?.choice !== 'health-check' || STICKY.has(provider.name)) return false;
  if (!scene.isLocal) return scene.balancer().eligible.length > 1;
  return new Set(scene.slots().flatMap((slot) => [...slot.holders().keys()])).size > 1;
}
