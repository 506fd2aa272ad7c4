import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIptablesSave } from '../../src/netfilter/iptables-save/parse-save.ts';
import { printIptablesSave } from '../../src/netfilter/iptables-save/print.ts';
import { parseRules } from '../../src/netfilter/parse-rules.ts';
import type { Match } from '../../src/netfilter/rule/match-kinds.ts';
import { normalForm } from '../../src/netfilter/rule/normal-form.ts';
import { parseRuleWords } from '../../src/netfilter/rule/parse-rule.ts';
import { printRule, printSpec } from '../../src/netfilter/rule/print-rule.ts';
import type { Rule, Ruleset } from '../../src/netfilter/ruleset.ts';
import { anyRule } from './support/arbitrary-rules.ts';
import { textOf } from './support/dump.ts';

const RULES = join(import.meta.dirname, '..', 'fixtures', 'rules');
const DUMPS = readdirSync(join(RULES, 'dumps')).map((file) => join('dumps', file));
const SAVED = readdirSync(join(RULES, 'formats')).map((folder) => join('formats', folder, 'save.txt'));

function text(file: string): string {
  return textOf(join(RULES, file)) ?? '';
}

function rulesOf(ruleset: Ruleset): readonly Rule[] {
  return [...ruleset.tables.values()].flatMap((table) => [...table.chains.values()].flatMap((chain) => chain.rules));
}

/** A dump without the comments that say when it was made. */
function withoutComments(dump: string): readonly string[] {
  return dump.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe.each([...DUMPS, ...SAVED])('%s', (file) => {
  const { ruleset, problems } = parseIptablesSave(text(file), { file });

  test('is read without a problem and printed as it was', () => {
    expect(problems).toEqual([]);
    expect(ruleset.family).toBe(file.includes('ipv6') ? 6 : 4);
    expect(printIptablesSave(ruleset).trimEnd().split('\n')).toEqual(withoutComments(text(file)));
  });

  test('says the same when what was printed is read again', () => {
    const again = parseIptablesSave(printIptablesSave(ruleset), { file }).ruleset;
    expect(rulesOf(again).map((rule) => rule.spec)).toEqual(rulesOf(ruleset).map((rule) => rule.spec));
  });

  test('is understood', () => {
    const strange = rulesOf(ruleset).filter(
      (rule) => rule.spec.target.kind === 'unrecognised' || rule.spec.matches.some((match) => match.kind === 'unrecognised'),
    );
    expect(strange.map((rule) => rule.line)).toEqual(STRANGE[file] ?? []);
  });

  test('is the same ruleset when a paste indented it, or Windows stored it', () => {
    const lines = rulesOf(ruleset).map((rule) => normalForm(rule.spec));
    for (const changed of [text(file).replace(/^/gm, '    '), text(file).replace(/\n/g, '\r\n'), `\ufeff${text(file)}`]) {
      const other = parseRules(changed, { file });
      expect(other.problems).toEqual([]);
      expect(rulesOf(other.ruleset).map((rule) => normalForm(rule.spec))).toEqual(lines);
    }
  });
});

/** What only some kernels and nobody's Services ask for stays as words: fragments, masks with holes, TCP options, modules that no list names. */
const CLUSTER = '-A INPUT -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 --cluster-hash-seed 0x00000001 -j ACCEPT';
const STRANGE: Readonly<Record<string, readonly string[]>> = {
  'formats/every-extension-nft/save.txt': ['-A INPUT -f -j ACCEPT', CLUSTER],
  'formats/every-extension-legacy/save.txt': ['-A INPUT -f -j ACCEPT', CLUSTER],
  'formats/more-extensions-nft/save.txt': [
    '-A INPUT -p tcp -m tcp ! --tcp-option 3 -j ACCEPT',
    '-A INPUT -s 10.0.0.0/255.0.255.0 -j ACCEPT',
  ],
};

describe('any rule', () => {
  test('is the same when it is printed and read again', () => {
    fc.assert(
      fc.property(anyRule, (spec) => {
        expect(parseRuleWords(printSpec(spec))).toEqual(spec);
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps its place in a whole dump', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), (specs) => {
        const dump = [
          '*nat',
          ':PREROUTING ACCEPT [0:0]',
          ':K-1 - [0:0]',
          ...specs.map((spec) => printRule('K-1', spec)),
          'COMMIT',
          '',
        ].join('\n');
        const { ruleset, problems } = parseIptablesSave(dump, { file: 'any' });
        expect(problems).toEqual([]);
        expect(rulesOf(ruleset).map((rule) => rule.spec)).toEqual(specs);
        expect(printIptablesSave(ruleset)).toBe(dump);
      }),
      { numRuns: 300 },
    );
  });

  test('the order of matches makes no difference to what it says', () => {
    fc.assert(fc.property(anyRule, (spec) => normalForm({ ...spec, matches: [...spec.matches].reverse() }) === normalForm(spec)));
  });
});

describe('any text', () => {
  const words = [
    '-A',
    'INPUT',
    '-j',
    '-m',
    'tcp',
    '--dport',
    '80',
    '!',
    '"',
    '\\"',
    '*nat',
    'COMMIT',
    ':X',
    '-',
    '[0:0]',
    'Chain X (1 references)',
    '-s',
    '10.0.0.0/8',
    '--comment',
    '/* x */',
    '\n',
    '\r\n',
    '\0',
    '\u001b[31m',
    '-f',
    '-g',
    '--to-destination',
  ];
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(' ')),
  );

  test('is read without failing, and what is printed of it says the same again', () => {
    fc.assert(
      fc.property(anyText, (any) => {
        const first = parseRules(any, { file: 'any' });
        const specs = rulesOf(first.ruleset).map((rule) => rule.spec);
        if (first.ruleset.printedBy !== 'iptables-save') return;
        const again = parseIptablesSave(printIptablesSave(first.ruleset), { file: 'again' });
        expect(rulesOf(again.ruleset).map((rule) => withoutRaw(rule.spec.matches))).toEqual(specs.map((spec) => withoutRaw(spec.matches)));
      }),
      { numRuns: 3000 },
    );
  });

  test('no control character gets into a problem', () => {
    fc.assert(
      fc.property(anyText, (any) =>
        parseRules(any, { file: 'any' }).problems.every(
          (problem) => !/[\u0000-\u001f\u007f-\u009f]/.test(`${problem.text}${problem.reason}`),
        ),
      ),
    );
  });
});

/** Unrecognised words may be split elsewhere once a target stands in their middle. */
function withoutRaw(matches: readonly Match[]): readonly Match[] {
  return matches.filter((match) => match.kind !== 'unrecognised');
}
