import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slimClientNode } from '../../../scripts/slim-client-node.ts';
import { kubeconfig, makeFolder } from './support/files.ts';
import { makePki } from './support/pki.ts';
import { startSocksProxy, type TestProxy } from './support/proxy.ts';
import { startServer, type TestServer, whoAmI } from './support/server.ts';

const folder = makeFolder();
const driver = join(folder.path, 'dist', 'driver.mjs');
let metafile: Metafile;
let server: TestServer;
let socks: TestProxy;

const DRIVER = `
import { connect } from './src/collect/live/client.ts';
const client = await connect({ kubeconfig: process.argv[2] });
process.stdout.write(JSON.stringify(await client.get('/whoami')));
client.close();
`;

const BANNER = `
import { createRequire as makeRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
const require = makeRequire(import.meta.url);
const __filename = fileURLToPath(import.meta.url);
const __dirname = fileURLToPath(new URL('.', import.meta.url));
`;

beforeAll(async () => {
  const pki = await makePki();
  await folder.write('ca.crt', pki.ca.cert);
  server = await startServer(whoAmI, { pair: pki.server });
  socks = await startSocksProxy(server.port);
  const built = await build({
    stdin: { contents: DRIVER, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outdir: join(folder.path, 'dist'),
    entryNames: 'driver',
    outExtension: { '.js': '.mjs' },
    banner: { js: BANNER },
    plugins: [slimClientNode()],
    metafile: true,
    logLevel: 'silent',
  });
  metafile = built.metafile;
});
afterAll(async () => {
  folder.remove();
  await Promise.all([server.stop(), socks.stop()]);
});

async function run(parts: {
  readonly user: object;
  readonly cluster?: object;
}): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const file = await folder.write(
    'config',
    kubeconfig({ user: parts.user, cluster: { server: server.url, 'certificate-authority': 'ca.crt', ...parts.cluster } }),
  );
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env;
  const child = spawn(process.execPath, [driver, file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const status = await new Promise<number | null>((done) => child.once('close', done));
  return { status, stdout, stderr };
}

function inputs(): string[] {
  return Object.keys(metafile.inputs);
}

test('the bundle connects, and Node has nothing to say about it', async () => {
  expect(await run({ user: { token: 'tok', as: 'jane' } })).toEqual({
    status: 0,
    stdout: '{"authorization":"Bearer tok","impersonation":{"impersonate-user":"jane"},"commonName":null}',
    stderr: '',
  });
});

test("an exec plugin's prompt is seen, and stays out of the answer", async () => {
  const credential = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"x"}}';
  await folder.script('login', `#!/bin/sh\necho 'enter code ABCD' >&2\necho '${credential}'\n`);
  const exec = { command: './login', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'IfAvailable' };
  const { status, stdout, stderr } = await run({ user: { exec } });
  expect([status, stderr]).toEqual([0, 'enter code ABCD\n']);
  expect(JSON.parse(stdout)).toMatchObject({ authorization: 'Bearer x' });
});

test('SOCKS still works, though it is loaded only then', async () => {
  const { status, stdout } = await run({
    user: { token: 't' },
    cluster: { server: 'https://api.test:1', 'proxy-url': `socks5://127.0.0.1:${socks.port}` },
  });
  expect([status, JSON.parse(stdout)]).toMatchObject([0, { authorization: 'Bearer t' }]);
  expect(socks.asked).toEqual(['api.test:1']);
});

test('what is never used is not in the bundle', () => {
  expect(inputs().filter((path) => path.includes('client-node/dist/config.js'))).toHaveLength(1);
  expect(inputs().filter((path) => /client-node\/dist\/gen\/|\/(node-fetch|whatwg-url|tr46|punycode|jsonpath-plus)\//.test(path))).toEqual(
    [],
  );
});

test('OpenID and SOCKS are in files of their own, which the entry does not import', async () => {
  const first = new Set<string>();
  const follow = (output: string): void => {
    if (first.has(output)) return;
    first.add(output);
    for (const one of metafile.outputs[output]?.imports ?? []) if (!one.external && one.kind === 'import-statement') follow(one.path);
  };
  for (const output of Object.keys(metafile.outputs)) if (/\/(driver|config-\w+)\.mjs$/.test(output)) follow(output);
  const loaded = [...first].flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
  expect(loaded.some((path) => path.includes('client-node/dist/config.js'))).toBe(true);
  expect(loaded.filter((path) => /node_modules\/(openid-client|oauth4webapi|socks|socks-proxy-agent)\//.test(path))).toEqual([]);
  expect(inputs().some((path) => path.includes('/socks-proxy-agent/'))).toBe(true);
  expect(inputs().some((path) => path.includes('/openid-client/'))).toBe(true);
  expect((await readFile(driver, 'utf8')).length).toBeLessThan(300_000);
});
