import { canonicalIp, commonPrefix, familyOf, number4, parseCidr } from '../../net/ip.ts';
import type { Network } from './match-kinds.ts';

/** Parses `10.1.2.3`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`; null for anything else, and for a mask with holes. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf('/');
  const mask = slash < 0 ? null : text.slice(slash + 1);
  if (mask?.includes('.')) {
    const prefix = prefixOfMask(mask);
    return prefix === null ? null : parseNetwork(`${text.slice(0, slash)}/${prefix}`);
  }
  // A mapped IPv6 address would become an IPv4 network.
  if (text.includes(':') && text.includes('.')) return null;
  const cidr = parseCidr(text);
  if (cidr === null) return null;
  return { text: cidr.text, address: cidr.text.slice(0, cidr.text.indexOf('/')), prefix: cidr.prefix };
}

export function bitsOf(address: string): number {
  return familyOf(address) === 4 ? 32 : 128;
}

/** Whether the network holds the (canonical) address. */
export function networkHas(network: Network, address: string): boolean {
  if (familyOf(network.address) !== familyOf(address)) return false;
  if (network.prefix === 0) return true;
  if (network.prefix === bitsOf(network.address)) return network.address === address;
  if (familyOf(address) === 6) return commonPrefix(network.address, address) >= network.prefix;
  const shift = 32 - network.prefix;
  return number4(address) >>> shift === number4(network.address) >>> shift;
}

/** Orders addresses of one family. */
export function compareAddresses(a: string, b: string): number {
  const [left, right] = [sortable(a), sortable(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether an address stands between two of its family, both included. */
export function isBetween(address: string, from: string, to: string): boolean {
  return familyOf(from) === familyOf(address) && compareAddresses(from, address) <= 0 && compareAddresses(address, to) <= 0;
}

function prefixOfMask(mask: string): number | null {
  if (canonicalIp(mask) === null) return null;
  const bits = (number4(mask) >>> 0).toString(2).padStart(32, '0');
  return /^1*0*$/.test(bits) ? (bits.indexOf('0') < 0 ? 32 : bits.indexOf('0')) : null;
}

function sortable(address: string): string {
  if (familyOf(address) === 4)
    return address
      .split('.')
      .map((part) => part.padStart(3, '0'))
      .join('.');
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':').filter((part) => part !== '');
  const right = tail.split(':').filter((part) => part !== '');
  const middle = address.includes('::') ? Array<string>(8 - left.length - right.length).fill('0') : [];
  return [...left, ...middle, ...right].map((part) => part.padStart(4, '0')).join(':');
}
