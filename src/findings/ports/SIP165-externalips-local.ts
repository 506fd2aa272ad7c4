import type { Node } from '../../cluster/model.ts';
import { familyOf } from '../../net/ip.ts';
import { at, DROPPED, EXTERNAL, usableSlots } from '../claims.ts';
import { flowTo, OUTSIDER } from '../inside.ts';
import { entriesWithout } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';

interface EmptyOwner extends Fact {
  readonly address: string;
  /** Its owner; null: it is routed to nodes, of which these drop. */
  readonly owner: string | null;
  readonly nodes: readonly string[];
}

const MOST_ASKED = 20;

/** externalIPs obey policy Local (from 1.19, for type ClusterIP from 1.29): a node that gets such a packet and has no endpoint drops it. */
export const externalIpsLocal = defineServiceRule<EmptyOwner>({
  id: 'externalips-local',
  title: 'an externalIP leads to nodes without an endpoint, which drop',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'advertised-address-without-endpoint'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    return scene.service.externalIPs.flatMap((address) => {
      const owner = scene.oracle().ownerOf(address);
      const nodes = dropping(scene, address, owner);
      if (nodes.length === 0) return [];
      return [{ objects: nodes.map(nodeRef), field: 'spec.externalIPs', key: address, address, owner: owner?.name ?? null, nodes }];
    });
  },
  claims: ({ address, nodes }, scene) => {
    const slot = usableSlots(scene).find(({ family }) => family === familyOf(address));
    return slot === undefined
      ? []
      : [{ from: EXTERNAL, to: at(scene, [slot], { kinds: ['externalIP'], addresses: [address], nodes }), outcome: DROPPED }];
  },
  tell: ({ address, owner, nodes }, scene) => ({
    message: `outside traffic to externalIP ${address} of ${scene.key} is dropped on ${nameList(nodes)}`,
    why: `externalTrafficPolicy is Local and there is no endpoint on ${nameList(nodes)}${owner === null ? '; which node gets packets for the address is up to whoever routes it' : ', which owns the address'}`,
    remedy: `Run a pod there, list addresses of nodes with endpoints only, or give up the clients' addresses: ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })}`,
  }),
});

/** Nodes on which the prediction says that a packet to the address is dropped: its owner, or any node where nobody owns it. */
function dropping(scene: ServiceScene, address: string, owner: Node | null): string[] {
  const slot = scene.slots().find(({ family, usable }) => family === familyOf(address) && usable.length > 0);
  if (slot === undefined) return [];
  const holders = slot.holders();
  const asked = owner === null ? entriesWithout(scene, holders, MOST_ASKED).first : [owner].filter(({ name }) => !holders.has(name));
  return asked
    .filter((via) => flowTo(scene, slot, OUTSIDER, { kind: 'externalIP', address, via }).verdict === 'dropped')
    .map(({ name }) => name);
}
