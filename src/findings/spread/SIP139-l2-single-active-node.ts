import type { ServiceScene } from '../scene.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { plural } from '../words.ts';
import { advertisementsFor, holderOf } from './metallb.ts';

interface OneNode extends Fact {
  /** Null: one of several, and nothing tells which. */
  readonly node: string | null;
  readonly evidence: string;
  readonly idle: number;
}

/** An address announced in layer 2 is on one node at a time: with Local policy the endpoints of all others are only spares. */
export const l2SingleActiveNode = defineServiceRule<OneNode>({
  id: 'l2-single-active-node',
  title: 'one node at a time takes all the traffic of the address',
  severity: 'info',
  needs: ['EndpointSlice', 'L2Advertisement', 'BGPAdvertisement', 'IPAddressPool', 'ServiceL2Status'],
  foldsUnder: ['no-usable-endpoints', 'vip-holder-without-endpoint', 'l2-no-eligible-speaker', 'shared-vip-conflict', 'local-single-node'],
  detect: (scene) => {
    const found = announced(scene);
    if (found === null) return [];
    const holders = new Map(scene.slots().flatMap((slot) => [...slot.holders()]));
    const idle = scene.isLocal ? [...holders].filter(([node]) => node !== found.node).length - (found.node === null ? 1 : 0) : 0;
    if (scene.isLocal && idle < 1) return [];
    const observed = found.node === null ? {} : { confidence: 'observed' as const, objects: [nodeRef(found.node)] };
    return [{ ...observed, ...found, severity: scene.isLocal ? 'warning' : 'info', idle }];
  },
  tell: ({ node, evidence, idle }, { key, isLocal }) => ({
    message: `${node ?? 'one node at a time'} takes all outside traffic to ${key}${isLocal ? `; the endpoints on ${plural(idle, 'other node')} are spares` : ''}`,
    why: `its address is announced in layer 2, by one node at a time (${evidence})${isLocal ? ', and with externalTrafficPolicy Local that node uses its own endpoints only' : ', which sends on to all endpoints: its bandwidth is the limit, and its failure an interruption of some seconds'}`,
    remedy: isLocal
      ? "Announce by BGP (every node with an endpoint then takes a share), or use externalTrafficPolicy Cluster where the clients' addresses are not needed"
      : 'Announce by BGP where one node is not enough; nothing to do where failover is all that is wanted',
  }),
});

/** Announced in layer 2 by somebody's own word, or by the advertisements alone: those of BGP make no single node. */
function announced(scene: ServiceScene): { readonly node: string | null; readonly evidence: string } | null {
  if (scene.vips.length === 0 || scene.cluster.cluster.nodes.length < 2) return null;
  const advertised = advertisementsFor(scene);
  if ((advertised?.bgp.length ?? 0) > 0) return null;
  const holder = holderOf(scene);
  if (holder !== null) return holder;
  const [first] = advertised?.l2 ?? [];
  return first === undefined ? null : { node: null, evidence: `L2Advertisement ${first.metadata.name}` };
}
