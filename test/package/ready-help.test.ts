import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readyHelp } from '../../src/ready-help.ts';

const { commands } = JSON.parse(readFileSync('oclif.manifest.json', 'utf8')) as { commands: Record<string, unknown> };

function run(args: readonly string[], env: Record<string, string> = {}): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/run.js', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  });
  return { status, stdout, stderr };
}

describe('help that is ready', () => {
  test.for([...Object.keys(commands).map((command) => [command]), []])('%j is byte by byte what oclif writes', (words) => {
    const ready = run([...words, '--help']);
    // Told how wide it is, oclif writes itself.
    expect(run([...words, '--help'], { OCLIF_COLUMNS: '80' })).toEqual(ready);
    expect(ready).toMatchObject({ status: 0, stderr: '' });
    expect(ready.stdout).toBe(readFileSync(`dist/help/${words[0] ?? 'index'}.txt`, 'utf8'));
  });

  const pipe = { env: {}, stdout: {} };
  test.for([
    [[], 'index'],
    [['help'], 'index'],
    [['-h'], 'index'],
    [['explain', '-h'], 'explain'],
    [['help', 'explain'], 'explain'],
    [['explain'], null],
    [['explain', 'svc/web', '--help'], null],
    [['explain', '--', '--help'], null],
    [['--help', '--help'], null],
    [['index', '--help'], null],
    [['../package', '--help'], null],
    [['version'], null],
  ] as const)('%j: %j', ([argv, subject]) => expect(readyHelp(argv, pipe)).toBe(subject));

  test('is for 80 columns and for what is no terminal', () => {
    const terminal = (columns: number): ReturnType<typeof readyHelp> =>
      readyHelp(['--help'], { env: {}, stdout: { isTTY: true, getWindowSize: () => [columns, 24] } });
    expect([terminal(80), terminal(81), terminal(79), terminal(0)]).toEqual(['index', null, null, null]);
    expect(readyHelp(['--help'], { env: { OCLIF_COLUMNS: '100' }, stdout: {} })).toBeNull();
  });

  test('a terminal of 80 columns and one of 100 show what oclif shows there', ({ skip }) => {
    if (!existsSync('/usr/bin/script')) skip();
    for (const columns of [80, 100]) {
      const inTerminal = (env: string): string =>
        execFileSync('script', ['-qec', `stty cols ${columns}; ${env} ${process.execPath} bin/run.js explain --help`, '/dev/null'], {
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm' },
        });
      expect(inTerminal('')).toBe(inTerminal(`OCLIF_COLUMNS=${columns}`));
    }
  });

  test('and a reader who leaves is no error', () => {
    const { stdout } = spawnSync('bash', ['-c', `${process.execPath} bin/run.js explain --help | head -1; echo "\${PIPESTATUS[0]}"`], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^What happens .*\n0\n$/);
  });
});
