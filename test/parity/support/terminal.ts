import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnv, RUN } from '../../e2e/support/cli.ts';
import { type Folder, makeFolder } from '../../e2e/support/world.ts';

export const hasTmux: boolean = spawnSync('tmux', ['-V']).status === 0;

/** How a command that was interrupted has left things. */
export interface Aftermath {
  readonly code: number;
  /** Lines of `stty -a` that were other before. */
  readonly changed: readonly string[];
  readonly cursor: string;
  /** What is left in the folder for temporary files. */
  readonly left: readonly string[];
  readonly screen: string;
}

/** A terminal with a plain shell in it, which mends nothing that a command has left. */
export class Terminal {
  readonly folder: Folder = makeFolder();
  readonly #socket: string;

  constructor(name: string) {
    this.#socket = `parity-${process.pid}-${name}`;
    mkdirSync(join(this.folder.path, 'tmp'));
    this.#tmux('new-session', '-d', '-x', '150', '-y', '50', `env PS1='> ' ENV= TMPDIR=${this.path('tmp')} sh`);
  }

  path(name: string): string {
    return join(this.folder.path, name);
  }

  /** Starts the program, with more shell after it. */
  start(words: string, { env = '', after = '' }: { readonly env?: string; readonly after?: string } = {}): void {
    const script = `echo $$ > ${this.path('pid')}; exec "$@"`;
    this.#type(`stty -a > ${this.path('before')}; clear; ${env} sh -c '${script}' sh ${process.execPath} ${RUN} ${words} ${after}`);
  }

  /** Waits for what has to happen before the interruption. */
  async until(condition: () => boolean): Promise<void> {
    for (let i = 0; !condition(); i++) {
      if (i > 400) throw new Error(`waited for 20 s; the screen shows:\n${this.screen()}`);
      await sleep(50);
    }
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** Presses Ctrl-C, waits for the program and `others` to be gone, and looks around. */
  async interrupt(others: readonly string[] = []): Promise<Aftermath> {
    this.#tmux('send-keys', 'C-c');
    for (const file of ['pid', ...others]) await this.until(() => !isAlive(this.#read(file)));
    const screen = this.screen();
    const cursor = this.#tmux('display-message', '-p', '#{cursor_flag}').trim();
    // Where the shell waits for the rest of a pipe, it reads this once it has its turn.
    this.#type(`echo $? > ${this.path('code')}; stty -a > ${this.path('after')}; : > ${this.path('done')}`);
    await this.until(() => existsSync(this.path('done')));
    const before = this.#read('before').split('\n');
    return {
      code: Number(this.#read('code')),
      changed: this.#read('after')
        .split('\n')
        .filter((line, at) => line !== before[at]),
      cursor,
      left: readdirSync(this.path('tmp')),
      screen,
    };
  }

  end(): void {
    this.#tmux('kill-server');
    this.folder.remove();
  }

  #read(file: string): string {
    return existsSync(this.path(file)) ? readFileSync(this.path(file), 'utf8').trim() : '';
  }

  #type(line: string): void {
    this.#tmux('send-keys', line, 'Enter');
  }

  #tmux(...args: string[]): string {
    const env = cleanEnv({ HOME: this.folder.path, TERM: 'xterm-256color', TMUX_TMPDIR: this.folder.path });
    return execFileSync('tmux', ['-L', this.#socket, '-f', '/dev/null', ...args], { env, encoding: 'utf8' });
  }
}

function isAlive(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}
