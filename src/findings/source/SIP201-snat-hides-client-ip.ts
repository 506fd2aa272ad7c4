import { shellWord } from '../../analysis/command.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';
import { isOnHost, maskedClaims, seenBy } from './sees.ts';

interface Masked extends Fact {
  /** Addresses that pods see instead, where they are known. */
  readonly seen: readonly string[];
  /** There are no others. */
  readonly isAll: boolean;
  readonly hasHostPods: boolean;
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
    const hasHostPods = scene.endpoints().some((endpoint) => isOnHost(scene, endpoint));
    return [{ ...masked, hasHostPods, field: 'spec.externalTrafficPolicy' }];
  },
  claims: ({ seen, isAll, confidence }, scene) => (confidence === 'hint' ? [] : maskedClaims(scene, isAll ? seen : null)),
  tell: ({ seen, isAll, hasHostPods }, scene) => ({
    message: `pods of ${scene.key} log ${seen.length === 0 ? "a node's address" : isAll ? nameList(seen) : `addresses of nodes (such as ${nameList(seen)})`} for outside clients, ${hasHostPods ? "and the client's own only on the host network of the node that is asked" : "never the client's own"}`,
    why: 'externalTrafficPolicy is Cluster: the node that is asked may send on to any endpoint, so it masquerades the connection to get the answer back',
    remedy: `To see the clients: ${patchSpec(scene, { externalTrafficPolicy: 'Local' })} (then only nodes with an endpoint answer; look first with kubectl srcip whatif svc/${shellWord(scene.service.name)} -n ${shellWord(scene.service.namespace)} --set externalTrafficPolicy=Local), or PROXY protocol / X-Forwarded-For at the load balancer`,
  }),
});

type Addresses = Omit<Masked, 'hasHostPods'>;

function byPrediction(scene: ServiceScene): Addresses | null {
  const seen = seenBy(scene);
  return seen.kind === 'other' && seen.by === 'kube-proxy' ? { seen: seen.addresses, isAll: seen.isAll } : null;
}

/** Data planes that are not modelled: Cilium rewrites unless it answers directly (DSR), kube-proxy's ipvs mode always does; of others nothing is claimed. */
function byImplementation({ cluster }: ServiceScene): Addresses | null {
  const [plane] = cluster.dataplane.classes;
  if (plane?.implementation === 'kube-proxy' && plane.mode === 'ipvs') return { confidence: 'hint', seen: [], isAll: false };
  if (plane?.implementation !== 'cilium') return null;
  const config = cluster.objects('ConfigMap').find(({ metadata }) => metadata.name === 'cilium-config')?.data ?? {};
  const mode = config['bpf-lb-mode'] ?? config['node-port-mode'];
  return mode === 'snat' ? { confidence: 'hint', seen: [], isAll: false } : null;
}
