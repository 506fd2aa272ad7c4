import type { PortRange } from './match-kinds.ts';

export const FULL_MASK = 0xffffffff;

/** An unsigned 32-bit number: decimal, `0x…` or octal with a leading 0, as strtoul reads it. */
export function parseU32(text: string): number | null {
  if (!/^(?:0[xX][0-9a-fA-F]{1,8}|\d{1,11})$/.test(text)) return null;
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
  return value <= FULL_MASK ? value : null;
}

/** `VALUE[/MASK]`. */
export function parseMasked(text: string, defaultMask: number): { readonly value: number; readonly mask: number } | null {
  const slash = text.indexOf('/');
  const value = parseU32(slash < 0 ? text : text.slice(0, slash));
  const mask = slash < 0 ? defaultMask : parseU32(text.slice(slash + 1));
  return value === null || mask === null ? null : { value, mask };
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

const SERVICES: Readonly<Record<string, number>> = {
  domain: 53,
  http: 80,
  https: 443,
  ssh: 22,
  bootps: 67,
  bootpc: 68,
  ntp: 123,
  mdns: 5353,
  smtp: 25,
};

/** A port number; the few names that people's rules really hold are understood too. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return SERVICES[text] ?? null;
  const port = Number(text);
  return port <= 65535 ? port : null;
}

/** `80`, `80:90`, `:90`, `80:` (and `80-90` where targets write it so). */
export function parsePortRange(text: string, separator: ':' | '-' = ':'): PortRange | null {
  const cut = text.indexOf(separator);
  if (cut < 0) {
    const port = parsePort(text);
    return port === null ? null : { from: port, to: port };
  }
  const from = cut === 0 ? 0 : parsePort(text.slice(0, cut));
  const to = cut === text.length - 1 ? 65535 : parsePort(text.slice(cut + 1));
  return from === null || to === null || from > to ? null : { from, to };
}

export function printPortRange(range: PortRange, separator: ':' | '-' = ':'): string {
  return range.from === range.to ? String(range.from) : `${range.from}${separator}${range.to}`;
}
