import type { NftPort } from '../../../expected/nftables.ts';
import { canonicalIp, endsOf, parseCidr } from '../../../net/ip.ts';
import { compareAddresses } from '../../../netfilter/rule/network.ts';
import type { RuleDifference } from '../types.ts';
import { rangesIn } from './observe.ts';
import { difference, nameIn, type Scene } from './scene.ts';

/** loadBalancerSourceRanges. */
export function firewallDifferences(scene: Scene, { firewall, port }: NftPort): readonly RuleDifference[] {
  if (firewall === null) return [];
  const chain = nameIn(scene, firewall.chain);
  const observed = rangesIn(scene.table, chain);
  const about = { chain, port, meaning: 'drops clients outside loadBalancerSourceRanges' } as const;
  if (observed === null)
    return [
      difference(scene, {
        ...about,
        kind: 'missing',
        line: `ip${scene.family === 6 ? '6' : ''} saddr != { ${firewall.ranges.join(', ')} } drop`,
        code: 'drop-outside-source-ranges',
        effect: 'clients outside loadBalancerSourceRanges are not dropped',
        severity: 'warning',
      }),
    ];
  const held = observed.ranges.flatMap(spanOf);
  // The addresses of the load balancer are let in, too, where the node's own address is.
  const wanted = [...firewall.ranges, ...firewall.vips].flatMap(spanOf);
  const lacking = firewall.ranges.flatMap(spanOf).filter((span) => !held.some((other) => covers(other, span)));
  const more = held.filter(
    ({ first, last }) => ![first, last].every((address) => wanted.some((span) => covers(span, { ...span, first: address, last: address }))),
  );
  if (lacking.length === 0 && more.length === 0) return [];
  return [
    difference(scene, {
      ...about,
      kind: 'changed',
      line: observed.rule.line,
      lineNumber: observed.rule.lineNumber,
      expected: observed.rule.line.replace(/!= (?:\{[^}]*\}|\S+)/, `!= { ${firewall.ranges.join(', ')} }`),
      code: 'source-range',
      effect: [
        ...(lacking.length === 0 ? [] : [`clients in ${namesOf(lacking)} are kept out`]),
        ...(more.length === 0 ? [] : [`clients in ${namesOf(more)} are let in`]),
      ].join('; '),
      severity: lacking.length > 0 ? 'error' : 'warning',
    }),
  ];
}

/** Addresses from first to last: nft joins networks that touch. */
interface Span {
  readonly text: string;
  readonly first: string;
  readonly last: string;
}

function spanOf(text: string): readonly Span[] {
  const [from, to] = text.split('-').map(canonicalIp);
  if (from && to) return [{ text, first: from, last: to }];
  const cidr = parseCidr(text);
  if (cidr === null) return [];
  const [first, last] = endsOf(cidr);
  return [{ text, first, last }];
}

function covers(outer: Span, inner: Span): boolean {
  return compareAddresses(outer.first, inner.first) <= 0 && compareAddresses(inner.last, outer.last) <= 0;
}

function namesOf(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join(', ');
}
