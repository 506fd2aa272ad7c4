import { overlaps } from '../../net/ip.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact, type ObjectRef } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';
import { admissionTo, type Block, enforcesPolicies, isAdmitted } from './policies.ts';
import { holdsOf, maskedClaims, seenBy } from './sees.ts';

interface Misjudged extends Fact {
  readonly policies: readonly string[];
  readonly blocks: readonly string[];
  readonly seen: readonly string[];
  readonly isAll: boolean;
  readonly effect: 'none' | 'all';
}

/** A NetworkPolicy on the endpoint's node sees what the entry node has masqueraded. */
export const networkpolicyIpblockSeesTranslatedIp = defineServiceRule<Misjudged>({
  id: 'networkpolicy-ipblock-sees-translated-ip',
  title: "a NetworkPolicy's ipBlock judges a node's address instead of the client's",
  severity: 'error',
  needs: ['EndpointSlice', 'NetworkPolicy', 'Pod'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const enforced = enforcesPolicies(scene.cluster);
    if (!scene.isExternal || scene.cluster.objects('NetworkPolicy').length === 0 || enforced === false) return [];
    const admission = admissionOf(scene);
    // Without any network the policy keeps outside clients out by intent; with everybody's it asks for no address.
    if (admission === null || admission.isOpen || admission.blocks.length === 0 || admission.blocks.some(isEverybody)) return [];
    const seen = seenBy(scene);
    if (seen.kind !== 'other' || seen.by === 'load-balancer') return [];
    const { away, isAll } = seen;
    const effect = holdsOf(scene, { addresses: away, isAll }, (address) => isAdmitted(admission.blocks, address));
    if (effect === 'unknown') return [];
    // Whoever lists the cluster's own networks only knows what comes.
    if (effect === 'all' && admission.blocks.every((block) => isOwn(scene, block))) return [];
    const objects = admission.policies.map(
      ({ metadata }): ObjectRef => ({ kind: 'NetworkPolicy', namespace: scene.service.namespace, name: metadata.name }),
    );
    return [
      {
        severity: effect === 'none' && enforced === true ? 'error' : 'warning',
        confidence: enforced === true ? 'derived' : 'hint',
        objects,
        field: 'spec.externalTrafficPolicy',
        policies: objects.map(({ name }) => name),
        blocks: admission.blocks.map(({ cidr }) => cidr.text),
        seen: away,
        isAll,
        effect,
      },
    ];
  },
  claims: ({ seen, isAll }, scene) => maskedClaims(scene, isAll ? seen : null, { awayOnly: true }),
  tell: ({ policies, blocks, seen, isAll, effect }, scene) => ({
    message:
      effect === 'none'
        ? `NetworkPolicy ${nameList(policies)} keeps outside clients of ${scene.key} out that enter by another node, whatever networks it allows`
        : `NetworkPolicy ${nameList(policies)} lets every outside client of ${scene.key} in that enters by another node, whatever its address`,
    why: `with externalTrafficPolicy Cluster the node that is asked masquerades: the policy sees ${isAll ? '' : 'addresses such as '}${nameList(seen)}, and its ipBlocks are ${nameList(blocks)}`,
    remedy: `Let the pods see the clients: ${patchSpec(scene, { externalTrafficPolicy: 'Local' })}, or restrict clients at the load balancer (loadBalancerSourceRanges)`,
  }),
});

/** Of the first endpoint that is a pod: pods of one Service are mostly alike. */
function admissionOf(scene: ServiceScene) {
  for (const slot of scene.slots()) {
    for (const { pod, port } of slot.usable) {
      const found = pod === null ? null : scene.cluster.pods().named(pod.namespace, pod.name);
      if (found !== null && found.spec?.hostNetwork !== true) return admissionTo(scene.cluster, found, port);
    }
  }
  return null;
}

function isEverybody({ cidr, except }: Block): boolean {
  return cidr.prefix === 0 && except.length === 0;
}

function isOwn({ cluster }: ServiceScene, { cidr }: Block): boolean {
  const networks = cluster.dataplane.networks.flatMap((network) => network.networks);
  return (
    networks.some((one) => one.family === cidr.family && overlaps(one, cidr)) ||
    cluster.cluster.nodes.some((node) => node.internalIPs.some((ip) => cidr.contains(ip)))
  );
}
