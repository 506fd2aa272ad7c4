import type { Table } from '../../expected/types.ts';
import type { Parsed, Problem, Rule, Ruleset } from '../../netfilter/ruleset.ts';
import type { Completeness } from './completeness.ts';
import { completenessOf } from './completeness.ts';
import { commentOf, destinationOf, portOf, targetOf } from './line-parts.ts';

/** Chains in which the rules of all Services stand together. */
export const SHARED_CHAINS: readonly (readonly [table: Table, chain: string])[] = [
  ['nat', 'KUBE-SERVICES'],
  ['nat', 'KUBE-NODEPORTS'],
  ['filter', 'KUBE-SERVICES'],
  ['filter', 'KUBE-EXTERNAL-SERVICES'],
  ['filter', 'KUBE-NODEPORTS'],
  ['filter', 'KUBE-PROXY-FIREWALL'],
];

const PORT_CHAIN = /^KUBE-(?:SVC|SVL|EXT|FW|XLB)-/;

/** A ruleset prepared so that one of 10,000 Services finds its rules without a look at the others'. */
export interface RulesetIndex {
  readonly ruleset: Ruleset;
  readonly problems: readonly Problem[];
  readonly completeness: Completeness;
  /** Rules of shared chains by the Service (`ns/name`) that their comment names. */
  readonly byService: ReadonlyMap<string, readonly Rule[]>;
  /** Rules of shared chains by the service port's chain that they lead to. */
  readonly byTarget: ReadonlyMap<string, readonly Rule[]>;
  /** Rules of shared chains that show no Service, by `destinationKey`. */
  readonly ownerless: ReadonlyMap<string, readonly Rule[]>;
  /** Chains that packets can come to, `table chain`. */
  readonly reached: ReadonlySet<string>;
}

/** Reads a ruleset once for any number of comparisons. */
export function indexRuleset(ruleset: Ruleset, problems: readonly Problem[] = []): RulesetIndex {
  const byService = new Map<string, Rule[]>();
  const byTarget = new Map<string, Rule[]>();
  const ownerless = new Map<string, Rule[]>();
  for (const [table, chain] of SHARED_CHAINS) {
    for (const rule of rulesIn(ruleset, table, chain)) {
      if (isNodePortsJump(rule)) continue;
      const service = serviceNamed(rule.line);
      const target = targetOf(rule.line);
      if (service !== null) add(byService, service, rule);
      if (PORT_CHAIN.test(target)) add(byTarget, target, rule);
      else if (service === null) add(ownerless, destinationKey(destinationOf(rule.line), portOf(rule.line)), rule);
    }
  }
  return {
    ruleset,
    problems,
    completeness: completenessOf(ruleset, problems),
    byService,
    byTarget,
    ownerless,
    reached: reachedChains(ruleset),
  };
}

/** `indexRuleset` of what a parser returned. */
export function indexParsed({ ruleset, problems }: Parsed): RulesetIndex {
  return indexRuleset(ruleset, problems);
}

export function rulesIn(ruleset: Ruleset, table: string, chain: string): readonly Rule[] {
  return ruleset.tables.get(table)?.chains.get(chain)?.rules ?? [];
}

export function hasChain(ruleset: Ruleset, table: string, chain: string): boolean {
  return ruleset.tables.get(table)?.chains.has(chain) === true;
}

/** By one address, or by port where the address is not one; `*` where neither is. */
export function destinationKey(address: string | null, port: number | null): string {
  return address ?? (port === null ? '*' : `*:${port}`);
}

/** The jump (or one of the jumps) from nat KUBE-SERVICES to all node ports. */
export function isNodePortsJump(rule: Rule): boolean {
  return rule.table === 'nat' && rule.chain === 'KUBE-SERVICES' && targetOf(rule.line) === 'KUBE-NODEPORTS';
}

const SERVICE_PORT = /^(?<service>[a-z0-9.-]+\/[a-z0-9.-]+)(?::\S+)?(?: |$)/i;

function serviceNamed(line: string): string | null {
  return SERVICE_PORT.exec(commentOf(line))?.groups?.['service'] ?? null;
}

function add(map: Map<string, Rule[]>, key: string, rule: Rule): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [rule]);
  else known.push(rule);
}

const BUILT_IN = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);
/** Removing a hook must not make everything behind it look forgotten. */
const STATIC_ROOT = /^KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|FIREWALL|PROXY-FIREWALL)$/;

export function isBuiltIn(chain: string): boolean {
  return BUILT_IN.has(chain);
}

function reachedChains(ruleset: Ruleset): Set<string> {
  const reached = new Set<string>();
  for (const { name, chains } of ruleset.tables.values()) {
    const open = [...chains.keys()].filter((chain) => BUILT_IN.has(chain) || STATIC_ROOT.test(chain));
    for (let chain = open.pop(); chain !== undefined; chain = open.pop()) {
      if (reached.has(`${name} ${chain}`)) continue;
      reached.add(`${name} ${chain}`);
      for (const rule of chains.get(chain)?.rules ?? []) {
        const target = targetOf(rule.line);
        if (chains.has(target)) open.push(target);
      }
    }
  }
  return reached;
}
