import type { Family } from '../../../net/ip.ts';
import type { Hook } from '../../../netfilter/hook.ts';
import type { NftTable } from '../../../netfilter/nft/types.ts';
import type { RuleDifference } from '../types.ts';
import { linesOf, tableName } from './observe.ts';

/** A rule without which no Service is served as it should be, by what it must lead to; where it stands differs between versions. */
interface Needed {
  /** The hook that must lead there; null: the chain itself is asked. */
  readonly hook: Hook | null;
  readonly type: 'nat' | 'filter';
  readonly chain: string;
  readonly needs: RegExp;
  readonly line: string;
  readonly meaning: string;
  readonly effect: string;
}

const NEEDED: readonly Needed[] = [
  ...(['PREROUTING', 'OUTPUT'] as const).map(
    (hook): Needed => ({
      hook,
      type: 'nat',
      chain: `nat-${hook.toLowerCase()}`,
      needs: /\bjump services\b/,
      line: 'jump services',
      meaning: 'the way to all Services',
      effect:
        hook === 'OUTPUT'
          ? 'processes of this node reach no Service: nothing translates their packets'
          : 'no client but the node itself reaches a Service through this node: nothing translates the packets',
    }),
  ),
  {
    hook: 'POSTROUTING',
    type: 'nat',
    chain: 'nat-postrouting',
    needs: /\bjump masquerading\b/,
    line: 'jump masquerading',
    meaning: 'the way to the rule that masquerades',
    effect: 'nothing is masqueraded: answers of endpoints on other nodes go past this node, and connections hang',
  },
  {
    hook: null,
    type: 'nat',
    chain: 'masquerading',
    needs: /\bmasquerade\b/,
    line: 'masquerade fully-random',
    meaning: 'masquerades what is marked',
    effect: 'nothing is masqueraded: answers of endpoints on other nodes go past this node, and connections hang',
  },
  {
    hook: null,
    type: 'nat',
    chain: 'services',
    needs: /@service-ips\b/,
    line: 'ip daddr . meta l4proto . th dport vmap @service-ips',
    meaning: 'looks for the Services by address',
    effect: 'no clusterIP, external IP or load balancer IP is served by this node',
  },
  {
    hook: null,
    type: 'nat',
    chain: 'services',
    needs: /@service-nodeports\b/,
    line: 'meta l4proto . th dport vmap @service-nodeports',
    meaning: 'looks for the Services by node port',
    effect: 'no node port is served by this node',
  },
  ...(['INPUT', 'FORWARD'] as const).map(
    (hook): Needed => ({
      hook,
      type: 'filter',
      chain: `filter-${hook.toLowerCase()}`,
      // 1.29 had one chain for addresses and node ports.
      needs: /\bjump (?:service-)?endpoints-check\b/,
      line: 'ct state new jump service-endpoints-check',
      meaning: 'refuses what no endpoint may answer',
      effect: 'packets to Services without usable endpoints are not refused: they go on untranslated',
    }),
  ),
];

/** The rules of kube-proxy's table that serve all Services. */
export function staticDifferences(table: NftTable, family: Family): readonly RuleDifference[] {
  return NEEDED.filter((needed) => !stands(table, needed)).map(({ chain, line, meaning, effect }) => ({
    kind: 'missing',
    table: tableName(family),
    chain,
    line,
    lineNumber: null,
    expected: null,
    code: 'hook',
    port: null,
    meaning,
    effect,
    severity: 'error',
    chainIs: !table.table.chains.has(chain) ? 'gone' : linesOf(table, chain).length === 0 ? 'empty' : 'present',
  }));
}

function stands(table: NftTable, { hook, type, chain, needs }: Needed): boolean {
  const chains = hook === null ? [chain] : table.base.filter((base) => base.hook === hook && base.type === type).map((base) => base.chain);
  return chains.some((name) => linesOf(table, name).some(({ line }) => needs.test(line)));
}
