import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { loopbackCertificate } from '../../scripts/bench/certificate.ts';
import type { ApiServerOptions } from '../../src/demo/server.ts';
import { faultsOf, srcip } from './support/cli.ts';
import { startWorld } from './support/world.ts';

const EXPLAIN = ['explain', 'svc/web', '-n', 'shop'];

/** The words of a failure against such a server; exit code, length and manner are checked. */
async function failure(options: Partial<ApiServerOptions>, args: readonly string[] = []): Promise<string> {
  const world = await startWorld(options);
  const ran = await srcip([...EXPLAIN, ...args], { env: world.env });
  await world.end();
  expect({ faults: faultsOf(ran), stderr: ran.stderr }).toEqual({ faults: [], stderr: ran.stderr });
  return ran.stderr;
}

function always(status: number, type: string, body: string): Partial<ApiServerOptions> {
  return {
    intercept: (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
      return true;
    },
  };
}

describe('refused', () => {
  test('401', async () => {
    const tls = await loopbackCertificate();
    const said = await failure({ tokens: { right: 'jane' }, tls }, ['--token', 'wrong']);
    expect(said).toContain('401');
    expect(said).not.toContain('wrong');
  });

  test('403 for everything', async () => {
    expect(await failure({ deny: [{}] })).toMatch(/you may not read Service shop\/web: .*cannot get.*\n.*clusterrole\.yaml/);
  });

  test('403 for a pod that was asked about', async () => {
    const said = await failure({ deny: [{ resources: ['pods'] }] }, ['--from', 'pod/x']);
    expect(said).toContain('pod "x"');
  });
});

describe('not an API server', () => {
  test.for([
    [
      'an HTML page',
      always(200, 'text/html', '<!doctype html><title>Log in</title>'),
      /is no Kubernetes API server: it answers 200 with an HTML page/,
    ],
    ['an HTML error page', always(502, 'text/html', '<html>Bad gateway</html>'), /answers 502 with an HTML page/],
    ['plain text', always(200, 'text/plain', 'hello'), /answers 200 with "hello"/],
    ['escape sequences', always(200, 'text/plain', '\u001b[31mhello\u202e'), /answers 200 with/],
    ['nothing', always(200, 'application/json', ''), /an empty body/],
    ['other JSON', always(200, 'application/json', '{"hello":"world"}'), /no Service|no Kubernetes/],
    ['a list of the wrong kind', always(200, 'application/json', '{"kind":"ServiceList","apiVersion":"v1","items":[]}'), /is no Service/],
    ['half of an answer', always(200, 'application/json', '{"kind":"Service","metadata":{'), /no Kubernetes API server/],
    [
      '500',
      always(500, 'application/json', '{"kind":"Status","status":"Failure","code":500,"message":"etcd is down\\n\\u001b[31mred"}'),
      /etcd is down/,
    ],
    ['503', always(503, 'text/plain', 'apiserver is shutting down'), /apiserver is shutting down/],
  ] as const)('%s', async ([, options, said]) => {
    expect(await failure(options)).toMatch(said);
  });

  test('a redirect to a login page', async () => {
    const said = await failure({
      intercept: (_request, response) => {
        response.writeHead(302, { Location: 'https://login.example.net/' }).end();
        return true;
      },
    });
    expect(said).toContain('redirects to https://login.example.net/');
  });

  test('nodes that are no list, or no nodes', async () => {
    const said = await failure({
      intercept: (request, response) => {
        if (request.url?.startsWith('/api/v1/nodes') !== true) return false;
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"kind":"Node","items":{}}');
        return true;
      },
    });
    expect(said).toContain('/api/v1/nodes is not a list');
  });
});

describe('unreachable', () => {
  test('nobody listens', async () => {
    expect(await failure({}, ['-s', 'http://127.0.0.1:1'])).toContain('http://127.0.0.1:1 (context "demo"): connection refused');
  });

  test('a name that no one knows', async () => {
    expect(await failure({}, ['-s', 'http://no-such-host.invalid'])).toContain('no-such-host.invalid');
  });

  test('a server that never answers, with --request-timeout', async () => {
    const said = await failure({ intercept: () => true }, ['--request-timeout', '400ms']);
    expect(said).toMatch(/no complete answer within 0\.4s.*\n.*--request-timeout/);
  });

  test('a server that stops in the middle, with --request-timeout', async () => {
    const said = await failure(
      {
        intercept: (request, response) => {
          if (request.url?.startsWith('/api/v1/nodes') !== true) return false;
          response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '5000' }).write('{"kind":"NodeList","items":[');
          return true;
        },
      },
      ['--request-timeout', '1'],
    );
    expect(said).toContain('no complete answer within 1s');
  });

  test('a server that hangs up', async () => {
    const said = await failure({
      intercept: (request) => {
        request.socket.destroy();
        return true;
      },
    });
    expect(said).toContain('connection closed before an answer came');
  });

  test('a port that accepts and says nothing', async () => {
    const silent = createTcpServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const said = await failure({}, ['-s', `https://127.0.0.1:${port}`, '--insecure-skip-tls-verify', '--request-timeout=500ms']);
    silent.close();
    expect(said).toContain('0.5s');
  });
});

describe('TLS', () => {
  test('a certificate of another CA', async () => {
    const [tls, stranger] = [await loopbackCertificate(), await loopbackCertificate()];
    expect(await failure({ tls: { ...tls, ca: stranger.cert } })).toContain('certificate signed by unknown authority');
  });

  test('https asked of an http server, and http of an https server', async () => {
    const world = await startWorld({ tls: await loopbackCertificate() });
    expect(await failure({}, ['-s', world.server.url.replace('https:', 'http:')])).toMatch(/connection closed|wants https/);
    await world.end();
    const plain = await startWorld();
    expect(await failure({}, ['-s', plain.server.url.replace('http:', 'https:'), '--insecure-skip-tls-verify'])).toContain(
      'plain answer to an HTTPS client',
    );
    await plain.end();
  });

  test('a name that the certificate is not for', async () => {
    const tls = await loopbackCertificate();
    expect(await failure({ tls }, ['--tls-server-name', 'api.other.test'])).toMatch(
      /certificate is valid for .*127\.0\.0\.1.*, not api\.other\.test/,
    );
  });
});
