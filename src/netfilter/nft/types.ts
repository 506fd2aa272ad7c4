import type { Family } from '../../net/ip.ts';
import type { Hook } from '../hook.ts';
import type { Problem, Table } from '../ruleset.ts';

/** A chain that packets come to by themselves. */
export interface BaseChain {
  readonly chain: string;
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: Hook;
  readonly priority: number;
  readonly policy: 'ACCEPT' | 'DROP';
}

/** A table of nftables; its rules are translated into iptables' terms, each with the line that nft printed. */
export interface NftTable {
  /** `ip kube-proxy`. */
  readonly name: string;
  readonly families: readonly Family[];
  readonly table: Table;
  readonly base: readonly BaseChain[];
  /** Members of its sets of addresses, by `TABLE @SET`. */
  readonly sets: ReadonlyMap<string, (address: string) => boolean>;
  /** Its maps: what each leads to by key, in words (`10.96.0.1 . tcp . 443` → `goto service-…`). */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The rules of each chain as nft printed them. */
  readonly lines: ReadonlyMap<string, readonly NftLine[]>;
}

export interface NftLine {
  readonly line: string;
  /** 1-based, in the text that was read. */
  readonly lineNumber: number;
}

/** What `nft list ruleset` printed. */
export interface NftRuleset {
  readonly tables: readonly NftTable[];
  /** Tables that packets of Services may meet and that are not evaluated: bridge, netdev. */
  readonly others: readonly string[];
  readonly problems: readonly Problem[];
}
