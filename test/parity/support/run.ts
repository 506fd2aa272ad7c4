import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { outcome, type Ran, RUN } from '../../e2e/support/cli.ts';
import type { Try } from './row.ts';
import type { Stage } from './stage.ts';

/** Some packages put a chooser before several kubectls, which asks the server for its version first; it is passed by. */
const KUBECTL: string = (() => {
  const said = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' }).stdout ?? '';
  const minor = /v(?<minor>\d+\.\d+)\.\d+-dispatcher/.exec(said)?.groups?.['minor'];
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'kubectl'))
    .find((file) => existsSync(file));
  if (minor === undefined || path === undefined) return 'kubectl';
  const real = join(dirname(realpathSync(path)), `kubectl.${minor}`);
  return existsSync(real) ? real : 'kubectl';
})();

export type Client = 'kubectl' | 'srcip';

/** How a run ended; `late` when it was stopped because it took longer than the row has patience for. */
export interface Run extends Ran {
  readonly late: boolean;
}

/** Nothing that takes longer than this will ever end. */
const PATIENCE_MS = 60_000;

/** The command line of one of the two. */
export function commandOf(client: Client, { flags = [], words, kubectl, srcip }: Try): readonly string[] {
  const said = words ?? ['svc/web', ...flags, '-o', 'name'];
  return client === 'kubectl' ? (kubectl ?? ['get', ...said]) : (srcip ?? ['explain', ...said]);
}

/** Runs one of the two to its end, in the row's surroundings and without a terminal. */
export async function run(client: Client, how: Try, stage: Stage): Promise<Run> {
  await how.before?.();
  const program = client === 'kubectl' ? [KUBECTL] : [process.execPath, RUN];
  const command = [...program, ...commandOf(client, how)];
  const [file = '', ...args] = how.wrap?.(command) ?? command;
  const child = spawn(file, args, {
    // A home of its own: kubectl remembers there what servers offer.
    env: { PATH: process.env['PATH'] ?? '', HOME: stage.path('home'), LC_ALL: 'C.UTF-8', ...how.env },
    cwd: how.cwd ?? stage.folder.path,
    stdio: [how.input === undefined && how.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => undefined);
  if (how.stdin !== undefined) child.stdin?.end(how.stdin);
  const asked = how.input;
  if (asked !== undefined) child.stdout?.once('data', () => child.stdin?.end(asked));
  let late = false;
  const stop = (): void => {
    late = true;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(stop, PATIENCE_MS);
  const watch = setInterval(() => how.enough?.() === true && stop(), 100);
  const ran = await outcome(child);
  clearTimeout(timer);
  clearInterval(watch);
  return { ...ran, late };
}
