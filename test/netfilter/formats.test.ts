import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRules } from '../../src/netfilter/parse-rules.ts';
import { normalForm } from '../../src/netfilter/rule/normal-form.ts';
import type { Rule, RuleSpec, Ruleset } from '../../src/netfilter/ruleset.ts';
import { textOf } from './support/dump.ts';

// Every folder holds one set of rules as the same kernel printed it in each format.
const FORMATS = join(import.meta.dirname, '..', 'fixtures', 'rules', 'formats');

function read(folder: string, file: string, family: 4 | 6): Ruleset {
  const { ruleset, problems } = parseRules(textOf(join(FORMATS, folder, file)) ?? '', { file, family });
  expect(problems).toEqual([]);
  return ruleset;
}

function rulesOf(ruleset: Ruleset): readonly Rule[] {
  return [...ruleset.tables.values()].flatMap((table) => [...table.chains.values()].flatMap((chain) => chain.rules));
}

/** Table, chain, policy, number of rules: what every format shows. */
function shapeOf(ruleset: Ruleset): readonly string[] {
  return [...ruleset.tables.values()]
    .flatMap((table) => [...table.chains.values()].map((chain) => `${table.name} ${chain.name} ${chain.policy} ${chain.rules.length}`))
    .sort();
}

const byPlace = (ruleset: Ruleset): ReadonlyMap<string, RuleSpec> =>
  new Map(
    [...ruleset.tables.values()].flatMap((table) =>
      [...table.chains.values()].flatMap((chain) =>
        chain.rules.map((rule, index) => [`${table.name} ${chain.name} ${index}`, rule.spec] as const),
      ),
    ),
  );

/** What a listing without -v can say of a rule. */
function withoutInterfaces(spec: RuleSpec): RuleSpec {
  return {
    ...spec,
    matches: spec.matches.filter((match) => match.kind !== 'in-interface' && match.kind !== 'out-interface' && match.kind !== 'hidden'),
  };
}

function isUnderstood(spec: RuleSpec): boolean {
  return spec.target.kind !== 'unrecognised' && spec.matches.every((match) => match.kind !== 'unrecognised');
}

describe.each(readdirSync(FORMATS))('%s', (folder) => {
  const family = folder.includes('ipv6') ? 6 : 4;
  const saved = read(folder, 'save.txt', family);
  const wanted = byPlace(saved);

  test.each(['save-c.txt', 'S.txt', 'S-v.txt'])('%s says the same as iptables-save', (file) => {
    const other = read(folder, file, family);
    expect(shapeOf(other)).toEqual(shapeOf(saved));
    for (const [place, spec] of byPlace(other))
      expect(`${place}: ${normalForm(spec)}`).toBe(`${place}: ${normalForm(wanted.get(place) ?? spec)}`);
  });

  test.each(['L-nv.txt', 'L-nvx-line-numbers.txt', 'L-n.txt'])(
    '%s says the same as iptables-save, as far as a listing shows it',
    (file) => {
      const listed = read(folder, file, family);
      expect(listed.printedBy).toBe('iptables -L');
      expect(shapeOf(listed)).toEqual(shapeOf(saved));
      const visible = (spec: RuleSpec): RuleSpec => (file === 'L-n.txt' ? withoutInterfaces(spec) : spec);
      const unclear: string[] = [];
      for (const [place, spec] of byPlace(listed)) {
        const own = wanted.get(place) ?? spec;
        if (!isUnderstood(spec)) unclear.push(normalForm(own));
        else expect(`${place}: ${normalForm(visible(spec))}`).toBe(`${place}: ${normalForm(visible(own))}`);
      }
      expect(unclear).toMatchSnapshot();
      if (folder.startsWith('kube-proxy')) expect(unclear).toEqual([]);
    },
  );

  test('counters are the same wherever they are shown in full', () => {
    const counted = rulesOf(read(folder, 'save-c.txt', family)).map((rule) => rule.counters);
    expect(counted.length).toBeGreaterThan(0);
    expect(counted).not.toContain(null);
    for (const file of ['S-v.txt', 'L-nvx-line-numbers.txt'])
      expect(bySavedOrder(read(folder, file, family), saved).map((rule) => rule?.counters)).toEqual(counted);
  });

  test('a listing without -v hides interfaces in every rule, one with -v in none', () => {
    const hides = (file: string): readonly boolean[] =>
      rulesOf(read(folder, file, family)).map((rule) => rule.spec.matches.some((match) => match.kind === 'hidden'));
    expect(new Set(hides('L-n.txt'))).toEqual(new Set([true]));
    expect(new Set(hides('L-nv.txt'))).toEqual(new Set([false]));
  });
});

/** Formats list tables in different orders. */
function bySavedOrder(ruleset: Ruleset, saved: Ruleset): readonly (Rule | undefined)[] {
  return [...saved.tables.values()].flatMap((table) =>
    [...table.chains.values()].flatMap((chain) =>
      chain.rules.map((_, index) => ruleset.tables.get(table.name)?.chains.get(chain.name)?.rules[index]),
    ),
  );
}
