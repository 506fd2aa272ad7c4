import { describe, expect, test } from 'vitest';
import { parseRules } from '../../src/netfilter/parse-rules.ts';
import type { Parsed, Rule } from '../../src/netfilter/ruleset.ts';

const GOOD = '-A INPUT -s 10.0.0.1/32 -j DROP';

function read(text: string): Parsed {
  return parseRules(text, { file: 'dump.txt' });
}

function rulesOf({ ruleset }: Parsed): readonly Rule[] {
  return [...ruleset.tables.values()].flatMap((table) => [...table.chains.values()].flatMap((chain) => chain.rules));
}

function reasons(parsed: Parsed): readonly string[] {
  return parsed.problems.map((problem) => `${problem.line}: ${problem.reason}`);
}

function dump(...lines: readonly string[]): string {
  return ['*filter', ':INPUT ACCEPT [0:0]', ...lines, 'COMMIT', ''].join('\n');
}

describe('what cannot be read is a problem at its line, and the rest is read', () => {
  test.for([
    ['-A INPUT -m comment --comment "never closed -j DROP', 'a quote is not closed'],
    ['-A INPUT -m comment --comment "a\\" -j DROP', 'a quote is not closed'],
    ['-A INPUT -s 10.0.0.2/32\0 -j DROP', 'NUL'],
    ['-A', 'a rule line begins with "-A CHAIN"'],
    ['-A  -j DROP', 'a rule without a chain'],
    ['-I INPUT -j DROP', 'a rule line begins with "-A CHAIN"'],
    ['[1:x] -A INPUT -j DROP', 'a rule line begins with "-A CHAIN"'],
    [':BROKEN', 'a chain line is'],
    ['iptables: Permission denied (you must be root).', 'neither a table, a chain, a rule nor a comment'],
    ['*nat extra', 'neither a table'],
    ['COMMITTED', 'neither a table'],
  ] as const)('%j: %s', ([line, reason]) => {
    const parsed = read(dump(GOOD, line, GOOD));
    expect(parsed.problems).toHaveLength(1);
    expect(parsed.problems[0]).toMatchObject({ file: 'dump.txt', line: 4 });
    expect(parsed.problems[0]?.reason).toContain(reason);
    expect(rulesOf(parsed).map((rule) => rule.lineNumber)).toEqual([3, 5]);
  });

  test('a rule of a chain that is not declared is read all the same', () => {
    const parsed = read(dump('-A OUTPUT -j DROP'));
    expect(reasons(parsed)).toEqual(['3: chain "OUTPUT" is not declared']);
    expect(rulesOf(parsed)).toHaveLength(1);
  });
});

describe('COMMIT', () => {
  test('missing at the end: the text is cut off', () => {
    const parsed = read(`*filter\n:INPUT ACCEPT [0:0]\n${GOOD}\n`);
    expect(reasons(parsed)).toEqual(['3: the text ends inside table "filter", without COMMIT: it is cut off']);
    expect(rulesOf(parsed)).toHaveLength(1);
  });

  test('missing between tables', () => {
    const parsed = read('*filter\n:INPUT ACCEPT [0:0]\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n');
    expect(reasons(parsed)).toEqual(['3: table "filter" has no COMMIT']);
    expect([...parsed.ruleset.tables.keys()]).toEqual(['filter', 'nat']);
  });

  test('without a table', () => {
    expect(reasons(read(`${dump(GOOD)}COMMIT\n`))).toEqual(['5: COMMIT without a table']);
  });

  test('a rule behind it belongs to no table', () => {
    const parsed = read(`${dump(GOOD)}${GOOD}\n`);
    expect(reasons(parsed)).toEqual(['5: a rule outside every table']);
    expect(rulesOf(parsed)).toHaveLength(1);
  });
});

test('two dumps one behind the other: the second is noticed', () => {
  const parsed = read(dump(GOOD) + dump(GOOD));
  expect(reasons(parsed)).toEqual(['5: table "filter" comes a second time; its rules are added to the first']);
  expect(rulesOf(parsed)).toHaveLength(2);
});

test('CRLF and a byte order mark are no part of a rule', () => {
  const parsed = read(`\ufeff${dump(GOOD, '-A INPUT -j ACCEPT').replaceAll('\n', '\r\n')}`);
  expect(parsed.problems).toEqual([]);
  expect(rulesOf(parsed).map((rule) => rule.line)).toEqual([GOOD, '-A INPUT -j ACCEPT']);
  expect(rulesOf(parsed)[1]?.spec.target).toEqual({ kind: 'verdict', verdict: 'ACCEPT' });
});

test('control characters of a node do not get into what is shown of a problem', () => {
  const [problem] = read(dump('\u001b[2J\u001b]0;owned\u0007 rule\u009b1m')).problems;
  expect(problem?.text).toBe('\ufffd[2J\ufffd]0;owned\ufffd rule\ufffd1m');
  const [undeclared] = read(dump('-A X\u001b[31m -j DROP')).problems;
  expect(undeclared?.reason).toBe('chain "X\ufffd[31m" is not declared');
});

test('names of objects are only names', () => {
  const parsed = read('*filter\n:__proto__ - [0:0]\n:constructor - [0:0]\n-A __proto__ -m __proto__ --toString -j constructor\nCOMMIT\n');
  expect(parsed.problems).toEqual([]);
  expect(rulesOf(parsed)[0]?.spec).toEqual({
    matches: [{ kind: 'unrecognised', words: ['-m', '__proto__', '--toString'] }],
    target: { kind: 'chain', chain: 'constructor', via: 'jump' },
  });
});

describe('a line of a megabyte', () => {
  const MEGABYTE = 1 << 20;
  test.for([
    ['one word', `-A INPUT -m comment --comment "${'x'.repeat(MEGABYTE)}" -j DROP`],
    ['blanks', `-A INPUT -s 10.0.0.1/32${' '.repeat(MEGABYTE)}-j DROP`],
    ['modules and options that nobody knows', `-A INPUT ${'-m a --zz '.repeat(MEGABYTE / 10)}-j DROP`],
    ['quotes', `-A INPUT -m comment --comment ${'"" '.repeat(MEGABYTE / 3)}-j DROP`],
    ['backslashes', `-A INPUT -m comment --comment "${'\\\\'.repeat(MEGABYTE / 2)}" -j DROP`],
  ] as const)('of %s is one rule', ([, line]) => {
    const parsed = read(dump(line, GOOD));
    expect(parsed.problems).toEqual([]);
    expect(rulesOf(parsed)).toHaveLength(2);
    expect(rulesOf(parsed)[0]?.spec.matches.length).toBeGreaterThan(0);
  });

  test.for([
    ['a chain', `Chain ${' ('.repeat(MEGABYTE / 2)}`],
    ['a row', `DROP       all  --  ${'a '.repeat(MEGABYTE / 2)}`],
    ['colons', `x ${':'.repeat(MEGABYTE)}`],
  ] as const)('in a listing (%s) is a problem, shown short', ([, line]) => {
    const parsed = read(`Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\n${line}\n`);
    expect(parsed.problems).toHaveLength(1);
    expect(parsed.problems[0]?.text.length).toBeLessThan(200);
    expect(rulesOf(parsed)).toEqual([]);
  });
});

test.for(['', '\n\n', '\0', 'no rules at all', '{"kind":"List"}', '#', ':', '*', '-', 'Chain'])('%j holds no rule', (text) => {
  expect(rulesOf(read(text))).toEqual([]);
});
