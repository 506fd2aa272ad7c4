import type { NodeFile } from '../cluster/evidence.ts';
import type { Node } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { Ruleset } from '../netfilter/ruleset.ts';

interface Seen {
  readonly node: Node;
  readonly dataplane: Dataplane;
  readonly rulesets: Readonly<Record<4 | 6, Ruleset | null>>;
  readonly files: ReadonlyMap<NodeFile['format'], readonly NodeFile[]>;
}

/** Tables that iptables-nft itself keeps in nftables: iptables-save has printed them. */
const OWN_TABLES = /^table (?:ip6?|arp|bridge) (?:filter|nat|mangle|raw|security) \{/;

/** Why iptables rules do not decide what becomes of Service traffic on this node, or null. */
export function untraceable({ node, dataplane, rulesets, files }: Seen): string | null {
  const found = dataplane.classOf.get(node.name);
  const partial = missingTable(rulesets);
  if (partial !== null) return partial;
  const mode = found?.mode ?? null;
  const native = nativeTables(files);
  if (native.some((name) => /^\S+ kube-proxy$/.test(name)) || mode === 'nftables')
    return 'its kube-proxy writes nftables rules, which iptables-save does not show';
  if (mode === 'ipvs' || mode === 'userspace') return `its kube-proxy is in ${mode} mode, where iptables rules do not decide alone`;
  const other = native.find((name) => !name.startsWith('netdev '));
  if (other !== undefined) return `nftables table "${other}" acts beside the iptables rules and is not evaluated`;
  if (mode === 'iptables') return null;
  if (hasIptablesMode(rulesets)) return null;
  return found?.unmodelled ?? 'no rules of kube-proxy in iptables mode are in its dump, and nothing says that it runs there';
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

function nativeTables(files: Seen['files']): readonly string[] {
  const text = (files.get('nft') ?? []).map((file) => file.text).join('\n');
  return text
    .split('\n')
    .filter((line) => line.startsWith('table ') && !OWN_TABLES.test(line))
    .map((line) => line.slice('table '.length).replace(/ \{.*$/, ''));
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
