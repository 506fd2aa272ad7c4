import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An IP family: 4 or 6. */
export type Family = 4 | 6;

const DOT = 0x2e;
const ZERO = 0x30;

export const FAMILIES: readonly Family[] = [4, 6];

/**
 * One spelling for an address: compressed lower-case IPv6, IPv4-mapped IPv6 as IPv4, no zone.
 * Returns null for text that is no address. `node:net` decides what an address is, because ipaddr.js also takes `010.0.0.1` and `10.1`.
 */
export function canonicalIp(text: string): string | null {
  const bare = text.split('%')[0] ?? '';
  const family = isIP(bare);
  if (family === 4) return bare;
  if (family !== 6) return null;
  const parsed = ipaddr.parse(bare);
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return parsed.toString();
}

/** The family of a canonical address. */
export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** `10.0.0.1:80` or `[fd00::1]:80`. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A network: the text as printed, its family and prefix length, and whether it holds an address. */
export interface Cidr {
  readonly text: string;
  readonly family: Family;
  readonly prefix: number;
  contains(address: string): boolean;
}

/** Parses `10.0.0.0/8`, and a bare address as a network of one. Host bits are cleared; null for anything else. */
export function parseCidr(text: string): Cidr | null {
  const trimmed = text.trim();
  const slash = trimmed.indexOf('/');
  const host = canonicalIp(slash < 0 ? trimmed : trimmed.slice(0, slash));
  if (host === null) return null;
  const family = familyOf(host);
  const bits = family === 4 ? 32 : 128;
  const prefixText = slash < 0 ? String(bits) : trimmed.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefixText)) return null;
  const prefix = Number(prefixText);
  if (prefix > bits) return null;
  return family === 4 ? cidr4(number4(host), prefix) : cidr6(host, prefix);
}

// IPv4 is arithmetic on one number, far quicker than the library's lists of bytes: 5,000 nodes have 10,000 networks to read. IPv6 is the library's.

function cidr4(host: number, prefix: number): Cidr {
  const mask = prefix === 0 ? 0 : -1 << (32 - prefix);
  const network = host & mask;
  return {
    text: `${text4(network)}/${prefix}`,
    family: 4,
    prefix,
    contains: (address) => familyOf(address) === 4 && (number4(address) & mask) === network,
  };
}

function cidr6(host: string, prefix: number): Cidr {
  const base = ipaddr.IPv6.parse(host);
  return {
    text: `${ipaddr.IPv6.networkAddressFromCIDR(`${host}/${prefix}`).toString()}/${prefix}`,
    family: 6,
    prefix,
    contains: (address) => familyOf(address) === 6 && ipaddr.IPv6.parse(address).match(base, prefix),
  };
}

/** The 32 bits of a canonical IPv4 address, as a signed number. */
export function number4(address: string): number {
  let whole = 0;
  let part = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === DOT) {
      whole = (whole << 8) | part;
      part = 0;
    } else part = part * 10 + code - ZERO;
  }
  return (whole << 8) | part;
}

function text4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

/** The networks among these texts; texts that are none are left out. */
export function parseCidrs(texts: readonly string[]): Cidr[] {
  return texts.map(parseCidr).filter((cidr) => cidr !== null);
}

/** Whether two networks share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.contains(firstAddress(b)) || b.contains(firstAddress(a));
}

/** The n-th address of a network (0: the network address itself); null when the network is too small. */
export function addressAt(cidr: Cidr, n: number): string | null {
  if (cidr.family === 4) return n < 2 ** (32 - cidr.prefix) ? text4(number4(firstAddress(cidr)) + n) : null;
  const bytes = ipaddr.IPv6.parse(firstAddress(cidr)).toByteArray();
  let carry = n;
  for (let i = bytes.length - 1; i >= 0 && carry > 0; i--) {
    const sum = (bytes[i] ?? 0) + carry;
    bytes[i] = sum & 0xff;
    carry = sum >> 8;
  }
  const address = ipaddr.fromByteArray(bytes).toString();
  return carry === 0 && cidr.contains(address) ? address : null;
}

/** The first and the last address of a network. */
export function endsOf(cidr: Cidr): readonly [first: string, last: string] {
  const first = firstAddress(cidr);
  if (cidr.family === 6) return [first, ipaddr.IPv6.broadcastAddressFromCIDR(cidr.text).toString()];
  return [first, text4(number4(first) | (cidr.prefix === 32 ? 0 : -1 >>> cidr.prefix))];
}

/** How many leading bits two addresses of one family share. */
export function commonPrefix(a: string, b: string): number {
  const [left, right] = [ipaddr.parse(a).toByteArray(), ipaddr.parse(b).toByteArray()];
  let bits = 0;
  for (const [index, byte] of left.entries()) {
    const differing = byte ^ (right[index] ?? 0);
    if (differing !== 0) return bits + Math.clz32(differing) - 24;
    bits += 8;
  }
  return bits;
}

function firstAddress(cidr: Cidr): string {
  return cidr.text.slice(0, cidr.text.indexOf('/'));
}
