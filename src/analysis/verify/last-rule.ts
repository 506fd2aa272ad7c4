import type { ExpectedRule } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import type { Finding } from './finding.ts';
import { isNodePortsJump } from './ruleset-index.ts';

/** The jumps to the node ports have to be the last rules of nat KUBE-SERVICES. */
export function lastRuleMoved(all: readonly Rule[], rules: readonly ExpectedRule[]): Finding[] {
  const lastOther = all.findLastIndex((rule) => !isNodePortsJump(rule));
  const early = all.findIndex(isNodePortsJump);
  const observed = all[early];
  const behind = all[lastOther];
  const expected = rules.find((rule) => rule.line === observed?.line || rule.also.includes(observed?.line ?? '')) ?? rules[0];
  if (observed === undefined || behind === undefined || expected === undefined || early > lastOther) return [];
  return [{ kind: 'changed', how: 'early', expected, observed, other: { ...expected, code: 'all-node-ports', meaning: NOT_LAST } }];
}

const NOT_LAST = 'entries of Services that stand behind it';
