import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

  function open(name: string, columns: number, kubeconfig: string, rows = 200): void {
    tmux(
      'new-session',
      '-d',
      '-s',
      name,
      '-x',
      String(columns),
      '-y',
      String(rows),
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

  describe('a pager', () => {
    const PAGED = `PAGER='tee %s >/dev/null; echo paged' ${explain} --pager`;

    test('only when asked for, only for what does not fit, only on a terminal', async () => {
      open('pager', 100, world.kubeconfig, 20);
      const file = folder.write('paged', '');
      const command = PAGED.replace('%s', file);
      const paged = async (line: string): Promise<boolean> => {
        folder.write('paged', '');
        await type('pager', `clear; ${line}`);
        return readFileSync(file, 'utf8') !== '';
      };
      expect(await paged(command)).toBe(true);
      const text = readFileSync(file, 'utf8');
      expect(text.replace(/\u001b\[[\d;]*m/g, '')).toMatch(/^ingress-nginx\/ingress-nginx-controller.*what to know/is);
      expect(text).toContain('\u001b[');
      expect(await paged(command.replace(' --pager', ''))).toBe(false);
      expect(await paged(command.replace('PAGER=', 'SRCIP_PAGER=').replace(' --pager', ''))).toBe(true);
      expect(await paged(`SRCIP_PAGER=cat ${command}`)).toBe(false);
      expect(await paged(`TERM=dumb ${command}`)).toBe(false);
      expect(await paged(`${command} -o name`)).toBe(false);
      expect(await paged(`${command} | tail -3`)).toBe(false);
      expect(await paged(`${command} > ${folder.path}/answer`)).toBe(false);
    });

    test('the exit code is the answer’s; a pager that stops early, or is missing, is no error', async () => {
      open('stops', 100, world.kubeconfig, 20);
      const early = await type('stops', `clear; PAGER='head -n 1' ${explain} --pager --fail-on warning -o json; echo "code $?"`);
      expect(early).toContain('code 1');
      expect(early).not.toMatch(/error:|EPIPE/);
      const missing = await type('stops', `clear; PAGER=/nonexistent/pager ${explain} --pager 2>${folder.path}/said; echo "code $?"`);
      expect(missing).toContain('code 0');
      expect(missing).toContain('what to know');
      expect(readFileSync(`${folder.path}/said`, 'utf8')).toContain('warning: the pager /nonexistent/pager could not be started\n');
    });

    test.skipIf(spawnSync('less', ['--version']).status !== 0)(
      'less: Ctrl-C and q leave the terminal as it was (skipped: no less)',
      async () => {
        open('less', 100, world.kubeconfig, 20);
        const states = folder.write('states', '');
        await type('less', `stty -g >> ${states}`);
        const done = folder.write('less-done', '');
        const screen = (): string => tmux('capture-pane', '-p', '-t', 'less');
        tmux('send-keys', '-t', 'less', `clear; LESS= PAGER=less ${explain} --pager; echo "rc $?" > ${done}`, 'Enter');
        await until(() => /^:$|^\S*lines? 1-/m.test(screen()));
        tmux('send-keys', '-t', 'less', 'C-c');
        tmux('send-keys', '-t', 'less', 'G');
        await until(() => screen().includes('END'));
        expect(readFileSync(done, 'utf8')).toBe('');
        tmux('send-keys', '-t', 'less', 'q');
        await until(() => readFileSync(done, 'utf8') !== '');
        expect(readFileSync(done, 'utf8')).toBe('rc 0\n');
        await type('less', `stty -g >> ${states}`);
        const [before, after] = readFileSync(states, 'utf8').trim().split('\n');
        expect(after).toBe(before);
      },
    );
  });

  test('progress: on the terminal while nodes are slow, gone afterwards, never in a file, never on a dumb terminal', async () => {
    open('progress', 100, world.kubeconfig);
    const ssh = folder.write('slow-ssh', '#!/bin/sh\ncase "$*" in *-G*) exec ssh "$@";; esac\nexec sleep 600\n');
    chmodSync(ssh, 0o755);
    const slow = `${explain} --rules ssh --ssh-command ${ssh}`;
    const screen = (): string => tmux('capture-pane', '-p', '-t', 'progress');
    const [done, said] = [folder.write('progress-done', ''), join(folder.path, 'progress-said')];
    const interrupt = async (): Promise<void> => {
      tmux('send-keys', '-t', 'progress', 'C-c');
      await until(() => readFileSync(done, 'utf8') !== '');
      folder.write('progress-done', '');
    };
    tmux('send-keys', '-t', 'progress', `clear; bash -c '${slow}; :'; echo done > ${done}`, 'Enter');
    await until(() => /reading the rules of \S+ nodes \(ssh\)/.test(screen()));
    await interrupt();
    expect(screen()).not.toContain('reading the rules');
    for (const quiet of [`${slow} 2>${said}`, `TERM=dumb ${slow} 2>&1`]) {
      const answer = join(folder.path, 'progress-begun');
      folder.write('progress-begun', '');
      tmux('send-keys', '-t', 'progress', `clear; (sleep 3; echo begun > ${answer}) & bash -c '${quiet}; :'; echo done > ${done}`, 'Enter');
      await until(() => readFileSync(answer, 'utf8') !== '');
      expect(screen()).not.toMatch(/reading the rules of \S+ nodes/);
      await interrupt();
    }
    expect(readFileSync(said, 'utf8')).not.toContain('reading the rules of');
  });
});
