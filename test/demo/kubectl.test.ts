import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loopbackCertificate } from '../../scripts/bench/certificate.ts';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { type ApiServer, startApiServer } from '../../src/demo/server.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(!hasKubectl)('kubectl against the demo server (skipped: no kubectl on the PATH)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'srcip-kubectl-'));
  const asked: string[] = [];
  let server: ApiServer;

  beforeAll(async () => {
    const many = Array.from({ length: 1200 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `c-${i}`, namespace: 'many' },
    }));
    server = await startApiServer({
      objects: [...loadDemoCluster(), ...many],
      tls: await loopbackCertificate(),
      namespace: 'shop',
      onRequest: ({ url }) => asked.push(url),
    });
    writeFileSync(join(folder, 'config'), server.kubeconfig());
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function kubectl(...args: string[]): Promise<Ran> {
    const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, 'config') };
    return new Promise((resolve) => {
      execFile('kubectl', args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  }

  /** The words of each line. */
  function cells(stdout: string): string[][] {
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
  }

  test('get svc,nodes,endpointslices -A -o yaml prints every object', async () => {
    const { stdout } = await kubectl('get', 'svc,nodes,endpointslices', '-A', '-o', 'yaml');
    const kinds = (load(stdout) as { items: { kind: string }[] }).items.map(({ kind }) => kind);
    const expected = loadDemoCluster().map((object) => object['kind']);
    for (const kind of ['Service', 'Node', 'EndpointSlice']) {
      expect(kinds.filter((found) => found === kind)).toHaveLength(expected.filter((found) => found === kind).length);
    }
  });

  test('get svc -A', async () => {
    const rows = cells((await kubectl('get', 'svc', '-A')).stdout);
    expect(rows[0]).toEqual(['NAMESPACE', 'NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE']);
    expect(rows.find((row) => row[1] === 'ingress-nginx-controller')?.slice(2, 6)).toEqual([
      'LoadBalancer',
      '10.96.142.17',
      '192.168.10.200',
      '80:31080/TCP,443:31443/TCP',
    ]);
    expect(rows.find((row) => row[1] === 'mail')?.slice(2, 6)).toEqual(['ExternalName', '<none>', 'smtp.example.net', '<none>']);
  });

  test('get svc web -o wide, in the namespace of the context', async () => {
    const rows = cells((await kubectl('get', 'svc', 'web', '-o', 'wide')).stdout);
    expect(rows.at(0)?.at(-1)).toBe('SELECTOR');
    expect(rows.at(1)?.at(-1)).toBe('app=web');
  });

  test('get nodes -o wide', async () => {
    const rows = cells((await kubectl('get', 'nodes', '-o', 'wide')).stdout);
    expect(rows[0]?.slice(0, 6)).toEqual(['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION', 'INTERNAL-IP']);
    expect(rows.map((row) => row[0])).toEqual(['NAME', 'cp-1', 'worker-1', 'worker-2', 'worker-3']);
    expect(rows[1]?.[2]).toBe('control-plane');
  });

  test('get pods by label', async () => {
    const rows = cells((await kubectl('get', 'pods', '-n', 'shop', '-l', 'app=web')).stdout);
    expect(rows.slice(1).map((row) => row.slice(1, 3))).toEqual(Array(3).fill(['1/1', 'Running']));
  });

  test('describe svc web', async () => {
    const { stdout, code } = await kubectl('describe', 'svc', 'web', '-n', 'shop');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Endpoints:\s+10\.244\.1\.12:8080,10\.244\.2\.8:8080,10\.244\.3\.14:8080$/m);
    expect(stdout).toMatch(/^NodePort:\s+http {2}30080\/TCP$/m);
  });

  test('api-resources knows short names and custom resources', async () => {
    const rows = cells((await kubectl('api-resources')).stdout);
    expect(rows.find((row) => row[0] === 'services')).toEqual(['services', 'svc', 'v1', 'true', 'Service']);
    expect(rows.find((row) => row[0] === 'ipaddresspools')).toEqual(['ipaddresspools', 'metallb.io/v1beta1', 'true', 'IPAddressPool']);
  });

  test('get svc nope is not found', async () => {
    expect(await kubectl('get', 'svc', 'nope', '-n', 'shop')).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): services "nope" not found\n',
    });
  });

  test('an unknown field selector and a write are refused in the words of the server', async () => {
    expect((await kubectl('get', 'pods', '--field-selector', 'spec.foo=1')).stderr).toContain('field label not supported: spec.foo');
    expect((await kubectl('delete', 'svc', 'web')).stderr).toContain('Error from server (MethodNotAllowed)');
  });

  test('a long list comes in pages and whole', async () => {
    asked.length = 0;
    const { stdout } = await kubectl('get', 'configmaps', '-n', 'many', '-o', 'json');
    expect((JSON.parse(stdout) as { items: unknown[] }).items).toHaveLength(1200);
    expect(asked.filter((url) => url.startsWith('/api/v1/namespaces/many/configmaps?'))).toHaveLength(3);
  });
});
