import { externalAsker } from '../analysis/clients.ts';
import type { Flow } from '../analysis/report.ts';
import type { Node } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import { familyOf } from '../net/ip.ts';
import type { Slot } from './scene/slots.ts';
import type { ServiceScene } from './scene.ts';

/** What outside clients meet, asked of the prediction. */

/** Nodes listed one by one in a finding; the rest is counted. */
export const MOST_NODES = 50;

/** Whether rules may claim something about a node: its data plane is modelled, or none is, and then what is said is a hint. */
export function isClaimable({ cluster }: ServiceScene, node: Node): boolean {
  if (node.operatingSystem !== 'linux') return false;
  return cluster.plane === 'unknown' || cluster.isModelled(node.name);
}

/** Nodes that outside traffic may be sent to and about which something can be said. */
export function entryNodes(scene: ServiceScene): readonly Node[] {
  return scene.balancer().eligible.filter((node) => isClaimable(scene, node));
}

/** The flow of an outside client that comes to a node: to its node port, else to an LB IP or externalIP through it. Null: there is no such address. */
export function outsideFlow(scene: ServiceScene, slot: Slot, node: Node): Flow | null {
  const { port, family } = slot;
  const servicePort = port.name === '' ? String(port.port) : port.name;
  const { protocol } = port;
  const client = externalAsker(null, null, null);
  const own = nodeIp(node, family);
  if (port.nodePort !== null && own !== null) {
    const target = { kind: 'nodePort', node: node.name, address: own, port: port.nodePort, protocol, servicePort } as const;
    return scene.oracle().ask(client, target, null).flow;
  }
  const kinds = [
    ['loadBalancerIP', scene.vips],
    ['externalIP', scene.service.externalIPs],
  ] as const;
  for (const [kind, addresses] of kinds) {
    const address = addresses.find((one) => familyOf(one) === family);
    if (address !== undefined)
      return scene.oracle().ask(client, { kind, node: null, address, port: port.port, protocol, servicePort }, node).flow;
  }
  return null;
}
