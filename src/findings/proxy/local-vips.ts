import type { Asker } from '../../analysis/clients.ts';
import type { Node, Service } from '../../cluster/model.ts';
import type { Family } from '../../net/ip.ts';
import { familyOf } from '../../net/ip.ts';
import { flowTo } from '../inside.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';

/** Services with Local policy and an address that kube-proxy takes on every node: what pods lose when they are not recognised. */
const candidates = perCluster(({ cluster }) =>
  cluster.services.filter(
    (service) =>
      service.externalTrafficPolicy === 'Local' &&
      service.unproxied === null &&
      (service.externalIPs.length > 0 || service.ingress.some(({ ip, ipMode }) => ip !== null && ipMode !== 'Proxy')),
  ),
);

/** Services that are asked before it is given up. */
const MOST_ASKED = 50;

/** What a client in the cluster cannot reach. */
export interface CutOff {
  readonly service: Service;
  readonly address: string;
  readonly slot: Slot;
}

/** A Local Service whose outside address a client on a node cannot reach, although endpoints exist elsewhere; by the prediction, or null. */
export function cutOffFrom(
  cluster: ServiceScene['cluster'],
  client: { readonly asker: Asker; readonly node: Node; readonly family: Family },
): CutOff | null {
  for (const service of candidates(cluster).slice(0, MOST_ASKED)) {
    const scene = cluster.scene(service);
    const slot = scene.slots().find(({ family, usable }) => family === client.family && usable.length > 0);
    if (slot === undefined || slot.holders().has(client.node.name)) continue;
    const vip = scene.vips.find((ip) => familyOf(ip) === client.family);
    const address = vip ?? service.externalIPs.find((ip) => familyOf(ip) === client.family);
    if (address === undefined) continue;
    const kind = vip === undefined ? 'externalIP' : 'loadBalancerIP';
    if (flowTo(scene, slot, client.asker, { kind, address }).verdict === 'dropped') return { service, address, slot };
  }
  return null;
}
