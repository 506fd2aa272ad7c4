import type { TargetKind } from '../../analysis/report.ts';
import type { Node } from '../../cluster/model.ts';
import { canonicalIp, familyOf } from '../../net/ip.ts';
import { at, DROPPED, EXTERNAL, usableSlots } from '../claims.ts';
import { flowTo, OUTSIDER } from '../inside.ts';
import { isClaimable } from '../reach.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec, verb } from '../words.ts';

interface Published {
  readonly address: string;
  readonly node: string;
  /** `Ingress shop/web`. */
  readonly by: string;
}

interface DeadEnds extends Fact {
  readonly dead: readonly Published[];
  readonly all: number;
}

const DNS_TARGET = 'external-dns.alpha.kubernetes.io/target';
/** Beside this many, addresses are only counted. */
const MOST = 50;

const nodeByAddress = perCluster((scene): ReadonlyMap<string, Node> => {
  const found = new Map<string, Node>();
  for (const node of scene.cluster.nodes) for (const address of [...node.internalIPs, ...node.externalIPs]) found.set(address, node);
  return found;
});

/** An address of a node is published for a Service of Local policy, and that node has no endpoint of it. */
export const advertisedAddressWithoutEndpoint = defineServiceRule<DeadEnds>({
  id: 'advertised-address-without-endpoint',
  title: 'a published address leads to a node that drops',
  severity: 'error',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const published = publishedFor(scene);
    const dead = published.filter(({ node, address }) => lacksEndpoint(scene, node, address));
    if (dead.length === 0) return [];
    const shown = dead.slice(0, MOST);
    return [
      {
        field: 'spec.externalTrafficPolicy',
        objects: [...new Set(shown.map(({ node }) => node))].map(nodeRef),
        dead: shown,
        all: published.length,
      },
    ];
  },
  claims: ({ dead }, scene) =>
    dead.map(({ address, node }) => {
      const slots = usableSlots(scene).filter((slot) => !slot.holders().has(node));
      const kinds: readonly TargetKind[] = isOwn(scene, address) ? ['externalIP', 'loadBalancerIP'] : ['nodePort'];
      return { from: EXTERNAL, to: at(scene, slots, { kinds, addresses: [address], nodes: [node] }), outcome: DROPPED };
    }),
  tell: ({ dead, all }, scene) => ({
    message: `${dead.length} of ${all} published addresses of ${scene.key} ${verb(dead.length, 'leads', 'lead')} to a node that drops: ${nameList(dead.map(({ address, node }) => `${address} (${node})`))}`,
    why: `externalTrafficPolicy is Local, ${verb(dead.length, 'that node has', 'these nodes have')} no endpoint, and ${nameList([...new Set(dead.map(({ by }) => by))])} ${verb(new Set(dead.map(({ by }) => by)).size, 'sends', 'send')} clients there: whoever takes that address times out`,
    remedy: `Publish only nodes with an endpoint, run a pod on every published node, put an address in front that follows the health check, or: ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })}`,
  }),
});

function publishedFor(scene: ServiceScene): Published[] {
  const { service, cluster } = scene;
  const sources: (readonly [string, readonly string[]])[] = [
    ['spec.externalIPs', service.externalIPs],
    ['the load balancer status', service.ingress.flatMap(({ ip }) => ip ?? [])],
    [`annotation ${DNS_TARGET}`, (service.annotations[DNS_TARGET] ?? '').split(',')],
  ];
  for (const front of cluster.fronts().servedBy(service)) sources.push([`${front.kind} ${front.namespace}/${front.name}`, front.published]);
  const found = new Map<string, Published>();
  for (const [by, addresses] of sources) {
    for (const text of addresses) {
      const address = canonicalIp(text.trim());
      const node = address === null ? undefined : nodeByAddress(cluster).get(address);
      if (address !== null && node !== undefined && !found.has(address)) found.set(address, { address, node: node.name, by });
    }
  }
  return [...found.values()];
}

function lacksEndpoint(scene: ServiceScene, name: string, address: string): boolean {
  const node = scene.cluster.cluster.nodeByName.get(name);
  if (node === undefined || !isClaimable(scene, node)) return false;
  const slots = scene.slots().filter((slot) => slot.usable.length > 0 && slot.family === familyOf(address));
  return slots.some((slot) => !slot.holders().has(name) && !isElsewhere(scene, slot, { node, address }));
}

function isOwn({ service, vips }: ServiceScene, address: string): boolean {
  return service.externalIPs.includes(address) || vips.includes(address);
}

/** An address at which no node port is served: the host itself answers there. */
function isElsewhere(scene: ServiceScene, slot: Slot, { node, address }: { readonly node: Node; readonly address: string }): boolean {
  if (isOwn(scene, address) || slot.port.nodePort === null || !scene.cluster.isModelled(node.name)) return false;
  return flowTo(scene, slot, OUTSIDER, { kind: 'nodePort', address, node }).verdict === 'unhandled';
}
