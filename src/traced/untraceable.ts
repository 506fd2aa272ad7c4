import type { Node } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { NftRuleset } from '../netfilter/nft/types.ts';
import type { Ruleset } from '../netfilter/ruleset.ts';

interface Seen {
  readonly node: Node;
  readonly dataplane: Dataplane;
  readonly rulesets: Readonly<Record<4 | 6, Ruleset | null>>;
  /** Null: `nft list ruleset` was not read. */
  readonly nft: NftRuleset | null;
}

/** Why its rules do not decide what becomes of Service traffic on this node, or null. */
export function untraceable({ node, dataplane, rulesets, nft }: Seen): string | null {
  const found = dataplane.classOf.get(node.name);
  const mode = found?.mode ?? null;
  const partial = missingTable(rulesets);
  if (partial !== null) return partial;
  const [other] = nft?.others ?? [];
  if (other !== undefined) return `nftables table "${other}" acts on its packets and is not evaluated`;
  if (mode === 'ipvs' || mode === 'userspace') return `its kube-proxy is in ${mode} mode, where iptables rules do not decide alone`;
  if (hasNftablesMode(nft)) return null;
  if (mode === 'nftables') return 'its kube-proxy writes nftables rules, which iptables-save does not show; nft list ruleset does';
  if (mode === 'iptables' || hasIptablesMode(rulesets)) return null;
  return found?.unmodelled ?? 'no rules of kube-proxy are in its dump, and nothing says that it runs there';
}

/** iptables-save prints every table that there is; a listing shows the ones that were asked for. */
function missingTable(rulesets: Seen['rulesets']): string | null {
  for (const ruleset of Object.values(rulesets)) {
    if (ruleset === null || ruleset.printedBy === 'iptables-save') continue;
    const table = ['nat', 'filter'].find((name) => !ruleset.tables.has(name));
    if (table !== undefined) return `the output of ${ruleset.printedBy} does not show table ${table} (iptables-save shows all)`;
  }
  return null;
}

function hasNftablesMode(nft: NftRuleset | null): boolean {
  return (nft?.tables ?? []).some(({ name, base }) => name.endsWith(' kube-proxy') && base.some(({ type }) => type === 'nat'));
}

/** KUBE-SERVICES with KUBE-SVC chains: ipvs mode has the former only. */
function hasIptablesMode(rulesets: Seen['rulesets']): boolean {
  return ([4, 6] as const).some((family) => {
    const chains = rulesets[family]?.tables.get('nat')?.chains;
    if (chains === undefined || !chains.has('KUBE-SERVICES')) return false;
    for (const name of chains.keys()) if (name.startsWith('KUBE-SVC-')) return true;
    return false;
  });
}
