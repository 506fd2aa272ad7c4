import { createServer, type Socket } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionFlags } from '../../../src/collect/api.ts';
import { type ConnectOptions, connect } from '../../../src/collect/live/client.ts';
import { parseTimeout } from '../../../src/collect/live/duration.ts';
import { checkAddress } from '../../../src/collect/live/identity.ts';
import { Failure } from '../../../src/net/failure.ts';
import { kubeconfig, makeFolder } from './support/files.ts';
import { makePki, type Pair, type Pki } from './support/pki.ts';
import { listen, sendJson, startServer, type TestServer } from './support/server.ts';

const folder = makeFolder();
let pki: Pki;
const servers: Partial<Record<'good' | 'expired' | 'otherName' | 'strict' | 'plain', TestServer>> = {};

beforeAll(async () => {
  pki = await makePki();
  await folder.write('ca.crt', pki.ca.cert);
  await folder.write('stranger.crt', pki.strangerCa.cert);
  await folder.write('id.crt', pki.client.cert);
  await folder.write('id.key', pki.client.key);
  const start = (pair?: Pair, requireCertificate = false): Promise<TestServer> =>
    startServer((request, response) => sendJson(request, response, { body: { fine: true } }), {
      ...(pair === undefined ? {} : { pair }),
      ...(requireCertificate ? { clientCa: pki.ca.cert, requireCertificate } : {}),
    });
  servers.good = await start(pki.server);
  servers.expired = await start(pki.expired);
  servers.otherName = await start(pki.otherName);
  servers.strict = await start(pki.server, true);
  servers.plain = await start();
});
afterAll(async () => {
  folder.remove();
  await Promise.all(Object.values(servers).map((server) => server.stop()));
});

interface Attempt {
  readonly cluster?: object;
  readonly user?: object;
  readonly flags?: ConnectionFlags;
  readonly options?: ConnectOptions;
}

async function get(server: string, { cluster = {}, user = { token: 't' }, flags = {}, options = {} }: Attempt = {}): Promise<unknown> {
  const file = await folder.write('config', kubeconfig({ cluster: { server, 'certificate-authority': 'ca.crt', ...cluster }, user }));
  const client = await connect({ kubeconfig: file, ...flags }, { env: {}, ...options });
  try {
    return await client.get('/api/v1/nodes');
  } finally {
    client.close();
  }
}

async function failure(server: string, attempt: Attempt = {}): Promise<Failure> {
  const error: unknown = await get(server, attempt).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`no Failure but ${String(error)}`);
  expect(error.message).not.toMatch(/\n/);
  expect(error.hint).toBeTruthy();
  return error;
}

function url(name: keyof typeof servers): string {
  return servers[name]?.url ?? '';
}

describe('certificates', () => {
  test('the right CA and name', async () => {
    expect(await get(url('good'))).toEqual({ fine: true });
    expect(await get(url('good').replace('127.0.0.1', 'localhost'))).toEqual({ fine: true });
  });

  test('an unknown CA', async () => {
    const error = await failure(url('good'), { cluster: { 'certificate-authority': 'stranger.crt' } });
    expect(error.message).toBe(
      `unable to connect to the server ${url('good')} (context "ctx"): tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
    expect(error.hint).toContain('certificate-authority');
  });

  test('an unknown CA is no matter with --insecure-skip-tls-verify', async () => {
    expect(
      await get(url('good'), { cluster: { 'certificate-authority': 'stranger.crt' }, flags: { insecureSkipTlsVerify: true } }),
    ).toEqual({ fine: true });
  });

  test('NODE_TLS_REJECT_UNAUTHORIZED is not our way to skip verification', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect((await failure(url('good'), { cluster: { 'certificate-authority': 'stranger.crt' } })).message).toContain('unknown authority');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  test('a wrong name, and the right one by --tls-server-name', async () => {
    const error = await failure(url('otherName'));
    expect(error.message).toContain('x509: certificate is valid for other.test, not 127.0.0.1');
    expect(error.hint).toContain('--tls-server-name');
    expect(await get(url('otherName'), { flags: { tlsServerName: 'other.test' } })).toEqual({ fine: true });
    expect(servers.otherName?.seen.at(-1)?.sni).toBe('other.test');
    expect(await get(url('otherName'), { cluster: { 'tls-server-name': 'other.test' } })).toEqual({ fine: true });
  });

  test('an address as tls-server-name is compared with the certificate', async () => {
    expect(await get(url('good').replace('127.0.0.1', 'localhost'), { flags: { tlsServerName: '::1' } })).toEqual({ fine: true });
    expect((await failure(url('good'), { flags: { tlsServerName: '10.0.0.1' } })).message).toContain('not 10.0.0.1');
  });

  test.for([
    ['::1', 'IP Address:0:0:0:0:0:0:0:1', true],
    ['fd00::1', 'DNS:x, IP Address:FD00:0:0:0:0:0:0:1', true],
    ['fd00::2', 'IP Address:FD00:0:0:0:0:0:0:1', false],
    ['fd00::1', 'DNS:"x, IP Address:FD00:0:0:0:0:0:0:1, y"', false],
    ['fd00::1', 'DNS:"x\\", IP Address:FD00:0:0:0:0:0:0:1, y"', false],
    ['10.0.0.1', 'IP Address:10.0.0.1', true],
    ['10.0.0.1', 'DNS:10.0.0.1', false],
  ] as const)('the address %s in a certificate for %s: %s', ([address, subjectaltname, fits]) => {
    const certificate = { subjectaltname, subject: {} } as PeerCertificate;
    expect(checkAddress(address, certificate) === undefined).toBe(fits);
  });

  test('an expired certificate', async () => {
    expect((await failure(url('expired'))).message).toContain('x509: certificate has expired or is not yet valid');
  });

  test('a server that insists on a client certificate', async () => {
    expect((await failure(url('strict'))).hint).toContain('client certificate');
    expect(await get(url('strict'), { user: { 'client-certificate': 'id.crt', 'client-key': 'id.key' } })).toEqual({ fine: true });
  });

  test('a key that belongs to another certificate', async () => {
    await folder.write('other.key', pki.server.key);
    expect((await failure(url('good'), { user: { 'client-certificate': 'id.crt', 'client-key': 'other.key' } })).hint).toContain(
      'belong together',
    );
  });
});

describe('no connection', () => {
  test('refused', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((done) => server.close(done));
    const error = await failure(`https://127.0.0.1:${port}`);
    expect(error.message).toBe(`unable to connect to the server https://127.0.0.1:${port} (context "ctx"): connection refused`);
    expect(error.hint).toContain('did you specify the right host or port?');
  });

  test('a name that is none', async () => {
    expect((await failure('https://nowhere.invalid:6443')).message).toContain('lookup nowhere.invalid: no such host');
  });

  test('http spoken to https and the other way round', async () => {
    expect((await failure(url('plain').replace('http:', 'https:'))).message).toContain('plain answer to an HTTPS client');
    await expect(get(url('good').replace('https:', 'http:'))).rejects.toThrow(/unable to connect|no Kubernetes API server/);
  });
});

describe('silence', () => {
  const sockets: Socket[] = [];
  /** Accepts, reads, and says `words` and nothing more. */
  async function silent(words: string): Promise<{ port: number; stop: () => void }> {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(words));
    });
    const port = await listen(server);
    return {
      port,
      stop: () => {
        for (const socket of sockets.splice(0)) socket.destroy();
        server.close();
      },
    };
  }
  const half = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{';

  test.for([
    ['https', '', { requestTimeout: '200ms' }, {}, 'no complete answer within 0.2s|no connection within 0.2s'],
    ['https', '', {}, { connectTimeoutMs: 150 }, 'no connection within 0.15s'],
    ['http', '', {}, { idleTimeoutMs: 150 }, 'nothing heard for 0.15s'],
    ['http', half, {}, { idleTimeoutMs: 150 }, 'nothing heard for 0.15s'],
    ['http', half, { requestTimeout: '200ms' }, {}, 'within 0.2s|heard for 0.2s'],
    ['http', '', { requestTimeout: '0' }, { idleTimeoutMs: 150 }, 'nothing heard for 0.15s'],
  ] as const)('%s, "%s", %j, %j', async ([scheme, words, flags, options, message]) => {
    const server = await silent(words);
    const error = await failure(`${scheme}://127.0.0.1:${server.port}`, { flags, options });
    server.stop();
    expect(error.message).toMatch(new RegExp(message));
    expect(error.hint).toContain('--request-timeout');
  });

  test('an answer cut short', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(half));
    });
    const port = await listen(server);
    expect((await failure(`http://127.0.0.1:${port}`)).message).toContain('connection closed before an answer came');
    server.close();
  });

  test('an answer that keeps coming is no silence', async () => {
    const server = await startServer(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        let left = 6;
        const timer = setInterval(() => {
          response.write(left-- === 6 ? '{"a":1' : ' ');
          if (left === 0) {
            clearInterval(timer);
            response.end('}');
          }
        }, 60);
      },
      { pair: pki.server },
    );
    expect(await get(server.url, { options: { idleTimeoutMs: 200, connectTimeoutMs: 5000 } })).toEqual({ a: 1 });
    await server.stop();
  });
});

describe('--request-timeout', () => {
  test.for([
    [undefined, 0],
    ['0', 0],
    ['0s', 0],
    ['5', 5000],
    ['10s', 10_000],
    ['1m', 60_000],
    ['1h2m3s', 3_723_000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['1us', 1],
  ] as const)('%s is %i ms', ([text, ms]) => expect(parseTimeout(text)).toBe(ms));

  test.for(['x', '1.5', '-1', '1 s', '5d', 's', '1s\n'])('%j is refused', (text) => expect(() => parseTimeout(text)).toThrow(Failure));
});
