import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBudget } from '../../../src/collect/ssh/budget.ts';
import { nodeScript } from '../../../src/collect/ssh/script.ts';
import { USUAL } from '../../../src/collect/ssh/types.ts';
import { readOutput } from '../../../src/collect/ssh/unpack.ts';
import { ADDRESSES, installPrograms, ROUTES, RULES4, RULES6 } from './support/programs.ts';
import { type Lab, openLab, programIsThere } from './support/sshd.ts';

const MARK = '@srcip-0123456789abcdef';

describe.skipIf(!programIsThere('ssh-keygen'))('the script that reads a node', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
    installPrograms(lab, 'bin');
  });
  afterAll(() => lab.close());

  const run = async ([program = 'sh', ...args]: readonly string[], script: string): ReturnType<typeof readOutput> => {
    const env = { PATH: `${lab.path('bin')}:${process.env['PATH']}` };
    const stdout = execFileSync(program, [...args, '-s'], { input: script, env, maxBuffer: 1 << 30 });
    const limits = { text: 1 << 20, budget: createBudget(1 << 24) };
    return readOutput(
      (async function* () {
        yield stdout;
      })(),
      { mark: MARK, limits },
    );
  };

  const SHELLS = [['sh'], ['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh'], ['zsh'], ['ksh'], ['mksh']];
  test.for(SHELLS.filter(([program = '']) => programIsThere(program)))('means the same to %j', async (shell) => {
    for (const chains of [null, ['KUBE-SVC-AAAAAAAAAAAAAAAA']]) {
      const { sections, broken } = await run(shell, nodeScript({ mark: MARK, wanted: USUAL, chains }));
      expect(broken).toBeNull();
      expect(sections.map(({ words, text }) => [words.slice(0, 2).join(' '), words[0] === 'end' ? words[2] : text])).toEqual([
        ['user 0', ''],
        ['begin iptables-save', RULES4],
        ['end iptables-save', '0'],
        ['begin ip6tables-save', RULES6],
        ['end ip6tables-save', '0'],
        ['begin ip-addr', ADDRESSES],
        ['end ip-addr', '0'],
        ['begin ip-route', ROUTES],
        ['end ip-route', '0'],
        ['done', ''],
      ]);
    }
  });

  test('runs nothing but what reads', () => {
    const text = nodeScript({ mark: MARK, wanted: [...USUAL, 'nft'], chains: ['KUBE-SVC-AAAAAAAAAAAAAAAA'] });
    expect(text.replaceAll('2>/dev/null', '').replaceAll('>/dev/null', '')).not.toMatch(
      /\brm\b|\bmv\b|\btee\b|mktemp|restore|> *[^&\s]|\beval\b/,
    );
  });

  test('looks for thousands of chains at once', async () => {
    const name = (i: number): string => `KUBE-SEP-${i.toString(2).replaceAll('0', 'A').replaceAll('1', 'B').padStart(16, 'C')}`;
    const chains = Array.from({ length: 4000 }, (_, i) => name(i));
    const rules = Array.from({ length: 8000 }, (_, i) => `-A ${name(i)} -j RETURN`);
    writeFileSync(lab.path('many.rules'), `${rules.join('\n')}\n`);
    lab.program('bin', 'iptables-save', `cat '${lab.path('many.rules')}'`);
    const { sections } = await run(['sh'], nodeScript({ mark: MARK, wanted: ['iptables-save'], chains }));
    expect(sections.find(({ words }) => words[0] === 'begin')?.text).toBe(`${rules.slice(0, 4000).join('\n')}\n`);
    installPrograms(lab, 'bin');
  });
});
