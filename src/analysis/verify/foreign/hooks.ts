import type { Chain, Rule, Table } from '../../../netfilter/ruleset.ts';
import type { RulesetIndex } from '../ruleset-index.ts';
import { targetName } from './target-name.ts';
import { isOpaque } from './writers.ts';

/** What packets meet at a hook, in order: a rule, with what stands in the chain that it leads to; or a jump to kube-proxy's chains. */
export interface Step {
  readonly rule: Rule;
  readonly kubeProxys: boolean;
  /** The rules of the chain that it jumps to; null where it jumps to none. */
  readonly inner: readonly Step[] | null;
  /** Leads into chains that are not looked into. */
  readonly opaque: boolean;
}

export interface Hook {
  readonly table: string;
  readonly name: string;
  readonly steps: readonly Step[];
  readonly policy: string | null;
}

const HOOKS: readonly (readonly [table: string, hooks: readonly string[]])[] = [
  ['raw', ['PREROUTING', 'OUTPUT']],
  ['mangle', ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']],
  ['nat', ['PREROUTING', 'OUTPUT', 'POSTROUTING']],
  ['filter', ['INPUT', 'FORWARD', 'OUTPUT']],
];

const cache = new WeakMap<RulesetIndex, readonly Hook[]>();

/** The hooks at which somebody else than kube-proxy has a say. */
export function foreignHooks(index: RulesetIndex): readonly Hook[] {
  const known = cache.get(index);
  if (known !== undefined) return known;
  const hooks = HOOKS.flatMap(([table, names]) => names.map((name) => builtIn(index, table, name))).filter(matters);
  cache.set(index, hooks);
  return hooks;
}

/** Whether anybody but kube-proxy has a say there. */
export function matters({ steps, policy }: Hook): boolean {
  return policy === 'DROP' || steps.some((step) => !step.kubeProxys);
}

/** What packets meet in a chain of a table that they come to by themselves. */
export function hookOf(table: Table, name: string): Hook {
  const chain = table.chains.get(name);
  const steps = stepsOf({ table, known: new Map() }, chain?.rules ?? []);
  return { table: table.name, name, steps, policy: chain?.policy ?? null };
}

function builtIn({ ruleset }: RulesetIndex, table: string, name: string): Hook {
  const found = ruleset.tables.get(table);
  return found === undefined ? { table, name, steps: [], policy: null } : hookOf(found, name);
}

interface Reading {
  readonly table: Table;
  /** Chains that were read; those being read are empty, so that a circle ends. */
  readonly known: Map<string, readonly Step[]>;
}

const KUBE_PROXYS = /^KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|FORWARD|FIREWALL|PROXY-FIREWALL)$/;

/** Rules that can do something; the rest of a dump is left out here, so that 10,000 Services do not walk over it. */
function stepsOf(reading: Reading, rules: readonly Rule[]): Step[] {
  const { chains } = reading.table;
  return rules.flatMap((rule): Step[] => {
    const target = targetName(rule);
    if (KUBE_PROXYS.test(target)) return [{ rule, kubeProxys: true, inner: null, opaque: false }];
    const chain = chains.get(target);
    if (chain === undefined) return isHarmless(rule) ? [] : [{ rule, kubeProxys: false, inner: null, opaque: false }];
    if (isOpaque(target)) return chainIsEmpty(reading.table, chain) ? [] : [{ rule, kubeProxys: false, inner: null, opaque: true }];
    const inner = chainSteps(reading, chain);
    return inner.some((step) => !isReturn(step.rule)) ? [{ rule, kubeProxys: false, inner, opaque: false }] : [];
  });
}

function chainSteps(reading: Reading, chain: Chain): readonly Step[] {
  const known = reading.known.get(chain.name);
  if (known !== undefined) return known;
  reading.known.set(chain.name, []);
  const steps = stepsOf(reading, chain.rules);
  reading.known.set(chain.name, steps);
  return steps;
}

function chainIsEmpty(table: Table, chain: Chain): boolean {
  return chain.rules.every((rule) => {
    const target = targetName(rule);
    return target === 'RETURN' || (table.chains.has(target) && (table.chains.get(target)?.rules.length ?? 0) === 0);
  });
}

export function isReturn(rule: Rule): boolean {
  return targetName(rule) === 'RETURN';
}

const DOES_NOTHING = new Set([
  '',
  'LOG',
  'NFLOG',
  'ULOG',
  'TCPMSS',
  'CLASSIFY',
  'DSCP',
  'TOS',
  'TTL',
  'HL',
  'CHECKSUM',
  'SECMARK',
  'CONNSECMARK',
  'AUDIT',
  'SET',
  'TRACE',
  'RATEEST',
  'LED',
]);

function isHarmless(rule: Rule): boolean {
  return DOES_NOTHING.has(targetName(rule)) || onlyOtherBridges(rule.line);
}

/** Rules for the bridges of container engines beside Kubernetes. */
function onlyOtherBridges(line: string): boolean {
  return / -[io] (?:docker\d*|br-\S+|virbr\S+|lo)(?: |$)/.test(line.replaceAll(/ ! -[io] \S+/g, ''));
}
