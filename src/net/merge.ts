import type { Cidr, Family } from './ip.ts';
import { FAMILIES, parseCidr } from './ip.ts';

const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** The fewest networks that hold exactly the same addresses: halves of one network become that network, what lies in another goes. */
export function mergeCidrs(cidrs: readonly Cidr[]): Cidr[] {
  return FAMILIES.flatMap((family) => {
    const mine = cidrs.filter((cidr) => cidr.family === family);
    return mine.length < 2 ? mine : mergedTexts(mine, family).flatMap((text) => parseCidr(text) ?? []);
  });
}

interface Block {
  readonly base: bigint;
  readonly prefix: number;
}

function mergedTexts(cidrs: readonly Cidr[], family: Family): string[] {
  const bits = BITS[family];
  const blocks = cidrs.map(({ text, prefix }) => ({ base: numberOf(text.slice(0, text.indexOf('/')), family), prefix }));
  blocks.sort((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : a.prefix - b.prefix));
  const merged: Block[] = [];
  for (const block of blocks) {
    let next: Block = block;
    for (let last = merged.at(-1); last !== undefined; last = merged.at(-1)) {
      const isInside = next.base >> BigInt(bits - last.prefix) === last.base >> BigInt(bits - last.prefix) && next.prefix >= last.prefix;
      if (!isInside && !areHalves(last, next, bits)) break;
      merged.pop();
      next = isInside ? last : { base: last.base, prefix: last.prefix - 1 };
    }
    merged.push(next);
  }
  return merged.map(({ base, prefix }) => `${textOf(base, family)}/${prefix}`);
}

function areHalves(low: Block, high: Block, bits: number): boolean {
  if (low.prefix !== high.prefix || low.prefix === 0) return false;
  const size = 1n << BigInt(bits - low.prefix);
  return (low.base & size) === 0n && high.base === low.base + size;
}

function numberOf(address: string, family: Family): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [head = '', tail = ''] = address.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [words(head), words(tail)];
  const all = address.includes('::') ? [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right] : left;
  return all.reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n);
}

function textOf(base: bigint, family: Family): string {
  const [parts, width] = family === 4 ? [4, 8n] : [8, 16n];
  const words = Array.from({ length: parts }, (_, index) => (base >> (width * BigInt(parts - 1 - index))) & ((1n << width) - 1n));
  return family === 4 ? words.join('.') : words.map((word) => word.toString(16)).join(':');
}
