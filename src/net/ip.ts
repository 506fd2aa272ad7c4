import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An IP family: 4 or 6. */
export type Family = 4 | 6;

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
  const base = ipaddr.parse(host);
  const network = networkOf(host, prefix);
  return {
    text: `${network}/${prefix}`,
    family,
    prefix,
    contains: (address) => familyOf(address) === family && matches(address, base, prefix),
  };
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
  const bytes = ipaddr.parse(firstAddress(cidr)).toByteArray();
  let carry = n;
  for (let i = bytes.length - 1; i >= 0 && carry > 0; i--) {
    const sum = (bytes[i] ?? 0) + carry;
    bytes[i] = sum & 0xff;
    carry = sum >> 8;
  }
  const address = ipaddr.fromByteArray(bytes).toString();
  return carry === 0 && cidr.contains(address) ? address : null;
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

function networkOf(host: string, prefix: number): string {
  const bytes = ipaddr.parse(host).toByteArray();
  const masked = bytes.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - prefix))));
  return ipaddr.fromByteArray(masked).toString();
}

function matches(address: string, base: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): boolean {
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && parsed.match(base, prefix);
  return base instanceof ipaddr.IPv6 && parsed.match(base, prefix);
}
