import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoClusterNames } from '../../src/demo/load.ts';
import { cleanEnv, faultsOf, outcome, RUN, srcip } from './support/cli.ts';
import { type Folder, makeFolder } from './support/world.ts';

describe('demo', () => {
  let folder: Folder;

  beforeAll(() => {
    folder = makeFolder();
  });
  afterAll(() => folder.remove());

  function start(args: readonly string[]): ReturnType<typeof spawn> {
    return spawn(process.execPath, [RUN, 'demo', ...args], { env: cleanEnv({ TMPDIR: folder.path }), stdio: ['ignore', 'pipe', 'pipe'] });
  }

  test.for(demoClusterNames())('the tour of %s explains Services that are there, and leaves nothing behind', async (cluster) => {
    const ran = await outcome(start(['--tour', '--cluster', cluster]));
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ran.stdout.match(/^\$ kubectl srcip explain svc\//gm)?.length).toBeGreaterThan(0);
    expect(ran.stdout).toContain('kube-proxy');
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.for(['SIGINT', 'SIGTERM'] as const)('serves until %s: what it names works meanwhile, and is gone afterwards', async (signal) => {
    const child = start([]);
    const ended = outcome(child);
    let text = '';
    child.stdout?.on('data', (chunk: string) => {
      text += chunk;
    });
    while (!text.includes('kubectl srcip explain')) await once(child.stdout ?? child, 'data');
    const kubeconfig = /export KUBECONFIG=(?<path>\S+)/.exec(text)?.groups?.['path'] ?? '';
    const command = /kubectl srcip (?<words>explain .*)/.exec(text)?.groups?.['words']?.split(' ') ?? [];
    const ran = await srcip([...command, '-o', 'name'], { env: { KUBECONFIG: kubeconfig } });
    expect(ran).toEqual({ code: 0, signal: null, stdout: 'service/ingress-nginx-controller\n', stderr: '' });
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(kubeconfig)).toBe(false);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('a tour that is stopped ends by the signal, and leaves nothing behind', async () => {
    const child = start(['--tour']);
    const ended = outcome(child);
    await once(child.stdout ?? child, 'data');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGINT', stderr: '' });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.for([
    [['--cluster', 'nope'], 'no demo cluster "nope"'],
    [['--cluster', '../package'], 'no demo cluster "../package"'],
    [['--port', '70000'], 'less than or equal to 65535'],
    [['--port', 'x'], 'Expected an integer'],
    [['more'], 'Unexpected argument: more'],
  ] as const)('%j: %s', async ([args, said]) => {
    const ran = await srcip(['demo', ...args]);
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toContain(said);
  });

  test('a port that is taken', async () => {
    const child = start([]);
    const ended = outcome(child);
    let text = '';
    child.stdout?.on('data', (chunk: string) => {
      text += chunk;
    });
    while (!text.includes('127.0.0.1:')) await once(child.stdout ?? child, 'data');
    const port = /127\.0\.0\.1:(?<port>\d+)/.exec(text)?.groups?.['port'] ?? '';
    const ran = await srcip(['demo', '--port', port]);
    child.kill();
    await ended;
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
  });
});
