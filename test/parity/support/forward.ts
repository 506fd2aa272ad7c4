import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import type { Pair } from '../../collect/live/support/pki.ts';
import { listen } from '../../collect/live/support/server.ts';

/** Hands a request to a plain http server on loopback, and its answer back. */
export function forward(request: IncomingMessage, response: ServerResponse, { port, path }: { port: number; path: string }): void {
  const onward = send({ host: '127.0.0.1', port, path, method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

export interface ForwardProxy {
  readonly port: number;
  /** `CONNECT host:port`, or the method and the host of a request that it was handed whole. */
  readonly asked: readonly string[];
  readonly credentials: readonly (string | undefined)[];
  stop(): Promise<void>;
}

/** An http proxy that leads to one loopback port: by CONNECT, and for http servers by whole requests (RFC 9112 3.2.2). With a pair, clients reach it by TLS. */
export async function startForwardProxy(port: number, pair: Pair | null): Promise<ForwardProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const note = (what: string, { headers }: IncomingMessage): void => {
    asked.push(what);
    credentials.push(headers['proxy-authorization']);
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://nowhere');
    note(`whole requests for ${url.host}`, request);
    forward(request, response, { port, path: `${url.pathname}${url.search}` });
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    note(`CONNECT ${request.url ?? ''}`, request);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    join(socket, port);
  });
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  };
  server.on('connection', keep);
  const outer = pair === null ? null : createTls({ ...pair }, (socket) => server.emit('connection', socket));
  outer?.on('tlsClientError', () => undefined).on('connection', keep);
  return {
    port: await listen(outer ?? server),
    asked,
    credentials,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      outer?.close();
      server.close();
    },
  };
}

function join(socket: Socket, port: number): void {
  const onward = connect(port, '127.0.0.1');
  socket.pipe(onward).pipe(socket);
  socket.on('error', () => onward.destroy());
  onward.on('error', () => socket.destroy());
}
