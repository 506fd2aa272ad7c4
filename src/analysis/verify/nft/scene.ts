import type { Cluster, Service } from '../../../cluster/model.ts';
import type { Family } from '../../../net/ip.ts';
import type { NftTable } from '../../../netfilter/nft/types.ts';
import type { RuleDifference } from '../types.ts';
import { tableName } from './observe.ts';

/** kube-proxy's table on one node, and the Service that is asked for. */
export interface Scene {
  readonly table: NftTable;
  readonly family: Family;
  readonly cluster: Cluster;
  readonly service: Service;
  /** How kube-proxy tells pods is known, and its rules are held against it. */
  readonly knowsPods: boolean;
}

type Said = Omit<RuleDifference, 'table' | 'chainIs' | 'lineNumber' | 'expected'> &
  Partial<Pick<RuleDifference, 'lineNumber' | 'expected'>>;

/** A difference in this table; elements stand in `@MAP`. */
export function difference({ table, family }: Scene, { lineNumber = null, expected = null, ...said }: Said): RuleDifference {
  const chainIs = said.chain.startsWith('@') || table.table.chains.has(said.chain) ? 'present' : 'gone';
  return { ...said, lineNumber, expected, table: tableName(family), chainIs };
}

/** The chain as this node names it: kube-proxy cuts long names. */
export function nameIn({ table }: Scene, chain: string): string {
  if (table.table.chains.has(chain) || !chain.endsWith('...')) return chain;
  return [...table.table.chains.keys()].find((name) => name.startsWith(chain.slice(0, -3))) ?? chain;
}
