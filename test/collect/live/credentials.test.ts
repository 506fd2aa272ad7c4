import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionFlags } from '../../../src/collect/api.ts';
import { type ConnectOptions, connect } from '../../../src/collect/live/client.ts';
import { base64, kubeconfig, makeFolder } from './support/files.ts';
import { hasKubectl, kubectl, whyNoKubectl } from './support/kubectl.ts';
import { makePki, type Pki } from './support/pki.ts';
import { startServer, type TestServer, whoAmI } from './support/server.ts';

const folder = makeFolder();
let pki: Pki;
let server: TestServer;
let plain: TestServer;

beforeAll(async () => {
  pki = await makePki();
  server = await startServer(whoAmI, { pair: pki.server, clientCa: pki.ca.cert });
  plain = await startServer(whoAmI, {});
  await folder.write('ca.crt', pki.ca.cert);
  await folder.write('id.crt', pki.client.cert);
  await folder.write('id.key', pki.client.key);
  await folder.write('token', '  from-file\n');
});
afterAll(async () => {
  folder.remove();
  await Promise.all([server.stop(), plain.stop()]);
});

const MODE = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };

async function ask(file: string, flags: ConnectionFlags = {}, options: ConnectOptions = {}): Promise<unknown> {
  const client = await connect({ kubeconfig: file, ...flags }, { env: { PATH: process.env['PATH'] }, ...options });
  try {
    return await client.get('/whoami');
  } finally {
    client.close();
  }
}

async function trouble(file: string, flags: ConnectionFlags = {}, options: ConnectOptions = {}): Promise<string> {
  return ask(file, flags, options).then(
    () => 'no trouble',
    (error: unknown) => `${String(error)} | ${String(Reflect.get(Object(error), 'hint'))}`,
  );
}

interface Case {
  readonly name: string;
  readonly user: () => object;
  readonly cluster?: object;
  readonly flags?: ConnectionFlags;
  readonly args?: readonly string[];
  readonly expected: object;
}

const NOBODY = { authorization: null, impersonation: {}, commonName: null };

const CASES: readonly Case[] = [
  { name: 'a token', user: () => ({ token: 'tok' }), expected: { ...NOBODY, authorization: 'Bearer tok' } },
  {
    name: 'a token file, without its white space',
    user: () => ({ tokenFile: 'token' }),
    expected: { ...NOBODY, authorization: 'Bearer from-file' },
  },
  {
    name: 'a token and a token file',
    user: () => ({ tokenFile: 'token', token: 'tok' }),
    expected: { ...NOBODY, authorization: 'Bearer from-file' },
  },
  {
    name: 'user name and password',
    user: () => ({ username: 'u', password: 'p:w' }),
    expected: { ...NOBODY, authorization: `Basic ${base64('u:p:w')}` },
  },
  {
    name: 'a client certificate from files',
    user: () => ({ 'client-certificate': 'id.crt', 'client-key': 'id.key' }),
    expected: { ...NOBODY, commonName: 'alice' },
  },
  {
    name: '--token beside a client certificate',
    user: () => ({ 'client-certificate': 'id.crt', 'client-key': 'id.key' }),
    flags: { token: 't' },
    args: ['--token', 't'],
    expected: { ...NOBODY, authorization: 'Bearer t', commonName: 'alice' },
  },
  {
    name: 'impersonation from the kubeconfig',
    user: () => ({
      token: 'tok',
      as: 'jane',
      'as-uid': '42',
      'as-groups': ['dev', 'ops'],
      'as-user-extra': { 'example.org/a b': ['1', '2'] },
    }),
    expected: {
      ...NOBODY,
      authorization: 'Bearer tok',
      impersonation: {
        'impersonate-user': 'jane',
        'impersonate-uid': '42',
        'impersonate-group': 'dev, ops',
        'impersonate-extra-example.org%2fa%20b': '1, 2',
      },
    },
  },
  {
    name: 'impersonation by flags',
    user: () => ({ token: 'tok' }),
    flags: { as: 'jane', asGroup: ['dev', 'ops'], asUid: '7' },
    args: ['--as', 'jane', '--as-group', 'dev', '--as-group', 'ops', '--as-uid', '7'],
    expected: {
      ...NOBODY,
      authorization: 'Bearer tok',
      impersonation: { 'impersonate-user': 'jane', 'impersonate-uid': '7', 'impersonate-group': 'dev, ops' },
    },
  },
  {
    name: 'an exec plugin with a token',
    user: () => ({ exec: { ...MODE, command: './plugin', args: ['a b', '$HOME'], env: [{ name: 'EXTRA', value: 'e' }] } }),
    expected: { ...NOBODY, authorization: 'Bearer a b-$HOME-e' },
  },
  {
    name: 'an exec plugin with a certificate',
    user: () => ({ exec: { ...MODE, command: './cert-plugin' } }),
    expected: { ...NOBODY, commonName: 'alice' },
  },
  {
    name: '--token instead of an exec plugin',
    user: () => ({ exec: { ...MODE, command: './plugin' } }),
    flags: { token: 't' },
    args: ['--token', 't'],
    expected: { ...NOBODY, authorization: 'Bearer t' },
  },
];

beforeAll(async () => {
  await folder.script(
    'plugin',
    `#!/bin/sh
echo run >> '${folder.path}/runs'
printf '%s' "$KUBERNETES_EXEC_INFO" > '${folder.path}/info'
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s-%s"}}' "$1" "$2" "$EXTRA"
`,
  );
  const status = { clientCertificateData: pki.client.cert, clientKeyData: pki.client.key };
  await folder.write('credential.json', { apiVersion: MODE.apiVersion, kind: 'ExecCredential', status });
  await folder.script('cert-plugin', `#!/bin/sh\ncat '${folder.path}/credential.json'\n`);
});

function configFile(user: object, cluster: object = {}): Promise<string> {
  return folder.write('config', kubeconfig({ cluster: { server: server.url, 'certificate-authority': 'ca.crt', ...cluster }, user }));
}

describe('who the server takes us for', () => {
  test.for(CASES)('$name', async ({ user, cluster, flags, expected }) => {
    expect(await ask(await configFile(user(), cluster), flags)).toEqual(expected);
  });
});

describe.skipIf(!hasKubectl)(`who the server takes kubectl for${whyNoKubectl}`, () => {
  test.for(CASES)('$name', async ({ user, cluster, args, expected }) => {
    const file = await configFile(user(), cluster);
    expect(JSON.parse(await kubectl(['--kubeconfig', file, 'get', '--raw', '/whoami', ...(args ?? [])], {}))).toEqual(expected);
  });
});

test('client certificate data goes over files', async () => {
  const data = { 'client-certificate-data': base64(pki.client.cert), 'client-key-data': base64(pki.client.key) };
  expect(await ask(await configFile({ 'client-certificate': 'ca.crt', 'client-key': 'missing', ...data }))).toEqual({
    ...NOBODY,
    commonName: 'alice',
  });
});

test('nobody in particular: a cluster without a user', async () => {
  const file = await folder.write('anonymous', {
    ...kubeconfig({}),
    clusters: [{ name: 'clu', cluster: { server: server.url, 'certificate-authority': 'ca.crt' } }],
  });
  expect(await ask(file)).toEqual(NOBODY);
});

test('an http server gets no credentials', async () => {
  const user = { token: 'tok', as: 'jane' };
  const file = await folder.write('plain', kubeconfig({ cluster: { server: plain.url }, user }));
  expect(await ask(file)).toEqual({ ...NOBODY, impersonation: { 'impersonate-user': 'jane' } });
});

test('an exec plugin runs once for many requests, and learns about the cluster when it wants to', async () => {
  const exec = { ...MODE, command: './plugin', provideClusterInfo: true };
  const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 7 } }];
  const file = await configFile({ exec }, { 'tls-server-name': 'api.test', extensions });
  await folder.write('runs', '');
  const client = await connect({ kubeconfig: file }, { env: { PATH: process.env['PATH'] } });
  await Promise.all(Array.from({ length: 20 }, () => client.get('/whoami')));
  client.close();
  expect(await readFile(join(folder.path, 'runs'), 'utf8')).toBe('run\n');
  expect(JSON.parse(await readFile(join(folder.path, 'info'), 'utf8'))).toEqual({
    kind: 'ExecCredential',
    apiVersion: MODE.apiVersion,
    spec: {
      interactive: false,
      cluster: {
        server: server.url,
        'tls-server-name': 'api.test',
        'certificate-authority-data': base64(pki.ca.cert),
        config: { audience: 7 },
      },
    },
  });
});

describe('a credential that is no good is named', () => {
  const print = (text: string): object => ({ ...MODE, command: '/bin/echo', args: [text] });
  const v1 = '"apiVersion":"client.authentication.k8s.io/v1"';

  test.for([
    [
      { exec: { ...MODE, command: 'no-such-plugin', installHint: 'brew\n\u001b[1minstall it' } },
      'executable not found',
      'brew [1minstall it',
    ],
    [{ exec: { ...MODE, command: '/bin/false' } }, 'failed with exit code 1', 'log in again'],
    [{ exec: { ...MODE, apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } }, 'invalid apiVersion', 'v1beta1'],
    [{ exec: { ...MODE, interactiveMode: 'Always', command: 'x' } }, 'standard input is not a terminal', 'terminal'],
    [{ exec: { command: 'x', apiVersion: MODE.apiVersion } }, 'interactiveMode must be specified', 'IfAvailable'],
    [{ exec: print('s3cret') }, 'it printed no JSON', 'ExecCredential'],
    [
      { exec: print('{"apiVersion":"client.authentication.k8s.io/v1beta1"}') },
      'but returned "client.authentication.k8s.io/v1beta1"',
      'ExecCredential',
    ],
    [{ exec: print(`{${v1}}`) }, 'it returned no status', 'ExecCredential'],
    [{ exec: print(`{${v1},"status":{}}`) }, 'no token and no cert/key pair', 'ExecCredential'],
    [{ exec: print(`{${v1},"status":{"clientKeyData":"x"}}`) }, 'only a certificate or only a key', 'ExecCredential'],
    [{ tokenFile: 'no-such' }, 'unable to read tokenFile', 'kubeconfig'],
    [{ 'client-certificate': 'no-such', 'client-key': 'id.key' }, 'unable to read client-certificate', 'kubeconfig'],
    [{ 'client-certificate': 'id.crt' }, 'client-key-data or client-key must be specified', '--client-key'],
    [{ 'client-certificate': 'token', 'client-key': 'id.key' }, 'tls: ', 'PEM'],
    [{ token: 'to\nken' }, 'the token of user "usr" holds characters', 'line breaks'],
    [
      { 'auth-provider': { name: 'oidc', config: { 'id-token': `x.${base64('{"exp":1}')}.x`, 'refresh-token': 'r' } } },
      'oidc token',
      'kubectl',
    ],
    [
      { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/touch', 'cmd-args': 'never' } } },
      'gcp token',
      'gke-gcloud-auth-plugin',
    ],
    [
      { 'auth-provider': { name: 'exec', config: { exec: { command: '/bin/touch' } } } },
      'no auth provider found for name "exec"',
      'exec plugin',
    ],
  ] as const)('%j: %s', async ([user, message, hint]) => {
    const said = await trouble(await configFile(user), {}, { stdinIsTerminal: false });
    expect(said).toMatch(/^Failure: /);
    expect(said).toContain(message);
    expect(said.slice(said.indexOf(' | '))).toContain(hint);
    expect(said).not.toMatch(/s3cret|\u001b/);
  });

  test('a certificate authority that is not there', async () => {
    const file = await configFile({ token: 't' }, { 'certificate-authority': 'no-such' });
    expect(await trouble(file)).toContain('unable to read certificate-authority');
  });
});

test('tokens that an auth provider has already got are used', async () => {
  const idToken = `${base64('{}')}.${base64(JSON.stringify({ exp: Date.now() / 1000 + 600 }))}.x`;
  const oidc = await configFile({ 'auth-provider': { name: 'oidc', config: { 'id-token': idToken } } });
  expect(await ask(oidc)).toEqual({ ...NOBODY, authorization: `Bearer ${idToken}` });
  const gcp = await configFile({ 'auth-provider': { name: 'gcp', config: { 'access-token': 'at', expiry: '2999-01-01T00:00:00Z' } } });
  expect(await ask(gcp)).toEqual({ ...NOBODY, authorization: 'Bearer at' });
});

test('a pod uses the token, CA and namespace of its service account', async () => {
  await folder.write('sa/token', 'sa');
  await folder.write('sa/ca.crt', pki.ca.cert);
  await folder.write('sa/namespace', 'ns1');
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port), HOME: '/nonexistent' };
  const client = await connect({}, { env, serviceAccountFolder: join(folder.path, 'sa') });
  expect(await client.get('/whoami')).toMatchObject({ authorization: 'Bearer sa' });
  expect([client.namespace, client.context]).toEqual(['ns1', null]);
  client.close();
});
