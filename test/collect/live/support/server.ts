import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Pair } from './pki.ts';

/** What one request looked like from the server's side. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly commonName: string | null;
  readonly sni: string | null;
}

export interface TestServer {
  readonly port: number;
  readonly url: string;
  readonly seen: readonly Seen[];
  /** TCP connections so far. */
  connections(): number;
  stop(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, seen: Seen) => void;

export interface ServerOptions {
  /** Without it the server speaks plain http. */
  readonly pair?: Pair;
  /** Ask clients for a certificate of this CA. */
  readonly clientCa?: string;
  readonly requireCertificate?: boolean;
}

/** An API server on loopback that records what it sees. */
export async function startServer(handler: Handler, { pair, clientCa, requireCertificate }: ServerOptions): Promise<TestServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const one = { path: request.url ?? '', headers: request.headers, ...peerOf(request.socket) };
    seen.push(one);
    handler(request, response, one);
  };
  const server: Server =
    pair === undefined
      ? createHttp(listener)
      : createHttps(
          {
            ...pair,
            ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: requireCertificate === true }),
          },
          listener,
        );
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  const port = await listen(server);
  return {
    port,
    url: `${pair === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    connections: () => connections,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

function peerOf(socket: Socket): { commonName: string | null; sni: string | null } {
  if (!(socket instanceof TLSSocket)) return { commonName: null, sni: null };
  const certificate = socket.getPeerCertificate();
  const sni: unknown = Reflect.get(socket, 'servername');
  const name = certificate?.subject?.CN;
  return { commonName: typeof name === 'string' ? name : null, sni: typeof sni === 'string' && sni !== '' ? sni : null };
}

/** Listens on a free loopback port. */
export function listen(server: {
  listen(port: number, host: string, then: () => void): unknown;
  address(): AddressInfo | string | null;
}): Promise<number> {
  return new Promise((done, fail) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') fail(new Error('no port'));
      else done(address.port);
    });
  });
}

/** Answers with JSON, gzipped when the client takes it. */
export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, body }: { status?: number; body: unknown },
): void {
  const text = JSON.stringify(body);
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  response.writeHead(status, { 'content-type': 'application/json', ...(zipped ? { 'content-encoding': 'gzip' } : {}) });
  response.end(zipped ? gzipSync(text) : text);
}

/** The Status object that API servers answer errors with. */
export function status(code: number, reason: string, message: string): { status: number; body: unknown } {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code } };
}

/** Echoes who the server takes the client for. */
export const whoAmI: Handler = (request, response, seen) => {
  const impersonation = Object.fromEntries(Object.entries(seen.headers).filter(([name]) => name.startsWith('impersonate-')));
  sendJson(request, response, { body: { authorization: seen.headers.authorization ?? null, impersonation, commonName: seen.commonName } });
};
