import { createHmac } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { type Family, familyOf } from '../../../net/ip.ts';

/** Replaces addresses one to one; two that share a network before share one of the same length after. */
export interface AddressMap {
  /** A canonical address. */
  address(canonical: string): string;
  /** The address of a network: what its addresses are mapped to lies in it. */
  network(canonical: string, prefix: number): string;
}

interface Special {
  readonly bytes: readonly number[];
  readonly length: number;
  /** Everybody has the same ones, so they say nothing about a cluster. */
  readonly fixed: boolean;
}

/** Networks that mean something by themselves (IANA special-purpose registries): what lies in one stays in it. */
const SPECIAL: Readonly<Record<Family, readonly Special[]>> = {
  4: [
    ...['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'].map((text) => special(text, false)),
    ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'].map((text) => special(text, true)),
  ],
  6: [
    ...['fc00::/8', 'fd00::/8', 'fe80::/10', 'fec0::/10', '2000::/3'].map((text) => special(text, false)),
    ...['::/8', 'ff00::/8'].map((text) => special(text, true)),
  ],
};
/** From this bit on addresses stay as they are: which host of a network it is, the first for instance, has a meaning and tells little. */
const KEPT_FROM: Readonly<Record<Family, number>> = { 4: 24, 6: 112 };
const INTERFACE_BITS_FROM = 64;

function special(text: string, fixed: boolean): Special {
  const [address, length] = ipaddr.parseCIDR(text);
  return { bytes: address.toByteArray(), length, fixed };
}

/**
 * Prefix-preserving pseudonyms (Xu et al., "Prefix-preserving IP address anonymization", 2002): whether a bit is flipped depends on the bits before it
 * and on the key.
 */
export function createAddressMap(key: Buffer): AddressMap {
  const flips = new Map<string, number>();
  const done = new Map<string, string>();
  const flip = (family: Family, bytes: readonly number[], depth: number): number => {
    const before = masked(bytes, depth);
    const id = `${depth}/${before.join('.')}/${family}`;
    const known = flips.get(id);
    if (known !== undefined) return known;
    const bit = (createHmac('sha256', key).update(id).digest()[0] ?? 0) & 1;
    flips.set(id, bit);
    return bit;
  };
  const scrambled = (canonical: string): string => {
    const known = done.get(canonical);
    if (known !== undefined) return known;
    const mapped = ipaddr.fromByteArray(flipped(canonical, flip)).toString();
    done.set(canonical, mapped);
    return mapped;
  };
  return {
    address: scrambled,
    network: (canonical, prefix) => ipaddr.fromByteArray(masked(ipaddr.parse(scrambled(canonical)).toByteArray(), prefix)).toString(),
  };
}

function flipped(canonical: string, flip: (family: Family, bytes: readonly number[], depth: number) => number): number[] {
  const family = familyOf(canonical);
  const bytes = ipaddr.parse(canonical).toByteArray();
  const shared = SPECIAL[family].map((one) => ({ ...one, common: commonBits(bytes, one.bytes) }));
  if (shared.some((one) => one.fixed && one.common >= one.length)) return bytes;
  // Above the end of a special network that begins like this address, a flip would lead into it or out of it.
  const first = Math.max(...shared.map(({ common, length }) => Math.min(common + 1, length)));
  const mapped = [...bytes];
  for (let depth = first; depth < KEPT_FROM[family]; depth++) {
    if (depth >= INTERFACE_BITS_FROM && isZeroBetween(bytes, INTERFACE_BITS_FROM, depth)) continue;
    // The first is always flipped, so that no address stays what it was.
    const bit = depth === first ? 1 : flip(family, bytes, depth);
    mapped[depth >> 3] = (mapped[depth >> 3] ?? 0) ^ (bit << (7 - (depth & 7)));
  }
  return mapped;
}

/** An interface identifier of small numbers, as people write them, keeps its zeros. */
function isZeroBetween(bytes: readonly number[], from: number, to: number): boolean {
  for (let depth = from; depth < to; depth++) if ((((bytes[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1) return false;
  return true;
}

function commonBits(a: readonly number[], b: readonly number[]): number {
  for (const [index, byte] of a.entries()) {
    const differing = byte ^ (b[index] ?? 0);
    if (differing !== 0) return 8 * index + Math.clz32(differing) - 24;
  }
  return 8 * a.length;
}

function masked(bytes: readonly number[], prefix: number): number[] {
  return bytes.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - prefix))));
}
