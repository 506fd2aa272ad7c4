import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanEnv, outcome, type Ran, RUN } from '../e2e/support/cli.ts';
import { type Folder, makeFolder, startWorld, type World } from '../e2e/support/world.ts';

/** The examples, as they are in the repository. */
export const PIPELINES: string = resolve('examples/pipelines');

function has(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

export const hasKubectl: boolean = has('kubectl', 'version', '--client');
export const hasGit: boolean = has('git', '--version');
export const hasJq: boolean = has('jq', '--version');
export const hasShellcheck: boolean = has('shellcheck', '--version');

/** A machine with kubectl, the plugin and a cluster, and a folder to work in. */
export interface Workplace {
  readonly world: World;
  readonly folder: Folder;
  readonly env: Readonly<Record<string, string>>;
  /** A new folder with the manifests of an example in `manifests/`. */
  checkout(name: string, manifests: 'good' | 'bad' | 'accepted'): string;
  run(command: readonly string[], at?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> }): Promise<Ran>;
  end(): Promise<void>;
}

export async function makeWorkplace(options: Parameters<typeof startWorld>[0] = {}): Promise<Workplace> {
  const world = await startWorld(options);
  const folder = makeFolder();
  mkdirSync(join(folder.path, 'bin'));
  // As npm links it.
  symlinkSync(RUN, join(folder.path, 'bin', 'kubectl-srcip'));
  const env = cleanEnv({
    ...world.env,
    HOME: folder.path,
    PATH: `${join(folder.path, 'bin')}:${process.env['PATH']}`,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  });
  return {
    world,
    folder,
    env,
    checkout: (name, manifests) => {
      const path = join(folder.path, name);
      cpSync(join(PIPELINES, 'manifests', manifests), join(path, 'manifests'), { recursive: true });
      return path;
    },
    run: ([program = '', ...args], { cwd = folder.path, env: more = {} } = {}) =>
      outcome(spawn(program, args, { cwd, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })),
    end: async () => {
      await world.end();
      folder.remove();
    },
  };
}
