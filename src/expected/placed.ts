import type { Parts } from './line.ts';
import { saveLine } from './line.ts';
import type { ChainOrder, ExpectedChain, ExpectedRule, RuleCode, Table } from './types.ts';

/** A rule with the chain that it belongs to; without rule, the chain is declared only. */
export interface Placed {
  readonly table: Table;
  readonly chain: string;
  readonly rule: ExpectedRule | null;
}

/** What a generator says about one rule. */
export interface Draft extends Parts {
  readonly code: RuleCode;
  readonly meaning: string;
  readonly port?: string;
  readonly optional?: boolean;
  readonly writer?: ExpectedRule['writer'];
  /** Parts of other texts that are as right. */
  readonly also?: readonly Partial<Parts>[];
}

/** A drafted rule in its chain. */
export function place(table: Table, chain: string, draft: Draft): Placed {
  const { code, meaning, port, optional, writer, also, ...parts } = draft;
  const rule: ExpectedRule = {
    line: saveLine(chain, parts),
    also: (also ?? []).map((change) => saveLine(chain, { ...parts, ...change })),
    code,
    meaning,
    port: port ?? null,
    optional: optional ?? false,
    writer: writer ?? 'kube-proxy',
  };
  return { table, chain, rule };
}

export function declare(table: Table, chain: string): Placed {
  return { table, chain, rule: null };
}

const OWN_CHAIN = /^KUBE-(?:SVC|SVL|EXT|FW|XLB|SEP)-/;
/** Static chains that nothing but kube-proxy and the kubelet write, in one order. */
const STATIC_CHAINS: ReadonlySet<string> = new Set(['KUBE-POSTROUTING', 'KUBE-MARK-MASQ', 'KUBE-FORWARD']);

/** Chains in the order of their first rule, rules in the order in which they were written. */
export function byChain(placed: readonly Placed[], optional: ReadonlySet<string> = new Set()): ExpectedChain[] {
  const groups = new Map<string, { readonly at: Placed; readonly rules: ExpectedRule[] }>();
  for (const entry of placed) {
    const key = `${entry.table} ${entry.chain}`;
    const group = groups.get(key) ?? { at: entry, rules: [] };
    groups.set(key, group);
    if (entry.rule !== null) group.rules.push(entry.rule);
  }
  return [...groups.entries()].map(([key, { at, rules }]) => ({
    table: at.table,
    chain: at.chain,
    order: orderOf(at.table, at.chain),
    shared: !OWN_CHAIN.test(at.chain),
    optional: optional.has(key),
    rules,
  }));
}

function orderOf(table: Table, chain: string): ChainOrder {
  if (OWN_CHAIN.test(chain) || STATIC_CHAINS.has(chain)) return 'fixed';
  if (chain === 'KUBE-SERVICES' && table === 'nat') return 'per-port-then-node-ports';
  return ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES', 'KUBE-PROXY-FIREWALL'].includes(chain) ? 'per-port' : 'free';
}
