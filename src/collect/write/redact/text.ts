import { canonicalIp, familyOf } from '../../../net/ip.ts';
import { type Pen, scramble } from './pen.ts';

const MAC = '(?<mac>(?<![0-9A-Za-z:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9A-Za-z:]))';
const SIX = '(?<six>(?<![0-9A-Za-z.])[0-9a-f]{0,4}:[0-9a-f:]*:(?:[0-9a-f.]*[0-9a-f])?(?![0-9A-Za-z]))';
const FOUR = '(?<four>(?<![0-9A-Za-z.])\\d{1,3}(?:\\.\\d{1,3}){3}(?![0-9A-Za-z]|\\.[0-9]))';
const LENGTH = '(?:/(?<length>\\d{1,3}(?:\\.\\d{1,3}){3}|\\d{1,3})(?![\\d.]))?';
const ADDRESSES = new RegExp(`${MAC}|(?:${SIX}|${FOUR})${LENGTH}`, 'gi');
/** Interfaces that are named by a hash of the pod (Calico, AWS, Azure). */
const POD_INTERFACE = /\b(cali|eni|azv)([0-9a-f]{11})\b/g;

/** The same text with every address, network, MAC and pod interface in it replaced. */
export function redactText(text: string, pen: Pen): string {
  const replaced = text.replace(ADDRESSES, (...args) => {
    const groups = args.at(-1) as Readonly<Record<'mac' | 'six' | 'four' | 'length', string | undefined>>;
    if (groups.mac !== undefined) return redactMac(groups.mac, pen);
    return redactAddress(groups.six ?? groups.four ?? '', groups.length, pen);
  });
  return replaced.replace(POD_INTERFACE, (_, stem: string, hash: string) => stem + scramble(pen, hash, 'hex'));
}

/** Whether a text is one address or network. */
export function isAddress(text: string): boolean {
  const slash = text.indexOf('/');
  return canonicalIp(slash < 0 ? text : text.slice(0, slash)) !== null && (slash < 0 || /^\/\d{1,3}$/.test(text.slice(slash)));
}

function redactAddress(text: string, length: string | undefined, pen: Pen): string {
  const suffix = length === undefined ? '' : `/${length}`;
  const embedded = /^(?<head>(?:::ffff:|64:ff9b::))(?<four>\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.groups;
  if (embedded !== undefined) return `${embedded['head']}${redactAddress(embedded['four'] ?? '', undefined, pen)}${suffix}`;
  const canonical = canonicalIp(text);
  if (canonical === null) return text + suffix;
  const bits = familyOf(canonical) === 4 ? 32 : 128;
  const prefix = prefixOf(length ?? '');
  if (prefix === null || prefix >= bits) return pen.addresses.address(canonical) + suffix;
  return (isNetworkAddress(canonical, prefix) ? pen.addresses.network(canonical, prefix) : pen.addresses.address(canonical)) + suffix;
}

/** A prefix length, also written as a mask. */
function prefixOf(length: string): number | null {
  if (/^\d{1,3}$/.test(length)) return Number(length);
  const mask = canonicalIp(length);
  if (mask === null) return null;
  const ones = mask.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  return /^1*0*$/.test(ones.join('')) ? ones.join('').indexOf('0') : null;
}

function isNetworkAddress(canonical: string, prefix: number): boolean {
  return parseBits(canonical).slice(prefix).includes('1') === false;
}

function parseBits(canonical: string): string {
  if (familyOf(canonical) === 4)
    return canonical
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail = ''] = canonical.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const zeros = canonical.includes('::') ? 8 - words(head).length - words(tail).length : 0;
  const all = [...words(head), ...Array<string>(zeros).fill('0'), ...words(tail)];
  return all.map((word) => Number.parseInt(word, 16).toString(2).padStart(16, '0')).join('');
}

/** The bits that say what kind of address it is stay. */
function redactMac(mac: string, pen: Pen): string {
  const plain = mac.toLowerCase();
  if (/^(?:00:){5}00$|^(?:ff:){5}ff$|^33:33:|^01:/.test(plain)) return mac;
  const hex = scramble(pen, plain.replaceAll(':', ''), 'hex');
  const first = (Number.parseInt(hex.slice(0, 2), 16) & 0xfc) | (Number.parseInt(plain.slice(0, 2), 16) & 0x03);
  return [first.toString(16).padStart(2, '0'), ...(hex.slice(2).match(/../g) ?? [])].join(':');
}
