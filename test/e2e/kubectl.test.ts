import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, outcome, type Ran, RUN, srcip } from './support/cli.ts';
import { type Folder, makeFolder, startWorld, type World } from './support/world.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.skipIf(!hasKubectl)('through the real kubectl (skipped: no kubectl on the PATH)', () => {
  let world: World;
  let folder: Folder;

  beforeAll(async () => {
    world = await startWorld();
    folder = makeFolder();
    mkdirSync(join(folder.path, 'bin'));
    // As npm links it.
    symlinkSync(RUN, join(folder.path, 'bin', 'kubectl-srcip'));
  });
  afterAll(async () => {
    await world.end();
    folder.remove();
  });

  function kubectl(args: readonly string[]): Promise<Ran> {
    const env = cleanEnv({ ...world.env, HOME: folder.path, PATH: `${join(folder.path, 'bin')}:${process.env['PATH']}` });
    return outcome(spawn('kubectl', [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  test('kubectl plugin list names it, without a warning', async () => {
    const ran = await kubectl(['plugin', 'list']);
    expect(ran.stdout).toContain('/bin/kubectl-srcip');
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/warning.*srcip/i);
  });

  test.for([
    ['explain', 'svc/web'],
    ['explain', 'svc/web', '-n', 'shop', '-o', 'json'],
    ['explain', 'svc/legacy', '--fail-on', 'error'],
    ['explain', 'svc/nope'],
    ['explain', 'svc/web', '--nope'],
    ['explain', '--help'],
    ['-h'],
    ['nonsense'],
  ])('kubectl srcip %j: the same words and exit code', async (args) => {
    const [through, direct] = [await kubectl(['srcip', ...args]), await srcip(args, { env: world.env })];
    // kubectl replaces itself by the plugin, so nothing of its own is added.
    expect(through).toEqual(direct);
  });

  test('exit codes 0, 1 and 2 pass through', async () => {
    const codes = [];
    for (const args of [['svc/web'], ['svc/legacy', '--fail-on', 'error'], ['svc/nope']])
      codes.push((await kubectl(['srcip', 'explain', ...args])).code);
    expect(codes).toEqual([0, 1, 2]);
  });

  test('the same cluster, namespace and context as kubectl', async () => {
    const ours = await kubectl(['srcip', 'explain', 'svc/web', '-o', 'name']);
    expect(ours.stdout).toBe((await kubectl(['get', 'svc/web', '-o', 'name'])).stdout);
    const other = await startWorld({ namespace: 'ingress-nginx', name: 'other' });
    const name = ['svc/ingress-nginx-controller', '-o', 'name', '--kubeconfig', other.kubeconfig];
    expect((await kubectl(['srcip', 'explain', ...name])).stdout).toBe((await kubectl(['get', ...name])).stdout);
    await other.end();
  });
});
