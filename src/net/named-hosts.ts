import { canonicalIp } from './ip.ts';

/** A host or address that stands in a text. */
export interface NamedHost {
  /** Lower case, or a canonical address. */
  readonly host: string;
  /** As written, or by the scheme; null: neither is there. */
  readonly port: number | null;
}

const HOST =
  /(?:\b(https?|wss?):\/\/)?(?:[\w.~%-]{1,64}@)?(?:\[([0-9a-f:.]{2,45})\]|\b((?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}))(?::(\d{1,5})\b)?/gi;
const BY_SCHEME: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };
/** Characters of one value that are looked at: whole certificates and scripts stand in some. */
const LONGEST = 4096;

/** Hosts in a text that may be an URL, a list of them, or anything else. */
export function hostsIn(text: string): readonly NamedHost[] {
  if (!text.includes('.') && !text.includes('[')) return [];
  return [...text.slice(0, LONGEST).matchAll(HOST)].map(([, scheme, bracketed, name, port]) => {
    const host = bracketed ?? name ?? '';
    return {
      host: canonicalIp(host) ?? host.toLowerCase(),
      port: port === undefined ? (BY_SCHEME[scheme?.toLowerCase() ?? ''] ?? null) : Number(port),
    };
  });
}
