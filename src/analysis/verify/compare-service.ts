import type { Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import { expectedRules } from '../../expected/rules.ts';
import type { Expected, ExpectedChain, ExpectedRule } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import { compareChain, looksLikeKubeProxys } from './compare-chain.ts';
import { describe } from './describe.ts';
import type { Finding } from './finding.ts';
import { foreignRules } from './foreign/foreign.ts';
import { commentOf, targetOf } from './line-parts.ts';
import { ownRules } from './own-rules.ts';
import { type PortFacts, portFacts } from './port-facts.ts';
import { hasChain, rulesIn, SHARED_CHAINS } from './ruleset-index.ts';
import type { Side } from './side.ts';
import { byKind, emptyDifferences } from './side.ts';
import type { DifferenceCode, RuleDifference, RuleDifferences } from './types.ts';

/** The rules of one Service on one node: those that should stand against those that do, and foreign rules in the way. */
export function compareService(side: Side, service: Service): RuleDifferences {
  const empty = emptyDifferences(side, service);
  if (side.mode.kind !== 'iptables') return empty;
  const expected = expectedRules({ ...side.proxier, service, cluster: side.asked.cluster });
  const work: Work = { side, service, expected, facts: lazy(() => portFacts(service, side.proxier)) };
  const found = [...sharedParts(work), ...ownParts(work)];
  const { observed } = side.asked;
  return {
    ...empty,
    ...byKind(found),
    foreign: foreignRules({ service, proxier: side.proxier, observed, expected }),
    gaps: [...empty.gaps, ...expected.unknown.map((what) => ({ what: `rules of ${serviceKey(service)}`, why: what }))],
  };
}

interface Work {
  readonly side: Side;
  readonly service: Service;
  readonly expected: Expected;
  readonly facts: () => readonly PortFacts[];
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** In the chains of all Services: the rules that name this one, lead to its chains, or are for its addresses. */
function sharedParts(work: Work): RuleDifference[] {
  const { asked, proxier } = work.side;
  const mine = ownRules(asked.observed, work.service, proxier);
  return SHARED_CHAINS.flatMap(([table, chain]) => {
    const rules = work.expected.chains.find((other) => other.table === table && other.chain === chain)?.rules ?? [];
    const observed = mine.get(`${table} ${chain}`) ?? [];
    if (rules.length === 0 && observed.length === 0) return [];
    return differences(work, { table, chain, rules, observed });
  });
}

/** Chains that belong to the Service alone. */
function ownParts(work: Work): RuleDifference[] {
  const { ruleset } = work.side.asked.observed;
  return work.expected.chains
    .filter((chain) => !chain.shared)
    .flatMap(({ table, chain, rules }) => differences(work, { table, chain, rules, observed: rulesIn(ruleset, table, chain) }));
}

interface Part extends Pick<ExpectedChain, 'table' | 'chain' | 'rules'> {
  readonly observed: readonly Rule[];
}

function differences(work: Work, { table, chain, rules, observed }: Part): RuleDifference[] {
  const index = work.side.asked.observed;
  if (index.completeness.doubt(table, chain) !== null) return [];
  const { findings, balance } = compareChain({ expected: rules, observed, unordered: false, codeOf: (rule) => codeOf(work, rule) });
  if (findings.length === 0) return [];
  const chainIs = !hasChain(index.ruleset, table, chain) ? 'gone' : rulesIn(index.ruleset, table, chain).length === 0 ? 'empty' : 'present';
  return describe({ table, chain, chainIs, findings, balance }, index, (finding, at) => factsFor(work.facts(), finding, at));
}

/** Rules that name a device, where kube-proxy's device is not known, are left alone. */
function codeOf({ expected, facts }: Work, rule: Rule): DifferenceCode | null {
  const target = targetOf(rule.line);
  if (expected.unknown.length > 0 && / -i \S+ /.test(rule.line)) return null;
  if (target.startsWith('KUBE-SEP-')) return facts().some((port) => port.endpoints.has(target)) ? 'unused-endpoint' : 'stale-endpoint';
  return looksLikeKubeProxys(rule) || /^KUBE-(?:SVC|SVL|EXT|FW|XLB)-|^KUBE-MARK-(?:MASQ|DROP)$/.test(target)
    ? 'outdated-rule'
    : 'stray-rule';
}

/** The service port of a rule: by its name, its chain, the chain that it leads to, or its comment. */
function factsFor(facts: readonly PortFacts[], finding: Finding, chain: string): PortFacts | null {
  const rule: ExpectedRule | Rule = finding.kind === 'unexpected' ? finding.observed : finding.expected;
  const name = 'port' in rule ? rule.port : (commentOf(rule.line).split(' ')[0] ?? '');
  const target = targetOf(rule.line);
  return (
    facts.find((port) => port.name === name) ??
    facts.find((port) => chain.endsWith(port.hash) || target.endsWith(port.hash)) ??
    facts.find((port) => port.endpoints.has(chain) || port.endpoints.has(target)) ??
    (facts.length === 1 ? (facts[0] ?? null) : null)
  );
}
