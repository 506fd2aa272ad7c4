import type { Family } from '../net/ip.ts';

/** The parts of a rule in the order in which iptables-save prints them (facts §7.1; measured with 1.8.9, nft and legacy alike). */
export interface Parts {
  /** `10.244.0.0/16`, or `! 10.244.0.0/16`. */
  readonly source?: string | null;
  readonly destination?: string | null;
  readonly device?: string | null;
  readonly protocol?: string | null;
  /** conntrack matches of the static rules stand before the comment. */
  readonly state?: string;
  readonly comment?: string | null;
  /** Matches between comment and port. */
  readonly matches?: string;
  /** `--dport`; with `empty`, the protocol's match stands without one. */
  readonly dport?: number | 'empty';
  /** Matches behind the port. */
  readonly tail?: string;
  /** `-j …` without the `-j`; null: a rule without target. */
  readonly target: string | null;
}

/** One rule in normal form. */
export function saveLine(chain: string, parts: Parts): string {
  const { protocol } = parts;
  const words = [
    `-A ${chain}`,
    negatable('-s', parts.source),
    negatable('-d', parts.destination),
    negatable('-i', parts.device),
    protocol ? `-p ${protocol}` : '',
    parts.state ?? '',
    parts.comment ? `-m comment --comment "${parts.comment}"` : '',
    parts.matches ?? '',
    protocol && parts.dport !== undefined ? `-m ${protocol}${parts.dport === 'empty' ? '' : ` --dport ${parts.dport}`}` : '',
    parts.tail ?? '',
    parts.target === null ? '' : `-j ${parts.target}`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** xtables prints the inversion in front of the option, and no network at all for one that holds everything. */
function negatable(option: string, value: string | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (value.startsWith('! ')) return `! ${option} ${value.slice(2)}`;
  return value.endsWith('/0') ? '' : `${option} ${value}`;
}

/** An address as a network of one. */
export function host(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

const PROBABILITY_SCALE = 2 ** 31;

/** kube-proxy writes 1/n with 10 digits, xt_statistic keeps 31 bits of it, iptables-save prints 11 digits of those. */
export function probabilityText(n: number): string {
  const kept = Math.round(Number((1 / n).toFixed(10)) * PROBABILITY_SCALE);
  return (kept / PROBABILITY_SCALE).toFixed(11);
}

/** `-m recent …` as printed, with the mask that is its default. */
export function recentMatch(action: '--set' | `--rcheck --seconds ${number} --reap`, name: string, family: Family): string {
  const mask = family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  return `-m recent ${action} --name ${name} --mask ${mask} --rsource`;
}

/** `REJECT` with the default that iptables-save spells out. */
export function rejectTarget(family: Family): string {
  return `REJECT --reject-with ${family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'}`;
}
