import { createServer, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { listen } from './server.ts';

export interface TestProxy {
  readonly port: number;
  /** What clients asked to be connected with, `host:port`. */
  readonly asked: readonly string[];
  readonly credentials: readonly (string | undefined)[];
  stop(): Promise<void>;
}

/** An http proxy that answers every CONNECT with a connection to the same loopback port; with `refuse`, with that status. */
export async function startConnectProxy(port: number, refuse?: number): Promise<TestProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const server = createServer();
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(request.url ?? '');
    credentials.push(request.headers['proxy-authorization']);
    if (refuse !== undefined) socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
    else {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      join(socket, port);
    }
  });
  return running(server, { asked, credentials });
}

/** A SOCKS5 proxy without authentication (RFC 1928), for names only; it leads to one loopback port. */
export async function startSocksProxy(port: number): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createTcp((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', (request) => {
        asked.push(socksDestination(request));
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
        join(socket, port);
      });
    });
  });
  return running(server, { asked, credentials: [] });
}

/** Address type 3 is a name: the client leaves the look-up to the proxy. */
function socksDestination(request: Buffer): string {
  if (request[3] !== 3) return `address type ${request[3]}`;
  const length = request[4] ?? 0;
  return `${request.subarray(5, 5 + length).toString()}:${request.readUInt16BE(5 + length)}`;
}

function join(socket: Socket, port: number): void {
  const onward = connect(port, '127.0.0.1');
  socket.pipe(onward).pipe(socket);
  socket.on('error', () => onward.destroy());
  onward.on('error', () => socket.destroy());
}

async function running(server: Server, seen: Pick<TestProxy, 'asked' | 'credentials'>): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  const port = await listen(server);
  return {
    port,
    ...seen,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
