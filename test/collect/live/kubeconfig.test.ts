import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ConnectionFlags } from '../../../src/collect/api.ts';
import { findInCluster } from '../../../src/collect/live/in-cluster.ts';
import { loadKubeconfig } from '../../../src/collect/live/kubeconfig.ts';
import { resolveTarget, type Target } from '../../../src/collect/live/target.ts';
import { base64, kubeconfig, makeFolder } from './support/files.ts';
import { hasKubectl, kubectl, whyNoKubectl } from './support/kubectl.ts';

const folder = makeFolder();
afterAll(() => folder.remove());

const nowhere = join(folder.path, 'no-such-home');

async function target(
  flags: ConnectionFlags,
  env: Readonly<Record<string, string>>,
  serviceAccount = join(folder.path, 'no-sa'),
): Promise<Target> {
  const variables = { HOME: nowhere, ...env };
  const [config, inCluster] = await Promise.all([loadKubeconfig(flags.kubeconfig, variables), findInCluster(serviceAccount, variables)]);
  return resolveTarget({ config, flags, inCluster, variables });
}

async function failure(flags: ConnectionFlags, env: Readonly<Record<string, string>> = {}): Promise<{ message: string; hint: string }> {
  const error: unknown = await target(flags, env).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { message: String(Reflect.get(Object(error), 'message')), hint: String(Reflect.get(Object(error), 'hint')) };
}

const one = await folder.write('one/config', {
  clusters: [{ name: 'shared', cluster: { server: 'https://first.test:1', 'certificate-authority': 'ca.crt' } }],
  users: [
    {
      name: 'exec',
      user: { exec: { command: './bin/plugin', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', args: ['a b'] } },
    },
  ],
});
await folder.write('one/ca.crt', 'CA ONE');
await folder.write('two/id.crt', 'CERT TWO');
await folder.write('two/id.key', 'KEY TWO');
const two = await folder.write(
  'two/config',
  `apiVersion: v1
kind: Config
current-context: second
contexts:
- {name: second, context: {cluster: shared, user: cert, namespace: web}}
- {name: third, context: {cluster: other, user: exec}}
clusters:
- {name: shared, cluster: {server: "https://second.test:2", proxy-url: "http://proxy.test"}}
- {name: other, cluster: {server: "https://other.test/k8s/clusters/c-1/", insecure-skip-tls-verify: true, tls-server-name: x.test}}
users:
- name: cert
  user:
    client-certificate: id.crt
    client-key: id.key
    as: root
    as-groups: [a, b]
    as-uid: "7"
    as-user-extra: {scopes: [view, edit]}
`,
);
const three = await folder.write('three/config', {
  'current-context': 'fourth',
  contexts: [
    { name: 'fourth', context: { cluster: 'other', user: 'token' } },
    { name: 'second', context: { cluster: 'other', user: 'token', namespace: 'never' } },
  ],
  users: [
    { name: 'token', user: { tokenFile: 'token', token: 'tok' } },
    { name: 'cert', user: { password: 'never', username: 'never' } },
  ],
});
const empty = await folder.write('empty', '');
const missing = join(folder.path, 'missing');

const LISTS: readonly (readonly string[])[] = [
  [two],
  [one, two],
  [two, one],
  [missing, empty, one, two, three],
  [three, two, one],
  [three, empty, two],
  [one, one, two, three],
];

describe.skipIf(!hasKubectl)(`merge, against kubectl config view${whyNoKubectl}`, () => {
  test.for(LISTS)('KUBECONFIG %#', async (files) => {
    const env = { KUBECONFIG: files.join(':') };
    const view = JSON.parse(await kubectl(['config', 'view', '--raw', '-o', 'json'], env)) as View;
    const ours = await loadKubeconfig(undefined, env);
    expect(ours.currentContext).toBe(view['current-context']);
    expect(pairs(ours.contexts, (context) => [context.cluster, context.user, context.namespace])).toEqual(
      pairs(byName(view.contexts), ({ context }) => [context['cluster'], context['user'], context['namespace'] ?? null]),
    );
    expect(
      pairs(ours.clusters, (cluster) => [cluster.server, cluster.proxyUrl, cluster.insecure, base(cluster.caFile), cluster.tlsServerName]),
    ).toEqual(
      pairs(byName(view.clusters), ({ cluster }) => [
        cluster['server'],
        cluster['proxy-url'] ?? null,
        cluster['insecure-skip-tls-verify'] ?? false,
        base(cluster['certificate-authority']),
        cluster['tls-server-name'] ?? null,
      ]),
    );
    expect(
      pairs(ours.users, (user) => [
        base(user.certFile),
        base(user.keyFile),
        base(user.tokenFile),
        user.username,
        user.as,
        user.asGroups,
        base(user.exec?.command),
      ]),
    ).toEqual(
      pairs(byName(view.users), ({ user }) => [
        base(user['client-certificate']),
        base(user['client-key']),
        base(user['tokenFile']),
        user['username'] ?? null,
        user['as'] ?? null,
        user['as-groups'] ?? [],
        base((user['exec'] as { command: string } | undefined)?.command),
      ]),
    );
  });

  test.for([
    { flags: {}, args: [] },
    { flags: { context: 'third' }, args: ['--context', 'third'] },
    { flags: { context: 'fourth' }, args: ['--context', 'fourth'] },
  ])('the chosen context, flattened: $args', async ({ flags, args }) => {
    await folder.write('three/token', 'x');
    const env = { KUBECONFIG: [one, two, three].join(':') };
    const view = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json', ...args], env)) as View;
    const ours = await target(flags, env);
    expect([ours.context, ours.namespace]).toEqual([view.contexts[0]?.name, view.contexts[0]?.context['namespace'] ?? 'default']);
    expect(ours.clusterName).toBe(view.clusters[0]?.name);
    expect(ours.cluster.server).toBe(view.clusters[0]?.cluster['server']);
    expect(ours.userName).toBe(view.users[0]?.name);
    expect(contentOf(ours.cluster.caFile)).toBe(view.clusters[0]?.cluster['certificate-authority-data']);
    expect(contentOf(ours.user.certFile)).toBe(view.users[0]?.user['client-certificate-data']);
    expect(contentOf(ours.user.keyFile)).toBe(view.users[0]?.user['client-key-data']);
  });
});

function contentOf(path: string | null): string | undefined {
  return path === null ? undefined : base64(readFileSync(path, 'utf8'));
}

interface View {
  readonly 'current-context': string;
  readonly contexts: readonly { name: string; context: Record<string, unknown> }[];
  readonly clusters: readonly { name: string; cluster: Record<string, unknown> }[];
  readonly users: readonly { name: string; user: Record<string, unknown> }[];
}

/** `config view` prints paths as they are written; that they are found is tested with --flatten below. */
function base(path: unknown): string | null {
  return typeof path === 'string' ? basename(path) : null;
}

function byName<T extends { name: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function pairs<T>(map: ReadonlyMap<string, T>, of: (value: T) => unknown): Record<string, unknown> {
  return Object.fromEntries([...map].map(([name, value]) => [name, of(value)]));
}

test('the first file wins for each name, and the first current-context that is set', async () => {
  const found = await target({}, { KUBECONFIG: [missing, empty, one, two, three].join(':') });
  expect(found.context).toBe('second');
  expect(found.namespace).toBe('web');
  expect(found.server.href).toBe('https://first.test:1/');
  expect(found.proxy).toBeNull();
  expect(found.user.certFile).toBe(join(folder.path, 'two/id.crt'));
  expect(found.user.password).toBeNull();
  expect(found.user.asUserExtra).toEqual({ scopes: ['view', 'edit'] });
});

test('relative paths start at the folder of the file, a bare command does not', async () => {
  const found = await target({ context: 'third' }, { KUBECONFIG: [one, two].join(':') });
  expect(found.user.exec?.command).toBe(join(folder.path, 'one/bin/plugin'));
  expect(found.server.pathname).toBe('/k8s/clusters/c-1');
  const bare = await folder.write('bare', kubeconfig({ cluster: { server: 'https://x' }, user: { exec: { command: 'aws' } } }));
  expect((await target({ kubeconfig: bare }, {})).user.exec?.command).toBe('aws');
});

test('~/.kube/config is the default', async () => {
  await folder.write('home/.kube/config', kubeconfig({ cluster: { server: 'https://home.test' } }));
  expect((await target({}, { HOME: join(folder.path, 'home') })).server.href).toBe('https://home.test/');
});

describe('flags', () => {
  const env = { KUBECONFIG: [one, two, three].join(':') };

  test('--kubeconfig replaces KUBECONFIG', async () => {
    expect((await target({ kubeconfig: three, cluster: undefined, server: 'https://s.test' }, env)).context).toBe('fourth');
  });

  test('--cluster, --user and --namespace go over the context', async () => {
    const found = await target({ cluster: 'other', user: 'token', namespace: 'ns' }, env);
    expect([found.server.hostname, found.user.token, found.namespace, found.context]).toEqual(['other.test', 'tok', 'ns', 'second']);
  });

  test('--server drops the tls-server-name of the old server', async () => {
    expect((await target({ context: 'third' }, env)).cluster.tlsServerName).toBe('x.test');
    expect((await target({ context: 'third', server: 'https://s.test' }, env)).cluster.tlsServerName).toBeNull();
    expect((await target({ context: 'third', server: 'https://s.test', tlsServerName: 'y' }, env)).cluster.tlsServerName).toBe('y');
  });

  test('--insecure-skip-tls-verify drops the CA, --certificate-authority drops insecure', async () => {
    expect((await target({ insecureSkipTlsVerify: true }, env)).cluster).toMatchObject({ insecure: true, caFile: null });
    expect((await target({ context: 'third', certificateAuthority: '/ca' }, env)).cluster).toMatchObject({
      insecure: false,
      caFile: '/ca',
    });
    expect((await failure({ insecureSkipTlsVerify: true, certificateAuthority: '/ca' }, env)).message).toContain(
      'insecure flag is not allowed',
    );
  });

  test('--token replaces exec and tokenFile', async () => {
    expect((await target({ context: 'third', token: 't' }, env)).user).toMatchObject({ token: 't', exec: null });
    expect((await target({ context: 'fourth', token: 't' }, env)).user).toMatchObject({ token: 't', tokenFile: null });
  });

  test('--as keeps the groups of the kubeconfig unless there are others', async () => {
    expect((await target({ as: 'u' }, env)).user).toMatchObject({ as: 'u', asGroups: ['a', 'b'], asUid: '7' });
    expect((await target({ asGroup: ['c'], asUid: '8' }, env)).user).toMatchObject({ as: 'root', asGroups: ['c'], asUid: '8' });
    expect((await failure({ context: 'fourth', asGroup: ['c'] }, env)).message).toContain('without impersonating a user');
  });

  test('--server alone is enough; without a scheme TLS decides', async () => {
    expect((await target({ server: 'https://1.2.3.4:6443' }, {})).server.href).toBe('https://1.2.3.4:6443/');
    expect((await target({ server: '1.2.3.4:8080' }, {})).server.protocol).toBe('http:');
    expect((await target({ server: 'h:6443', insecureSkipTlsVerify: true }, {})).server.href).toBe('https://h:6443/');
  });
});

describe('what is wrong is said', () => {
  const env = { KUBECONFIG: [one, two, three].join(':') };
  const places = { message: expect.stringContaining(missing) as string };

  test.for([
    [{ context: 'secnod' }, 'context "secnod" does not exist', 'did you mean "second"?'],
    [{ context: 'zz' }, 'context "zz" does not exist', 'there are "fourth", "second", "third"'],
    [{ cluster: 'share' }, 'cluster "share" does not exist', 'did you mean "shared"?'],
    [{ user: 'tokn' }, 'user "tokn" does not exist', 'did you mean "token"?'],
    [{ server: 'foo:bar:baz' }, 'the server "foo:bar:baz" is no valid URL', 'https://HOST:PORT'],
    [{ server: 'ftp://x' }, 'the server "ftp://x" is no valid URL', 'https://HOST:PORT'],
    [{ kubeconfig: missing }, 'no such file or directory', '--kubeconfig'],
    [{ context: 'a\u001b[31mb' }, 'context "a [31mb" does not exist', 'there are'],
  ] as const)('%j: %s', async ([flags, message, hint]) => {
    const said = await failure(flags, env);
    expect(said.message).toContain(message);
    expect(said.hint).toContain(hint);
  });

  test('no kubeconfig at all names the places', async () => {
    expect(await failure({}, { KUBECONFIG: missing })).toMatchObject(places);
    const said = await failure({});
    expect(said.message).toContain(join(nowhere, '.kube', 'config'));
    expect(said.hint).toContain('--snapshot');
  });

  test('no current-context lists the contexts', async () => {
    const file = await folder.write('no-current', { contexts: [{ name: 'a', context: { cluster: 'c' } }] });
    const said = await failure({ kubeconfig: file });
    expect(said.message).toContain('no current-context is set');
    expect(said.hint).toContain('"a"');
  });

  test.for([
    ['a: [', 'yaml: line'],
    ['hello', 'is not a kubeconfig'],
    ['kind: Pod', 'not a kubeconfig but a Pod'],
    ['users: 3', 'users must be a list'],
    ['users: [{name: u, user: {token: 12}}]', 'users[u].token must be a string'],
    ['users: [{name: u}, {name: u}]', 'duplicate name "u" in users'],
    ['clusters: [{name: c, cluster: {insecure-skip-tls-verify: "yes"}}]', 'must be true or false'],
  ] as const)('a broken file: %s', async ([text, message]) => {
    const file = await folder.write('broken', text);
    const said = await failure({ kubeconfig: file });
    expect(said.message).toContain(message);
    expect(said.message).toContain(file);
  });

  test('a broken file shows none of its secrets', async () => {
    const file = await folder.write('broken-secret', 'users:\n- name: u\n  user: {token: s3cret\n  bad');
    expect((await failure({ kubeconfig: file })).message).not.toContain('s3cret');
  });

  test('a folder is no file', async () => {
    mkdirSync(join(folder.path, 'dir'), { recursive: true });
    expect((await failure({}, { KUBECONFIG: join(folder.path, 'dir') })).message).toContain('is a directory');
  });
});

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

  test('the service account is used when there is no kubeconfig', async () => {
    const account = join(folder.path, 'sa');
    await folder.write('sa/token', 'sa-token');
    await folder.write('sa/ca.crt', 'CA');
    await folder.write('sa/namespace', 'pod-ns\n');
    const found = await target({}, env, account);
    expect(found.server.href).toBe('https://[fd00::1]/');
    expect(found.user.tokenFile).toBe(join(account, 'token'));
    expect(found.cluster.caFile).toBe(join(account, 'ca.crt'));
    expect([found.context, found.namespace]).toEqual([null, 'pod-ns']);
    expect((await target({ namespace: 'n' }, env, account)).namespace).toBe('n');
    const outside = await target({}, { ...env, KUBECONFIG: three, HOME: '/' }, account).catch((error: unknown) => error);
    expect(String(outside)).toContain('cluster "other" does not exist');
  });

  test('without the token file it is no pod', async () => {
    expect((await failure({}, env)).message).toContain('no kubeconfig found');
  });
});
