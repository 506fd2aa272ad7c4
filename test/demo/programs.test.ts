import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../src/demo/server.ts';
import { hasKubectl, whyNoKubectl } from '../collect/live/support/kubectl.ts';
import { ask, askStatus } from './ask.ts';

const POD = '/api/v1/namespaces/kube-system/pods/kube-proxy-m5dkz';

async function withServer(options: Partial<ApiServerOptions>, run: (server: ApiServer) => Promise<void>): Promise<void> {
  const server = await startApiServer({ objects: loadDemoCluster(), ...options });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function kubectlExec(server: ApiServer, args: readonly string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'srcip-kubectl-'));
  try {
    const kubeconfig = join(folder, 'config');
    writeFileSync(kubeconfig, server.kubeconfig());
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
    const run = promisify(execFile)('kubectl', ['exec', '-n', 'kube-system', ...args], { env, timeout: 20_000, maxBuffer: 1 << 27 });
    return await run.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.skipIf(!hasKubectl)(`kubectl runs programs in pods${whyNoKubectl}`, async () => {
  const long = '-A INPUT -j ACCEPT\n'.repeat(20_000);
  await withServer(
    {
      programs: ({ node, pod, container, command }) => {
        if (command[0] === 'fail') return { stdout: 'half\n', stderr: 'no\n', status: 4 };
        if (command[0] === 'long') return { stdout: long };
        return command[0] === 'echo' ? { stdout: `${[node, pod, container, ...command].join(' ')}\n` } : 'absent';
      },
    },
    async (server) => {
      expect(await kubectlExec(server, ['kube-proxy-m5dkz', '--', 'echo', 'a b', "c'd"])).toEqual({
        code: 0,
        stdout: "cp-1 kube-proxy-m5dkz kube-proxy echo a b c'd\n",
        stderr: '',
      });
      expect(await kubectlExec(server, ['kube-proxy-m5dkz', '--', 'fail'])).toEqual({
        code: 4,
        stdout: 'half\n',
        stderr: 'no\ncommand terminated with exit code 4\n',
      });
      expect((await kubectlExec(server, ['kube-proxy-m5dkz', '--', 'long'])).stdout === long).toBe(true);
      expect((await kubectlExec(server, ['kube-proxy-m5dkz', '--', 'ip'])).stderr).toContain('executable file not found in $PATH');
      expect((await kubectlExec(server, ['nobody', '--', 'echo'])).stderr).toContain('pods "nobody" not found');
    },
  );
});

test('a request without the upgrade is told so', async () => {
  await withServer({ programs: () => ({}) }, async (server) => {
    expect(await askStatus(server, `${POD}/exec?command=ls`)).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });
});

test.skipIf(!hasKubectl)(`the right to create counts for upgrades, too${whyNoKubectl}`, async () => {
  await withServer({ programs: () => ({}), deny: [{ resources: ['pods/exec'], verbs: ['create'] }] }, async (server) => {
    const { code, stderr } = await kubectlExec(server, ['kube-proxy-m5dkz', '--', 'ls']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot create resource "pods/exec"')]);
  });
});

test('pods are made and deleted only where the server lets them be', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'made' }, spec: { nodeName: 'cp-1', containers: [] } };
  const path = '/api/v1/namespaces/shop/pods';
  const send = (server: ApiServer, method: string, to: string): Promise<{ status: number }> =>
    fetch(`${server.url}${to}`, { method, ...(method === 'POST' ? { body: JSON.stringify(pod) } : {}) });
  await withServer({}, async (server) => {
    expect((await send(server, 'POST', path)).status).toBe(405);
    expect((await send(server, 'DELETE', POD)).status).toBe(405);
  });
  await withServer(
    { kubelet: () => ({ phase: 'Running' }), deny: [{ verbs: ['delete'], namespaces: ['kube-system'] }] },
    async (server) => {
      const names = async (): Promise<string[]> => {
        const { items } = JSON.parse((await ask(server, path)).text) as { items: { metadata: { name: string } }[] };
        return items.map(({ metadata }) => metadata.name);
      };
      const before = await names();
      expect((await send(server, 'POST', path)).status).toBe(201);
      expect((await send(server, 'POST', path)).status).toBe(409);
      expect(await names()).toEqual([...before, 'made'].sort());
      expect(JSON.parse((await ask(server, `${path}/made`)).text)).toMatchObject({ kind: 'Pod', status: { phase: 'Running' } });
      expect((await send(server, 'DELETE', `${path}/made`)).status).toBe(200);
      expect((await send(server, 'DELETE', `${path}/made`)).status).toBe(404);
      expect((await send(server, 'DELETE', `${path}/db-0`)).status).toBe(200);
      expect(await names()).toEqual(before.filter((name) => name !== 'db-0'));
      expect((await send(server, 'DELETE', POD)).status).toBe(403);
      expect((await send(server, 'POST', '/api/v1/namespaces/shop/services')).status).toBe(405);
    },
  );
});
