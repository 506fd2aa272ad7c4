import { expectedStatic } from '../../expected/static.ts';
import type { ExpectedChain } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import { compareChain } from './compare-chain.ts';
import { describe } from './describe.ts';
import type { Finding } from './finding.ts';
import { lastRuleMoved } from './last-rule.ts';
import { targetOf } from './line-parts.ts';
import { hasChain, isBuiltIn, isNodePortsJump, rulesIn } from './ruleset-index.ts';
import type { Side } from './side.ts';
import { byKind, emptyDifferences } from './side.ts';
import type { DifferenceCode, RuleDifference, RuleDifferences } from './types.ts';

/** What serves all Services: hooks, marks, KUBE-POSTROUTING, KUBE-FORWARD, the jump to the node ports. */
export function compareStatic(side: Side): RuleDifferences {
  const empty = emptyDifferences(side, null);
  if (side.mode.kind !== 'iptables') return empty;
  const { chains } = expectedStatic(side.proxier);
  const places = [...chains, ...unexpectedHooks(side, chains)];
  return { ...empty, ...byKind(places.flatMap((chain) => differences(side, chain))) };
}

function differences(side: Side, { table, chain, rules, optional, order }: ExpectedChain): RuleDifference[] {
  const { observed: index } = side.asked;
  if (index.completeness.doubt(table, chain) !== null) return [];
  const all = rulesIn(index.ruleset, table, chain);
  const here = hasChain(index.ruleset, table, chain);
  if (!here && optional) return [];
  if (!here && rules.every((rule) => rule.optional)) return chainGone(table, chain);
  const observed = all.filter(partOf(table, chain));
  const { findings, balance } = compareChain({
    expected: rules,
    observed,
    unordered: order !== 'fixed',
    codeOf: () => (isBuiltIn(chain) ? 'stray-hook' : STRANGERS_WELCOME.has(chain) ? null : 'stray-rule'),
  });
  const chainIs = !here ? 'gone' : all.length === 0 ? 'empty' : 'present';
  const last: Finding[] = table === 'nat' && chain === 'KUBE-SERVICES' ? lastRuleMoved(all, rules) : [];
  return describe({ table, chain, chainIs, findings: [...findings, ...last], balance }, index, () => null);
}

/** Canaries and hints hold nothing that matters. */
const STRANGERS_WELCOME = new Set(['KUBE-PROXY-CANARY', 'KUBE-KUBELET-CANARY', 'KUBE-IPTABLES-HINT', 'KUBE-MARK-DROP']);
const SHARED_BY_SERVICES = new Set(['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES', 'KUBE-PROXY-FIREWALL']);
const KUBE_PROXYS = /^KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|FORWARD|FIREWALL|PROXY-FIREWALL)$/;

/** Which rules of a chain are compared: jumps to kube-proxy's chains in built-in ones, no Service's rules in shared ones. */
function partOf(table: string, chain: string): (rule: Rule) => boolean {
  if (isBuiltIn(chain)) return (rule) => KUBE_PROXYS.test(targetOf(rule.line));
  if (!SHARED_BY_SERVICES.has(chain)) return () => true;
  return table === 'nat' && chain === 'KUBE-SERVICES' ? isNodePortsJump : () => false;
}

/** Built-in chains that should have no jump to kube-proxy's, and have one. */
function unexpectedHooks(side: Side, chains: readonly ExpectedChain[]): ExpectedChain[] {
  const known = new Set(chains.map(({ table, chain }) => `${table} ${chain}`));
  return (['nat', 'filter', 'mangle'] as const).flatMap((table) =>
    [...(side.asked.observed.ruleset.tables.get(table)?.chains.values() ?? [])]
      .filter(
        ({ name, rules }) =>
          isBuiltIn(name) && !known.has(`${table} ${name}`) && rules.some((rule) => KUBE_PROXYS.test(targetOf(rule.line))),
      )
      .map(({ name }) => ({ table, chain: name, order: 'free', shared: true, optional: true, rules: [] })),
  );
}

function chainGone(table: string, chain: string): RuleDifference[] {
  const code: DifferenceCode = 'chain';
  return [
    {
      kind: 'missing',
      table,
      chain,
      line: `:${chain} - [0:0]`,
      lineNumber: null,
      expected: null,
      code,
      port: null,
      meaning: 'a chain that kube-proxy declares at every sync',
      effect: 'nothing by itself: no rule of any Service stands in it now',
      severity: 'warning',
      chainIs: 'gone',
    },
  ];
}
