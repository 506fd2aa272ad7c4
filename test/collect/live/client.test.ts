import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, ApiError, type ConnectionFlags, type ListSink } from '../../../src/collect/api.ts';
import { type ConnectOptions, connect } from '../../../src/collect/live/client.ts';
import { kubeconfig, makeFolder } from './support/files.ts';
import { makePki, type Pki } from './support/pki.ts';
import { type Handler, sendJson, startServer, status, type TestServer } from './support/server.ts';

const folder = makeFolder();
let pki: Pki;
const open: { stop?(): unknown; close?(): void }[] = [];

beforeAll(async () => {
  pki = await makePki();
});
afterEach(async () => {
  for (const one of open.splice(0)) await (one.stop?.() ?? one.close?.());
});
afterAll(() => folder.remove());

async function serve(handler: Handler): Promise<TestServer> {
  const server = await startServer(handler, { pair: pki.server });
  open.unshift(server);
  return server;
}

async function clientOf(
  server: TestServer,
  flags: ConnectionFlags = {},
  options: ConnectOptions & { prefix?: string; cluster?: object } = {},
): Promise<ApiClient> {
  await folder.write('ca.crt', pki.ca.cert);
  const cluster = { server: `${server.url}${options.prefix ?? ''}`, 'certificate-authority': 'ca.crt', ...options.cluster };
  const file = await folder.write('config', kubeconfig({ cluster, user: { token: 't' }, context: { namespace: 'web' } }));
  const client = await connect({ kubeconfig: file, ...flags }, { env: {}, version: '1.2.3', ...options });
  open.unshift(client);
  return client;
}

/** A list of `total` items, page by page as an API server does it; `expire` says which requests of a token answer 410. */
function pages(total: number, expire: (requests: number) => boolean = () => false): Handler {
  let requests = 0;
  return (request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const start = Number(query.get('continue') ?? 0);
    requests++;
    if (start > 0 && expire(requests))
      return sendJson(request, response, status(410, 'Expired', 'The provided continue parameter is too old'));
    const limit = Number(query.get('limit') ?? total);
    const end = Math.min(total, start + limit);
    const items = Array.from({ length: end - start }, (_, i) => ({
      metadata: { name: `s${start + i}` },
      spec: { padding: 'x'.repeat(50) },
    }));
    const metadata = end < total ? { continue: String(end) } : {};
    return sendJson(request, response, { body: { kind: 'ServiceList', apiVersion: 'v1', metadata, items } });
  };
}

function sink(): ListSink & { readonly items: { kind?: string; metadata: { name: string } }[]; restarts: number } {
  const items: { kind?: string; metadata: { name: string } }[] = [];
  return {
    items,
    restarts: 0,
    item: (object) => items.push(object as { metadata: { name: string } }),
    restart() {
      this.restarts++;
      items.length = 0;
    },
  };
}

async function thrown(promise: Promise<unknown>): Promise<Error & { status?: number; reason?: string; hint?: string }> {
  return promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error as Error,
  );
}

describe('lists', () => {
  test('2,300 items come in five pages over one TCP connection, gzipped, each item with its kind', async () => {
    const server = await serve(pages(2300));
    const client = await clientOf(server);
    const got = sink();
    await client.list('/api/v1/services', { labelSelector: 'a=b,c' }, got);
    expect(got.items.map((item) => item.metadata.name)).toEqual(Array.from({ length: 2300 }, (_, i) => `s${i}`));
    expect(got.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Service' });
    expect(server.seen).toHaveLength(5);
    expect(server.connections()).toBe(1);
    expect(new URL(server.seen[1]?.path ?? '', 'http://x').searchParams.toString()).toBe('limit=500&labelSelector=a%3Db%2Cc&continue=500');
    expect(server.seen[0]?.headers).toMatchObject({
      'accept-encoding': 'gzip',
      accept: 'application/json',
      'user-agent': 'kubectl-srcip/1.2.3',
    });
  });

  test('at most eight requests at once', async () => {
    let now = 0;
    let most = 0;
    const server = await serve((request, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        sendJson(request, response, { body: {} });
      }, 10);
    });
    const client = await clientOf(server);
    await Promise.all(Array.from({ length: 40 }, () => client.get('/x')));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
    expect(server.connections()).toBeLessThanOrEqual(8);
  });

  test('an expired token starts the list again', async () => {
    const server = await serve(pages(1200, (requests) => requests === 3));
    const got = sink();
    await (await clientOf(server)).list('/api/v1/services', {}, got);
    expect(got.restarts).toBe(1);
    expect(got.items).toHaveLength(1200);
    expect(server.seen).toHaveLength(6);
  });

  test('tokens that keep expiring end in one whole list', async () => {
    const server = await serve(pages(1200, () => true));
    const got = sink();
    await (await clientOf(server)).list('/api/v1/services', { fieldSelector: 'f' }, got);
    expect(got.restarts).toBe(3);
    expect(got.items).toHaveLength(1200);
    expect(server.seen.at(-1)?.path).toBe('/api/v1/services?fieldSelector=f');
    expect(server.seen).toHaveLength(7);
  });

  test('410 for a first page is an answer, not a reason to start again', async () => {
    const server = await serve((request, response) => sendJson(request, response, status(410, 'Gone', 'gone')));
    const error = await thrown((await clientOf(server)).list('/x', {}, sink()));
    expect(error).toMatchObject({ name: 'ApiError', status: 410, reason: 'Gone' });
    expect(server.seen).toHaveLength(1);
  });

  test('an empty list of a Go server has items null', async () => {
    const server = await serve((request, response) =>
      sendJson(request, response, { body: { kind: 'PodList', apiVersion: 'v1', items: null } }),
    );
    const got = sink();
    await (await clientOf(server)).list('/x', {}, got);
    expect(got.items).toEqual([]);
  });

  test('a server that repeats its token is not asked for ever', async () => {
    const body = { kind: 'PodList', apiVersion: 'v1', metadata: { continue: 'again' }, items: [] };
    const server = await serve((request, response) => sendJson(request, response, { body }));
    expect((await thrown((await clientOf(server)).list('/x', {}, sink()))).message).toContain('does not end');
  });

  test('one object is no list', async () => {
    const server = await serve((request, response) => sendJson(request, response, { body: { kind: 'Pod' } }));
    expect((await thrown((await clientOf(server)).list('/x', {}, sink()))).message).toContain('is not a list');
  });
});

describe('requests', () => {
  test('the path of the server URL is kept', async () => {
    const server = await serve((request, response) => sendJson(request, response, { body: {} }));
    const client = await clientOf(server, {}, { prefix: '/k8s/clusters/c-1/' });
    await client.get('/api/v1/nodes', { limit: '1' });
    expect(server.seen[0]?.path).toBe('/k8s/clusters/c-1/api/v1/nodes?limit=1');
    expect(client).toMatchObject({ server: `${server.url}/k8s/clusters/c-1`, context: 'ctx', namespace: 'web' });
  });

  test.for([
    [{ disableCompression: true }, {}],
    [{}, { 'disable-compression': true }],
  ] as const)('no gzip with %j %j', async ([flags, cluster]) => {
    const server = await serve((request, response) => sendJson(request, response, { body: { fine: true } }));
    expect(await (await clientOf(server, flags, { cluster })).get('/x')).toEqual({ fine: true });
    expect(server.seen[0]?.headers['accept-encoding']).toBeUndefined();
  });

  test('a busy server is asked again, three times in all', async () => {
    let requests = 0;
    const busy = (request: IncomingMessage, response: ServerResponse): void => {
      response.setHeader('retry-after', '0');
      sendJson(request, response, status(429, 'TooManyRequests', 'later'));
    };
    const server = await serve((request, response) =>
      ++requests < 3 ? busy(request, response) : sendJson(request, response, { body: { at: 'last' } }),
    );
    expect(await (await clientOf(server)).get('/x')).toEqual({ at: 'last' });
    const always = await serve(busy);
    expect(await thrown((await clientOf(always)).get('/x'))).toMatchObject({ status: 429, reason: 'TooManyRequests' });
    expect(always.seen).toHaveLength(3);
  });

  test('a kept connection that the server has closed is opened again', async () => {
    const server = await serve((request, response) => {
      response.on('finish', () => setTimeout(() => request.socket.destroy(), 1));
      sendJson(request, response, { body: {} });
    });
    const client = await clientOf(server);
    for (let i = 0; i < 30; i++) {
      await client.get('/x');
      await new Promise((done) => setTimeout(done, i % 3));
    }
    expect(server.connections()).toBeGreaterThan(1);
  });
});

describe('answers that are refusals', () => {
  test.for([
    [401, 'Unauthorized', 'Unauthorized'],
    [403, 'Forbidden', 'services is forbidden: User "dev" cannot list resource "services" in API group "" at the cluster scope'],
    [404, 'NotFound', 'services "web" not found'],
    [500, 'InternalError', 'etcd is away'],
  ] as const)('%i %s', async ([code, reason, message]) => {
    const server = await serve((request, response) => sendJson(request, response, status(code, reason, message)));
    const error = await thrown((await clientOf(server)).get('/x'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: code, reason, message });
  });

  test('control characters of the server do not reach the message', async () => {
    const server = await serve((request, response) =>
      sendJson(request, response, status(403, 'For\u001bbidden', 'a\u001b]0;x\u0007b\nc\u202ed')),
    );
    expect(await thrown((await clientOf(server)).get('/x'))).toMatchObject({ reason: 'For bidden', message: 'a ]0;x b c d' });
  });

  test.for([
    [
      404,
      'text/plain',
      '404 page not found',
      { status: 404, reason: 'NotFound', message: 'the server could not find the requested resource' },
    ],
    [401, 'text/plain', 'go away', { status: 401, reason: 'Unauthorized', message: 'go away' }],
    [503, 'text/plain', '', { status: 503, reason: 'ServiceUnavailable' }],
  ] as const)('without a Status: %i %s "%s"', async ([code, type, text, expected]) => {
    const server = await serve((_request, response) => void response.writeHead(code, { 'content-type': type }).end(text));
    const error = await thrown((await clientOf(server)).get('/x'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject(expected);
  });

  test.for([
    [200, { 'content-type': 'text/html' }, '<html>log in</html>', 'answers 200 with an HTML page'],
    [403, { 'content-type': 'text/html; charset=utf-8' }, '<!DOCTYPE html>', 'answers 403 with an HTML page'],
    [200, { 'content-type': 'application/json' }, 'not json \u001b[31m', 'answers 200 with "not json [31m"'],
    [200, {}, '', 'answers 200 with an empty body'],
    [302, { location: 'https://sso.test/login' }, '', 'redirects to https://sso.test/login'],
    [200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 'no gzip', 'broken gzip'],
  ] as const)('no API server: %i %j', async ([code, headers, text, message]) => {
    const server = await serve((_request, response) => void response.writeHead(code, { ...headers }).end(text));
    const error = await thrown((await clientOf(server)).get('/x'));
    expect(error.name).toBe('Failure');
    expect(error.message).toContain(message);
    expect(error.message).toContain(`server ${server.url} (context "ctx")`);
    expect(error.hint).toBeTruthy();
  });
});
