import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, RUN } from './support/cli.ts';
import { type Folder, makeFolder, startWorld, type World } from './support/world.ts';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;

describe.skipIf(!hasTmux)('in a terminal (skipped: no tmux)', () => {
  const socket = `srcip-e2e-${process.pid}`;
  const explain = `${process.execPath} ${RUN} explain svc/ingress-nginx-controller -n ingress-nginx`;
  let world: World;
  let silent: World;
  let asked = 0;
  let folder: Folder;

  beforeAll(async () => {
    world = await startWorld();
    // It takes every question and never answers.
    silent = await startWorld({ intercept: () => ++asked > 0 });
    folder = makeFolder();
  });
  afterAll(async () => {
    tmux('kill-server');
    await Promise.all([world.end(), silent.end()]);
    folder.remove();
  });

  function tmux(...args: string[]): string {
    const env = cleanEnv({ HOME: folder.path, TERM: 'xterm-256color', TMUX_TMPDIR: folder.path });
    return execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], { env, encoding: 'utf8' });
  }

  function open(name: string, columns: number, kubeconfig: string): void {
    tmux(
      'new-session',
      '-d',
      '-s',
      name,
      '-x',
      String(columns),
      '-y',
      '200',
      `env KUBECONFIG=${kubeconfig} HISTFILE= PS1='> ' bash --norc --noprofile`,
    );
  }

  /** Types a command, waits until the shell has its turn again, and returns the screen. */
  async function type(name: string, command: string): Promise<string> {
    const mark = `done-${Math.random().toString(36).slice(2)}`;
    const file = folder.write(mark, '');
    tmux('send-keys', '-t', name, `${command}; echo "rc $?" > ${file}`, 'Enter');
    await until(() => readFileSync(file, 'utf8') !== '');
    return tmux('capture-pane', '-p', '-e', '-t', name);
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; !condition(); i++) {
      if (i > 200) throw new Error('waited for 20 s');
      await sleep(100);
    }
  }

  test.for([60, 100, 200])('%i columns: colours, the answer first, no line wrapped by the terminal', async (columns) => {
    open(`w${columns}`, columns, world.kubeconfig);
    const screen = await type(`w${columns}`, `clear; ${explain}`);
    expect(screen).toContain('\u001b[');
    const lines = screen.replace(/\u001b\[[\d;]*m/g, '').split('\n');
    expect(lines[0]).toContain('ingress-nginx/ingress-nginx-controller');
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('2 of 4 nodes drop outside traffic');
    // Joined lines are what the program wrote; where they differ from the screen, the terminal had to wrap.
    const joined = tmux('capture-pane', '-p', '-J', '-t', `w${columns}`)
      .split('\n')
      .map((line) => line.trimEnd());
    expect(joined.filter((line) => [...line].length > columns && !line.includes('kubectl '))).toEqual([]);
  });

  test('NO_COLOR, --no-color and TERM=dumb are without colours on a terminal too', async () => {
    open('plain', 100, world.kubeconfig);
    for (const command of [`NO_COLOR=1 ${explain}`, `${explain} --no-color`, `TERM=dumb ${explain}`]) {
      const screen = await type('plain', `clear; ${command}`);
      expect(screen).toContain('nodes drop outside traffic');
      expect(screen).not.toMatch(/\u001b\[[1-9]/);
    }
  });

  test('Ctrl-C while the server is slow: ends at once as by SIGINT, leaves no process and a usable terminal', async () => {
    open('slow', 100, silent.kubeconfig);
    const file = folder.write('interrupted', '');
    tmux('send-keys', '-t', 'slow', `${explain}`, 'Enter');
    const [pane] = tmux('list-panes', '-t', 'slow', '-F', '#{pane_pid}').trim().split('\n');
    const children = (): string => spawnSync('ps', ['-o', 'pid=', '--ppid', pane ?? ''], { encoding: 'utf8' }).stdout.trim();
    await until(() => asked > 0);
    expect(children()).not.toBe('');
    tmux('send-keys', '-t', 'slow', 'C-c');
    await until(() => children() === '');
    tmux('send-keys', '-t', 'slow', `echo "rc $?" > ${file}`, 'Enter');
    await until(() => readFileSync(file, 'utf8') !== '');
    expect(readFileSync(file, 'utf8')).toBe('rc 130\n');
    expect(await type('slow', 'echo still here')).toContain('still here');
    expect(tmux('capture-pane', '-p', '-t', 'slow')).not.toMatch(/error|at file:|internal/);
  });
});
