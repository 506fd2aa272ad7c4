import { Config } from '@oclif/core/config';
import { Help } from '@oclif/core/help';
import { describe, expect, test } from 'vitest';
import { srcip } from './support/cli.ts';

/** Help as the whole library writes it, from the same manifest. */
async function wholeLibrary(words: readonly string[], columns: number): Promise<string> {
  const config = await Config.load({ root: process.cwd() });
  const lines: string[] = [];
  class Collected extends Help {
    protected override log(...said: string[]): void {
      lines.push(...said);
    }
  }
  await new Collected(config, { maxWidth: columns }).showHelp([...words]);
  return `${lines.join('\n')}\n`;
}

describe('help', () => {
  test.for([
    [['explain'], 80],
    [['explain'], 60],
    [['explain'], 132],
    [['demo'], 80],
    [[], 80],
  ] as const)('of %j at %i columns is what the whole of oclif writes', async ([words, columns]) => {
    const ran = await srcip([...words, '--help'], { env: { OCLIF_COLUMNS: String(columns) } });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ran.stdout.trimEnd()).toBe((await wholeLibrary(words, columns)).trimEnd());
  });

  test('says kubectl srcip, and names what the contract names', async () => {
    const { stdout } = await srcip(['explain', '--help']);
    expect(stdout).toContain('$ kubectl srcip explain svc/web -n shop');
    for (const flag of [
      '--from',
      '--to',
      '--via',
      '--port',
      '--snapshot',
      '--fail-on',
      '--context',
      '--as-group',
      '--request-timeout',
      '-n, --namespace',
      '-o, --output',
      '-s, --server',
    ]) {
      expect(stdout).toContain(flag);
    }
    expect(stdout).not.toMatch(/<%|undefined/);
  });

  test.for([['-h'], ['help'], ['--help'], []])('%j is the same overview', async (args) => {
    const ran = await srcip(args);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ran.stdout).toBe((await srcip(['--help'])).stdout);
  });

  test('help explain, explain -h and explain --help are the same', async () => {
    const [first, ...others] = await Promise.all(
      [
        ['explain', '--help'],
        ['explain', '-h'],
        ['help', 'explain'],
        ['explain', 'svc/web', '--help'],
      ].map((args) => srcip(args)),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  test('version and --version', async () => {
    const ran = await srcip(['version']);
    expect(ran).toEqual(await srcip(['--version']));
    expect(ran.stdout).toMatch(/^kubectl-srcip\/\d+\.\d+\.\d+ /);
  });
});
