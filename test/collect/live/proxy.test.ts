import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../src/collect/live/client.ts';
import { proxyFromEnvironment } from '../../../src/collect/live/proxy-env.ts';
import { base64, kubeconfig, makeFolder } from './support/files.ts';
import { hasKubectl, kubectl, whyNoKubectl } from './support/kubectl.ts';
import { makePki } from './support/pki.ts';
import { startConnectProxy, startSocksProxy, type TestProxy } from './support/proxy.ts';
import { sendJson, startServer, type TestServer } from './support/server.ts';

describe('HTTPS_PROXY and NO_PROXY, as golang.org/x/net/http/httpproxy reads them', () => {
  test.for([
    // server                     environment                                                          proxy
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://api.test:6443', { https_proxy: 'p:1' }, 'http://p:1'],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:1' }, 'http://p:1'],
    ['https://api.test:6443', { HTTP_PROXY: 'http://p:1' }, null],
    ['http://api.test', { HTTP_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://localhost:6443', { HTTPS_PROXY: 'http://p:1' }, null],
    ['https://127.8.0.1:6443', { HTTPS_PROXY: 'http://p:1' }, null],
    ['https://[::1]:6443', { HTTPS_PROXY: 'http://p:1' }, null],
    ['https://localhost.test', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, null],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'test' }, null],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'x, API.Test ' }, null],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', no_proxy: '.test' }, null],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*.test' }, null],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.api.test' }, 'http://p:1'],
    ['https://myapi.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.test' }, 'http://p:1'],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.test:6443' }, null],
    ['https://api.test:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.test:443' }, 'http://p:1'],
    ['https://api.test', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'api.test:443' }, null],
    ['https://10.1.2.3:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8' }, null],
    ['https://11.1.2.3:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8' }, 'http://p:1'],
    ['https://10.1.2.3:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '10.1.2.3' }, null],
    ['https://[fd00::0:1]:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '[fd00::1]:6443' }, null],
    ['https://[fd00::1]:6443', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'fd00::/8' }, null],
  ] as const)('%s with %j: %s', ([server, variables, proxy]) => expect(proxyFromEnvironment(new URL(server), variables)).toBe(proxy));
});

const folder = makeFolder();
let server: TestServer;
let proxy: TestProxy;
let other: TestProxy;
let socks: TestProxy;
let refusing: TestProxy;

beforeAll(async () => {
  const pki = await makePki();
  await folder.write('ca.crt', pki.ca.cert);
  server = await startServer((request, response) => sendJson(request, response, { body: { path: request.url, through: 'server' } }), {
    pair: pki.server,
  });
  proxy = await startConnectProxy(server.port);
  other = await startConnectProxy(server.port);
  socks = await startSocksProxy(server.port);
  refusing = await startConnectProxy(server.port, 407);
});
afterAll(async () => {
  folder.remove();
  await Promise.all([proxy, other, socks, refusing, server].map((one) => one.stop()));
});

async function get(cluster: object, env: Readonly<Record<string, string>>, paths: readonly string[] = ['/x']): Promise<unknown[]> {
  const file = await configFile(cluster);
  const client = await connect({ kubeconfig: file }, { env, connectTimeoutMs: 5000 });
  try {
    const answers: unknown[] = [];
    for (const path of paths) answers.push(await client.get(path));
    return answers;
  } finally {
    client.close();
  }
}

function configFile(cluster: object): Promise<string> {
  return folder.write(
    'config',
    kubeconfig({ cluster: { server: 'https://api.test:6443', 'certificate-authority': 'ca.crt', ...cluster }, user: { token: 't' } }),
  );
}

describe('through a proxy', () => {
  test('HTTPS_PROXY, with one connection for several requests', async () => {
    const before = server.connections();
    const env = { HTTPS_PROXY: `http://us%20er:pw@127.0.0.1:${proxy.port}` };
    expect(await get({}, env, ['/a', '/b', '/c'])).toEqual(['/a', '/b', '/c'].map((path) => ({ path, through: 'server' })));
    expect(proxy.asked).toEqual(['api.test:6443']);
    expect(proxy.credentials).toEqual([`Basic ${base64('us er:pw')}`]);
    expect(server.connections() - before).toBe(1);
    expect(server.seen.at(-1)?.sni).toBe('api.test');
  });

  test('proxy-url goes over HTTPS_PROXY and NO_PROXY', async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '*' };
    const before = proxy.asked.length;
    await get({ 'proxy-url': `http://127.0.0.1:${other.port}` }, env);
    expect(other.asked).toEqual(['api.test:6443']);
    expect(proxy.asked).toHaveLength(before);
  });

  test('NO_PROXY', async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'api.test' };
    const before = proxy.asked.length;
    await expect(get({ server: 'https://api.test:1' }, env)).rejects.toThrow('unable to connect to the server https://api.test:1');
    expect(proxy.asked).toHaveLength(before);
  });

  test('a loopback server by proxy-url, though never by the environment', async () => {
    const before = proxy.asked.length;
    await get({ server: server.url }, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect(proxy.asked).toHaveLength(before);
    await get({ server: server.url, 'proxy-url': `http://127.0.0.1:${proxy.port}` }, {});
    expect(proxy.asked.at(-1)).toBe(`127.0.0.1:${server.port}`);
  });

  test('an IPv6 server keeps its brackets', async () => {
    await get({ server: 'https://[::1]:6443', 'proxy-url': `http://127.0.0.1:${proxy.port}` }, {});
    expect(proxy.asked.at(-1)).toBe('[::1]:6443');
  });

  test('SOCKS5, the name left to the proxy', async () => {
    expect(await get({ 'proxy-url': `socks5://127.0.0.1:${socks.port}` }, {}, ['/a', '/b'])).toHaveLength(2);
    expect(socks.asked).toEqual(['api.test:6443']);
    await get({ server: 'https://127.0.0.1:6443', 'proxy-url': `socks5://127.0.0.1:${socks.port}` }, {});
    expect(socks.asked.at(-1)).toBe('address type 1');
  });

  test('a proxy that refuses, one that is not there, one of an unknown kind', async () => {
    const said = (url: string): Promise<string> => get({ 'proxy-url': url }, {}).then(String, (error: unknown) => String(error));
    expect(await said(`http://u:s3cret@127.0.0.1:${refusing.port}`)).toMatch(
      /\(context "ctx"\): proxy http:\/\/127\.0\.0\.1:\d+: Bad response: 407$/,
    );
    expect(await said('http://127.0.0.1:1')).toContain('proxy http://127.0.0.1:1: connection refused');
    expect(await said('socks5://127.0.0.1:1')).toContain('proxy socks5://127.0.0.1:1: connection refused');
    expect(await said('ftp://x')).toContain('unsupported scheme "ftp", must be http, https, or socks5');
  });
});

describe.skipIf(!hasKubectl)(`kubectl through the same proxies${whyNoKubectl}`, () => {
  test.for([
    ['http', {}],
    ['socks5', {}],
    ['environment', { HTTPS_PROXY: 'set' }],
  ] as const)('%s', async ([kind, variables]) => {
    const used = kind === 'socks5' ? socks : proxy;
    const address = `${kind === 'socks5' ? 'socks5' : 'http'}://127.0.0.1:${used.port}`;
    const file = await configFile(kind === 'environment' ? {} : { 'proxy-url': address });
    const before = used.asked.length;
    await kubectl(['--kubeconfig', file, 'get', '--raw', '/x'], 'HTTPS_PROXY' in variables ? { HTTPS_PROXY: address } : {});
    expect(new Set(used.asked.slice(before))).toEqual(new Set(['api.test:6443']));
  });
});
