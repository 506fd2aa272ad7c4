import type { ExpectedRule } from '../../expected/types.ts';
import { readSavedRule } from '../../netfilter/iptables-save/parse-save.ts';
import { normalForm } from '../../netfilter/rule/normal-form.ts';
import { printMatch } from '../../netfilter/rule/print-rule.ts';
import { printTarget } from '../../netfilter/rule/print-target.ts';
import type { Rule, RuleSpec } from '../../netfilter/ruleset.ts';

/** Comments carry no meaning, `--random-fully` depends on the writer's iptables, nfacct only counts (facts §7). */
const IGNORING = { comments: true, randomFully: true, accounting: true } as const;

const expectedSpecs = new WeakMap<ExpectedRule, RuleSpec>();

/** An expected rule, read like an observed one. */
export function specOf(rule: ExpectedRule): RuleSpec {
  const known = expectedSpecs.get(rule);
  if (known !== undefined) return known;
  const spec = readSavedRule(rule.line);
  expectedSpecs.set(rule, spec);
  return spec;
}

/** Equal for rules that do the same. */
export function formOf(spec: RuleSpec): string {
  return normalForm(spec, IGNORING);
}

/** The forms of an expected rule: its line's and those of its variants. */
export function formsOf(rule: ExpectedRule): string[] {
  const variants = rule.also.map((line) => formOf(readSavedRule(line)));
  return [...new Set([formOf(specOf(rule)), ...variants])];
}

/** The conditions of a rule without its target. */
export function conditionsOf(spec: RuleSpec): string {
  return formOf({ matches: spec.matches, target: { kind: 'none' } });
}

export function targetFormOf(spec: RuleSpec): string {
  return formOf({ matches: [], target: spec.target });
}

/** Whether some packet may match both rules: no, when they ask for different single values of one field. */
export function mayMeet(a: RuleSpec, b: RuleSpec): boolean {
  for (const left of a.matches) {
    if (left.kind !== 'destination' && left.kind !== 'protocol' && left.kind !== 'ports') continue;
    for (const right of b.matches) if (left.kind === right.kind && excludes(printMatch(left), printMatch(right))) return false;
  }
  return true;
}

const SINGLE = /^(?:-d \S+\/(?:32|128)|-p \S+|-m \S+ --dport \d+)$/;

function excludes(left: string, right: string): boolean {
  return left !== right && SINGLE.test(left) && SINGLE.test(right);
}

/** What a target is called in sentences: the chain, or the verdict with its options. */
export function targetText(rule: Rule | RuleSpec): string {
  const spec = 'spec' in rule ? rule.spec : rule;
  return printTarget(spec.target).replace(/^-[jg] /, '');
}
