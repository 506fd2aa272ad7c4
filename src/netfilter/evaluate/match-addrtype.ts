import { addressType, isLocal } from '../node/routing.ts';
import type { AddressTypes, AddrtypeMatch } from '../rule/match-kinds.ts';
import type { Scene } from './scene.ts';
import { and, known, type Ternary, withNot } from './ternary.ts';

/** `-m addrtype`: what the node's local table says of an address. */
export function matchAddrtype(match: AddrtypeMatch, scene: Scene): Ternary {
  const { packet } = scene;
  const device = match.limit === null ? null : match.limit === 'in' ? packet.inDevice : packet.outDevice;
  if (match.limit !== null && device === null) return limitedToUnknown(match, scene);
  return and(hasType(match.source, packet.source, { scene, device }), hasType(match.destination, packet.destination, { scene, device }));
}

function hasType(
  wanted: AddressTypes | null,
  address: string | null,
  at: { readonly scene: Scene; readonly device: string | null },
): Ternary {
  if (wanted === null) return 'yes';
  const type = address === null ? null : addressType(at.scene.node, address, at.device);
  // xt_addrtype: for IPv6 every address but multicast ones counts as unicast, the node's own too.
  if (address?.includes(':') === true && wanted.types.length === 1 && wanted.types[0] === 'UNICAST')
    return withNot(known(type !== 'MULTICAST'), wanted.negated);
  return type === null ? 'unknown' : withNot(known(wanted.types.includes(type)), wanted.negated);
}

/** The device is not known, but an address that is not the node's at all is not that device's either. */
function limitedToUnknown(match: AddrtypeMatch, scene: Scene): Ternary {
  const one = (wanted: AddressTypes | null, address: string | null): Ternary => {
    if (wanted === null) return 'yes';
    const elsewhere = address !== null && wanted.types.every((type) => type === 'LOCAL') && isLocal(scene.node, address) === false;
    return elsewhere ? withNot('no', wanted.negated) : 'unknown';
  };
  return and(one(match.source, scene.packet.source), one(match.destination, scene.packet.destination));
}
