import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT: string = process.cwd();
/** The program as npm links it. */
export const RUN: string = join(ROOT, 'bin', 'run.js');

if (!existsSync(join(ROOT, 'dist', 'main.js')))
  throw new Error('dist/ is missing: run "npm run build" first, these tests run the built program');

/** How a run ended, and what it said. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

/** Nothing of this machine's configuration, no proxy, no extra certificates. */
export function cleanEnv(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...more };
}

/** Runs the built program in a process of its own, without a terminal. */
export async function srcip(args: readonly string[], { env = {}, input, cwd }: Surroundings = {}): Promise<Ran> {
  const child = spawn(process.execPath, [RUN, ...args], {
    env: cleanEnv(env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return outcome(child);
}

/** The same through a shell, for pipes and redirections: `$SRCIP` stands for the program. */
export async function shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return outcome(
    spawn('bash', ['-c', script], { env: cleanEnv({ SRCIP: `${process.execPath} ${RUN}`, ...env }), stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

export async function outcome(child: ChildProcess): Promise<Ran> {
  const collected = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      collected[name] += text;
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...collected };
}

/** What is wrong with how a failure was said; an empty list when it is as it should be. */
export function faultsOf({ code, stdout, stderr }: Ran): string[] {
  const lines = stderr.trimEnd().split('\n');
  return [
    ...(code === 2 ? [] : [`exit code ${code}`]),
    ...(stdout === '' ? [] : ['something on stdout']),
    ...(lines.length <= 2 ? [] : [`${lines.length} lines`]),
    ...(stderr.startsWith('error: ') ? [] : ['does not start with "error: "']),
    ...(/^\s+at |at file:|node:internal|internal error/m.test(stderr) ? ['a stack trace or an internal error'] : []),
    ...(/undefined|\[object|NaN/.test(stderr) ? ['a value that nobody meant to print'] : []),
    ...(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stderr) ? ['a control character'] : []),
  ];
}
