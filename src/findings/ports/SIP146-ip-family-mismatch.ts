import type { Family } from '../../net/ip.ts';
import { familyOf } from '../../net/ip.ts';
import { ALL_KINDS, EXTERNAL, UNANSWERED } from '../claims.ts';
import { flowTo, OUTSIDER } from '../inside.ts';
import { entryNodes, outsideFlow } from '../reach.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';

interface Mismatch extends Fact {
  readonly family: Family;
  /** Published addresses of a family that the Service does not serve; empty: it serves the family, and no endpoint has it. */
  readonly published: readonly string[];
}

/** kube-proxy works per family: an address counts only with a clusterIP of its family, and reaches only endpoints of that family. */
export const ipFamilyMismatch = defineServiceRule<Mismatch>({
  id: 'ip-family-mismatch',
  title: 'an address is published in an IP family in which nothing answers',
  severity: 'error',
  needs: ['EndpointSlice'],
  detect: (scene) => [...unserved(scene), ...unbacked(scene)],
  claims: ({ family, published }, scene) => {
    const slots = scene.service.ports.map((port) => ({ port, family }));
    const to = { service: scene.service, slots, kinds: ALL_KINDS, addresses: published.length > 0 ? published : null, nodes: null };
    return [
      { from: EXTERNAL, to, outcome: UNANSWERED },
      { from: { kind: 'pod', nodes: null }, to, outcome: UNANSWERED },
    ];
  },
  tell: ({ family, published }, scene) =>
    published.length > 0
      ? {
          message: `nothing answers at ${nameList(published)} of ${scene.key}: the Service does not serve IPv${family}`,
          why: `its clusterIPs are of IPv${family === 4 ? 6 : 4} only, and kube-proxy takes no address of another family`,
          remedy: `Serve both families (nodes and pods have to have both): ${patchSpec(scene, { ipFamilyPolicy: 'PreferDualStack' })}; or withdraw the address, and its ${family === 6 ? 'AAAA' : 'A'} record`,
        }
      : {
          message: `${scene.key} serves IPv${family}, and none of its endpoints has an IPv${family} address: clients of that family get nothing`,
          why: `its endpoints are usable in IPv${family === 4 ? 6 : 4} only; kube-proxy never translates between families`,
          remedy: `Give the pods addresses of both families (podIPs, the CNI's configuration), or serve one only: ${patchSpec(scene, { ipFamilyPolicy: 'SingleStack', ipFamilies: [family === 4 ? 'IPv6' : 'IPv4'] })}; withdraw the ${family === 6 ? 'AAAA' : 'A'} record`,
        },
});

/** Addresses of a family without clusterIP; the prediction has to agree that nothing takes them. */
function unserved(scene: ServiceScene): Mismatch[] {
  const { service } = scene;
  if (service.clusterIPs.length === 0) return [];
  const served = new Set(service.clusterIPs.map(familyOf));
  const strange = [...scene.vips, ...service.externalIPs].filter(
    (address) => !served.has(familyOf(address)) && !isAnswered(scene, address),
  );
  const [first] = strange;
  if (first === undefined) return [];
  const family = familyOf(first);
  return [{ key: `published IPv${family}`, field: 'spec.ipFamilies', family, published: strange }];
}

function isAnswered(scene: ServiceScene, address: string): boolean {
  const [slot] = scene.slots();
  const [node] = entryNodes(scene);
  if (slot === undefined || node === undefined) return false;
  const { verdict } = flowTo(scene, slot, OUTSIDER, {
    kind: scene.vips.includes(address) ? 'loadBalancerIP' : 'externalIP',
    address,
    via: node,
  });
  return verdict === 'delivered' || verdict === 'partial';
}

/** A family that the Service serves, all of whose endpoints are of the other one. */
function unbacked(scene: ServiceScene): Mismatch[] {
  const slots = scene.slots();
  const lacking = ([4, 6] as const).filter((family) => {
    const own = slots.filter((slot) => slot.family === family);
    return own.length > 0 && own.every(({ endpoints }) => endpoints.length === 0);
  });
  const hasOther = slots.some(({ usable }) => usable.length > 0);
  return lacking
    .filter(
      (family) =>
        hasOther &&
        isRefused(
          scene,
          slots.filter((slot) => slot.family === family),
        ),
    )
    .map((family) => ({ key: `endpoints IPv${family}`, field: 'spec.ipFamilies', family, published: [] }));
}

function isRefused(scene: ServiceScene, [slot]: readonly Slot[]): boolean {
  const [node] = scene.isExternal ? entryNodes(scene) : [];
  const verdict = slot === undefined || node === undefined ? undefined : outsideFlow(scene, slot, node)?.verdict;
  return verdict !== 'delivered' && verdict !== 'partial';
}
