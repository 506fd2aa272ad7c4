import type { Family } from '../../../net/ip.ts';
import type { BaseChain, NftRuleset, NftTable } from '../../../netfilter/nft/types.ts';
import type { RulesetIndex } from '../ruleset-index.ts';
import { type Hook, hookOf, matters } from './hooks.ts';

/** kube-proxy's own, and those of network plugins: what these drop and rewrite is their business, as it is in iptables. */
const KNOWN = / (?:kube-proxy|calico|cilium|antrea\S*|kind(?:net)?\S*|flannel\S*|kube-router\S*|libvirt\S*|tailscale)$/;

/** The hooks of tables that nft lists beside kube-proxy's, but for those that the iptables dump shows as well. */
export function nftHooks({ tables }: NftRuleset, family: Family, dump: RulesetIndex | null): readonly Hook[] {
  return tables
    .filter(({ name, families }) => families.includes(family) && !KNOWN.test(name) && !isShown(name, dump))
    .flatMap((table) => table.base.map((base) => ofBase(table, base)))
    .filter(matters);
}

/** `ip filter`: the tables of iptables-nft. */
function isShown(name: string, dump: RulesetIndex | null): boolean {
  const own = /^ip6? (?<table>raw|mangle|nat|filter|security)$/.exec(name)?.groups?.['table'];
  return own !== undefined && dump?.ruleset.tables.has(own) === true;
}

function ofBase({ table }: NftTable, { chain, hook, policy, ...base }: BaseChain): Hook {
  return { ...hookOf(table, chain), table: likeTable(base), name: hook, policy };
}

/** The table of iptables that is asked at the same place. */
function likeTable({ type, priority }: Pick<BaseChain, 'type' | 'priority'>): string {
  if (type === 'nat') return 'nat';
  return priority < -200 ? 'raw' : priority < -50 ? 'mangle' : 'filter';
}
