import type { Node, Service } from '../../cluster/model.ts';
import { familyOf } from '../../net/ip.ts';
import { at, EXTERNAL, UNANSWERED, usableSlots } from '../claims.ts';
import { flowTo, OUTSIDER } from '../inside.ts';
import { append } from '../scene/lazy.ts';
import type { Slot } from '../scene/slots.ts';
import type { ClusterScene, ServiceScene } from '../scene.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, plural } from '../words.ts';

interface Unserved extends Fact {
  readonly nodes: readonly string[];
  readonly examples: readonly string[];
  readonly places: readonly { readonly node: Node; readonly address: string }[];
  /** As configured; empty: the mode's default. */
  readonly configured: readonly string[];
}

const MOST_ASKED = 500;
const MOST = 20;

/** nodePortAddresses, or nftables mode's default `primary`, leave out addresses that the nodes publish: node ports are not served there (KEP-3866). */
export const nodeportAddressesRestricted = defineClusterRule<Unserved>({
  id: 'nodeport-addresses-restricted',
  title: "node ports are served on some of the nodes' addresses only",
  about: 'node',
  severity: 'warning',
  needs: ['EndpointSlice'],
  detect: (scene) => {
    const nodes = scene.cluster.nodes.filter((node) => isRestricted(scene, node)).slice(0, MOST_ASKED);
    const probe = nodes.length === 0 ? null : probeOf(scene);
    if (probe === null) return [];
    const found = new Map<string, { node: Node; address: string }[]>();
    for (const node of nodes)
      for (const address of unservedAt(probe, node)) append(found, configuredOn(scene, node).join(','), { node, address });
    return [...found].map(([configured, list]) => {
      const names = [...new Set(list.map(({ node }) => node.name))];
      return {
        objects: names.slice(0, MOST).map(nodeRef),
        key: configured,
        nodes: names,
        examples: list.map(({ node, address }) => `${address} of ${node.name}`),
        places: list,
        configured: configured === '' ? [] : configured.split(','),
      };
    });
  },
  claims: ({ places }, scene) =>
    scene.cluster.services.flatMap((service) => {
      const own = scene.scene(service);
      return places.map(({ node, address }) => ({
        from: EXTERNAL,
        to: at(own, usableSlots(own), { kinds: ['nodePort'], addresses: [address], nodes: [node.name] }),
        outcome: UNANSWERED,
      }));
    }),
  tell: ({ nodes, examples, configured }) => ({
    message: `node ports do not answer on some addresses of ${plural(nodes.length, 'node')}: ${nameList(examples)}`,
    why:
      configured.length > 0
        ? `kube-proxy's nodePortAddresses (${nameList(configured)}) leaves them out; the host itself answers there, mostly with a refusal`
        : "kube-proxy's nftables mode serves node ports on each node's primary address only, unless nodePortAddresses says otherwise",
    remedy:
      'Send clients and load balancers to the other addresses, or add the networks to nodePortAddresses: kubectl edit configmap kube-proxy -n kube-system, then kubectl rollout restart daemonset/kube-proxy -n kube-system',
  }),
});

function isRestricted({ dataplane }: ClusterScene, { name }: Node): boolean {
  const candidates = dataplane.classOf.get(name)?.candidates ?? [];
  return candidates.length > 0 && candidates.every(({ mode, nodePortAddresses }) => mode === 'nftables' || nodePortAddresses.length > 0);
}

function configuredOn({ dataplane }: ClusterScene, { name }: Node): readonly string[] {
  return dataplane.classOf.get(name)?.candidates[0]?.nodePortAddresses ?? [];
}

interface Probe {
  readonly scene: ServiceScene;
  readonly slots: readonly Slot[];
}

/** A Service whose node ports would answer on any node; one per family that has such a port. */
function probeOf(scene: ClusterScene): Probe | null {
  const answers = (service: Service): boolean =>
    service.externalTrafficPolicy === 'Cluster' && service.unproxied === null && service.ports.some(({ nodePort }) => nodePort !== null);
  for (const service of scene.cluster.services) {
    if (!answers(service)) continue;
    const own = scene.scene(service);
    const slots = own.slots().filter(({ usable, port }) => usable.length > 0 && port.nodePort !== null);
    if (slots.length > 0) return { scene: own, slots };
  }
  return null;
}

function unservedAt({ scene, slots }: Probe, node: Node): string[] {
  return [...new Set([...node.internalIPs, ...node.externalIPs])].filter((address) => {
    const slot = slots.find(({ family }) => family === familyOf(address));
    return slot !== undefined && flowTo(scene, slot, OUTSIDER, { kind: 'nodePort', address, node }).verdict === 'unhandled';
  });
}
