import { compareService } from '../../../src/analysis/verify/compare-service.ts';
import { compareStatic } from '../../../src/analysis/verify/compare-static.ts';
import { indexParsed } from '../../../src/analysis/verify/ruleset-index.ts';
import { openSide, type Side } from '../../../src/analysis/verify/side.ts';
import type { NodeRules, RuleDifference, RuleDifferences } from '../../../src/analysis/verify/types.ts';
import type { Cluster, Service } from '../../../src/cluster/model.ts';
import { parseIptablesSave } from '../../../src/netfilter/iptables-save/parse-save.ts';
import type { Dump } from '../../expected/support.ts';

/** A dump as the comparison takes it. */
export function sideOf(dump: Dump, text: string = dump.text, more: Partial<NodeRules> = {}): Side {
  const { node, config, family, dialect = {} } = dump.proxier;
  const observed = indexParsed(parseIptablesSave(text, { file: 'node.iptables-save', family }));
  return openSide({ node, config, family, cluster: dump.cluster, confidence: dump.class.confidence, dialect, observed, ...more });
}

/** Everything that is found: the static part and every Service. */
export function allOf(dump: Dump, text: string = dump.text, more: Partial<NodeRules> = {}): RuleDifferences[] {
  const side = sideOf(dump, text, more);
  return [compareStatic(side), ...services(dump.cluster).map((service) => compareService(side, service))];
}

export function services(cluster: Cluster): readonly Service[] {
  return cluster.services;
}

export function differencesOf(results: readonly RuleDifferences[]): RuleDifference[] {
  return results.flatMap(({ missing, unexpected, changed }) => [...missing, ...unexpected, ...changed]);
}

export function brief({ kind, table, chain, line }: RuleDifference): string {
  return `${kind} in ${table} ${chain}: ${line}`;
}

/** Edits the lines of a dump. */
export function edit(text: string, change: (lines: string[]) => string[]): string {
  return change(text.split('\n')).join('\n');
}
