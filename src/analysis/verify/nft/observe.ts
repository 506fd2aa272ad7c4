import type { ExternalStep, NftMap } from '../../../expected/nftables.ts';
import { canonicalIp, type Family, hostPort } from '../../../net/ip.ts';
import type { NftLine, NftRuleset, NftTable } from '../../../netfilter/nft/types.ts';
import { nftWords } from '../../../netfilter/nft/words.ts';

/** kube-proxy's table of one family. */
export function proxyTable({ tables }: NftRuleset, family: Family): NftTable | null {
  return tables.find(({ name }) => name === tableName(family)) ?? null;
}

export function tableName(family: Family): string {
  return family === 4 ? 'ip kube-proxy' : 'ip6 kube-proxy';
}

export function elementsIn(table: NftTable, map: NftMap): ReadonlyMap<string, string> {
  return table.maps.get(map) ?? new Map();
}

export function linesOf(table: NftTable, chain: string): readonly NftLine[] {
  return table.lines.get(chain) ?? [];
}

export interface Choice {
  /** `10.244.1.10:8080`. */
  readonly endpoint: string;
  readonly rule: NftLine;
}

/** Where a policy chain may send a packet: through endpoint chains (≤1.35, and with session affinity), or by a map of its own (≥1.36, kubernetes #135800). */
export function choicesIn(table: NftTable, chain: string): readonly Choice[] {
  return linesOf(table, chain).flatMap((rule) => {
    const words = nftWords(rule.line);
    const direct = words.includes('dnat') ? endpointsIn(words.slice(words.indexOf('dnat'))) : [];
    const through = words.filter((word) => word.startsWith('endpoint-')).flatMap((next) => translationsIn(table, next));
    return [...direct, ...through].map((endpoint) => ({ endpoint, rule }));
  });
}

/** The addresses that a chain translates to; none where it is not there, or does not translate. */
function translationsIn(table: NftTable, chain: string): readonly string[] {
  return linesOf(table, chain).flatMap(({ line }) => {
    const words = nftWords(line);
    return words.includes('dnat') ? endpointsIn(words.slice(words.indexOf('dnat'))) : [];
  });
}

/** `10.244.1.10:8080`, `[fd00::1]:80`, `10.244.1.10 . 8080`. */
function endpointsIn(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) => {
    const joined = /^(?:\[(?<six>[^\]]+)\]|(?<four>[\d.]+)):(?<port>\d+)$/.exec(word)?.groups;
    if (joined !== undefined) return [hostPort(joined['six'] ?? joined['four'] ?? '', Number(joined['port']))];
    const address = words[at + 1] === '.' ? canonicalIp(word) : null;
    return address === null ? [] : [hostPort(address, Number(words[at + 2]))];
  });
}

export interface Step {
  readonly does: ExternalStep | 'other';
  readonly rule: NftLine;
}

/** What the rules of an `external-…` chain do. The mark is set by a helper chain up to 1.35, and in place later. */
export function stepsIn(table: NftTable, chain: string): readonly Step[] {
  return linesOf(table, chain).map((rule) => ({ does: stepOf(rule.line), rule }));
}

function stepOf(line: string): Step['does'] {
  const bare = line.replace(/ comment "[^"]*"/, '').replace(/counter packets \d+ bytes \d+ /, '');
  const marks = /\bjump mark-for-masquerade$|\bmark set\b/.test(bare);
  if (/^fib saddr type local /.test(bare)) return marks ? 'masquerade-local' : /goto service-/.test(bare) ? 'node-short-circuit' : 'other';
  if (marks) return /^(?:jump|meta mark set|mark set)\b/.test(bare) ? 'masquerade-external' : 'other';
  if (/^goto (?:service|local)-/.test(bare)) return 'policy-jump';
  return /\bgoto service-/.test(bare) ? 'pod-short-circuit' : 'other';
}

/** The networks that a `firewall-…` chain lets through; null: it does not look like one. */
export function rangesIn(table: NftTable, chain: string): { readonly ranges: readonly string[]; readonly rule: NftLine } | null {
  const [rule] = linesOf(table, chain);
  const found = /^ip6? saddr != (?:\{ (?<many>[^}]+) \}|(?<one>\S+)) .*\bdrop\b/.exec(rule?.line ?? '')?.groups;
  if (rule === undefined || found === undefined) return null;
  const words = (found['many'] ?? found['one'] ?? '').split(',');
  return { ranges: words.map((word) => word.trim()), rule };
}
