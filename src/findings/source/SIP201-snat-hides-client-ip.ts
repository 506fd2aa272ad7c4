import { shellWord } from '../../analysis/command.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';
import { seenBy } from './sees.ts';

interface Masked extends Fact {
  /** Addresses that pods see instead, where they are known. */
  readonly seen: readonly string[];
}

/** externalTrafficPolicy Cluster: the node that was asked puts an address of its own in place of the client's (kube-proxy KUBE-EXT, all versions). */
export const snatHidesClientIp = defineServiceRule<Masked>({
  id: 'snat-hides-client-ip',
  title: "pods see a node's address instead of the outside client's",
  severity: 'info',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports', 'lb-is-a-proxy'],
  detect: (scene) => {
    if (!scene.isExternal || scene.isLocal || scene.slots().every((slot) => slot.usable.length === 0)) return [];
    const masked = scene.cluster.plane === 'unknown' ? byImplementation(scene) : byPrediction(scene);
    if (masked === null) return [];
    return [{ ...masked, field: 'spec.externalTrafficPolicy' }];
  },
  tell: ({ seen }, scene) => ({
    message: `pods of ${scene.key} log ${seen.length === 0 ? "a node's address" : nameList(seen)} for outside clients, never the client's own`,
    why: 'externalTrafficPolicy is Cluster: the node that is asked may send on to any endpoint, so it masquerades the connection to get the answer back',
    remedy: `To see the clients: ${patchSpec(scene, { externalTrafficPolicy: 'Local' })} (then only nodes with an endpoint answer; look first with kubectl srcip whatif svc/${shellWord(scene.service.name)} -n ${shellWord(scene.service.namespace)} --set externalTrafficPolicy=Local), or PROXY protocol / X-Forwarded-For at the load balancer`,
  }),
});

function byPrediction(scene: ServiceScene): Masked | null {
  const seen = seenBy(scene);
  return seen.kind === 'other' && seen.by === 'kube-proxy' ? { seen: seen.addresses } : null;
}

/** Data planes that are not modelled: Cilium rewrites unless it answers directly (DSR), kube-proxy's ipvs mode always does; of others nothing is claimed. */
function byImplementation({ cluster }: ServiceScene): Masked | null {
  const [plane] = cluster.dataplane.classes;
  if (plane?.implementation === 'kube-proxy' && plane.mode === 'ipvs') return { confidence: 'hint', seen: [] };
  if (plane?.implementation !== 'cilium') return null;
  const config = cluster.objects('ConfigMap').find(({ metadata }) => metadata.name === 'cilium-config')?.data ?? {};
  const mode = config['bpf-lb-mode'] ?? config['node-port-mode'];
  return mode === 'snat' ? { confidence: 'hint', seen: [] } : null;
}
