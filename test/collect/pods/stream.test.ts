import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../../../src/collect/live/client.ts';
import { type ProgramEnd, runInPod } from '../../../src/collect/pods/run.ts';
import { listen } from '../live/support/server.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server that answers every upgrade in its own way, and what comes of a program run there. */
async function against(upgrade: (socket: Duplex, request: IncomingMessage) => void, options: ConnectOptions = {}): Promise<ProgramEnd> {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>'));
  const sockets = new Set<Duplex>();
  server.on('upgrade', (request, socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    upgrade(socket, request);
  });
  const port = await listen(server);
  const api = await connect({ server: `http://127.0.0.1:${port}`, kubeconfig: '/dev/null' }, { env: {}, ...options });
  ends.push(() => {
    api.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const place = { namespace: 'kube-system', pod: 'p', container: 'c', command: ['iptables-save'] };
  return runInPod(api, place, { fileLimit: 1 << 20, signal: AbortSignal.timeout(5000) });
}

function accept(socket: Duplex, request: IncomingMessage, differs: { accept?: string; protocol?: string } = {}): void {
  const key = `${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const answer = differs.accept ?? createHash('sha1').update(key).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\nSec-WebSocket-Protocol: ${differs.protocol ?? 'v4.channel.k8s.io'}\r\n\r\n`,
  );
}

function frame(first: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  const head = body.length < 126 ? [first, body.length] : [first, 126, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

const SUCCESS = frame(0x82, '\u0003{"metadata":{},"status":"Success"}');

test('messages in pieces, bytes in pieces, pings in between', async () => {
  let pong = '';
  const end = await against((socket, request) => {
    accept(socket, request);
    const bytes = Buffer.concat([
      frame(0x02, '\u0001*nat\n'),
      frame(0x89, 'are you there'),
      frame(0x80, 'COMMIT\n'),
      frame(0x82, '\u0002warned'),
      SUCCESS,
    ]);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    socket.on('data', (chunk: Buffer) => {
      if (((chunk[0] ?? 0) & 0x0f) !== 10) return;
      const mask = chunk.subarray(2, 6);
      pong = Buffer.from(chunk.subarray(6, 6 + ((chunk[1] ?? 0) & 0x7f)).map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString();
    });
  });
  expect(end).toEqual({ kind: 'ended', status: 0, stdout: '*nat\nCOMMIT\n', stderr: 'warned' });
  await expect.poll(() => pong).toBe('are you there');
});

test('a kata or CRI-O runtime that knows the program’s absence by exit code and words', async () => {
  const status = {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: 'exit 127',
    details: { causes: [{ reason: 'ExitCode', message: '127' }] },
  };
  const end = await against((socket, request) => {
    accept(socket, request);
    socket.write(
      Buffer.concat([frame(0x82, '\u0002exec: "ip": executable file not found in $PATH'), frame(0x82, `\u0003${JSON.stringify(status)}`)]),
    );
  });
  expect(end).toEqual({ kind: 'absent' });
});

test.for([
  ['closes before the end', Buffer.concat([frame(0x82, '\u0001half'), frame(0x88, '')]), /closed before the end/],
  ['sends a masked frame', Buffer.from([0x82, 0x81, 1, 2, 3, 4, 5]), /malformed WebSocket frame/],
  ['uses an extension that nobody asked for', Buffer.from([0xc2, 0x01, 0x01]), /malformed WebSocket frame/],
  ['announces a message without end', Buffer.from([0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), /a message is too long/],
  [
    'prints without end',
    Buffer.concat(Array.from({ length: 80 }, () => frame(0x82, `\u0001${'x'.repeat(20_000)}`))),
    /printed more than 1 MiB/,
  ],
  ['ends with no Status', frame(0x82, '\u0003\u001b[31mwhat'), /^\[31mwhat$/],
] as const)('a server that %s', async ([, bytes, why]) => {
  const end = await against((socket, request) => {
    accept(socket, request);
    socket.write(bytes);
  });
  expect(end).toMatchObject({ kind: 'failed', why: expect.stringMatching(why) });
});

test('a connection that breaks in the middle of a frame', async () => {
  const end = await against((socket, request) => {
    accept(socket, request);
    socket.write(Buffer.from([0x82, 0x7e, 0xff]));
    setTimeout(() => socket.destroy(), 20);
  });
  expect(end).toMatchObject({ kind: 'failed', why: expect.stringMatching(/^the connection was lost before the end/) });
});

test.for([
  [
    'another protocol',
    (socket: Duplex, request: IncomingMessage) => accept(socket, request, { protocol: 'v1.chat' }),
    /opens no stream: it speaks none of v5/,
  ],
  [
    'the answer to another key',
    (socket: Duplex, request: IncomingMessage) => accept(socket, request, { accept: 'x' }),
    /its upgrade is no WebSocket/,
  ],
  [
    'a page',
    (socket: Duplex) => socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>'),
    /is no Kubernetes API server/,
  ],
  [
    'an object',
    (socket: Duplex) => socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'),
    /answers 200 to a WebSocket handshake/,
  ],
  ['nothing', (socket: Duplex) => void socket.destroy(), /connection closed before an answer came/],
] as const)('a handshake answered with %s is a failure in words', async ([, upgrade, words]) => {
  await expect(against(upgrade)).rejects.toThrow(words);
});

test('a handshake without an answer ends with the time-out of every other request', async () => {
  await expect(against(() => undefined, { idleTimeoutMs: 200 })).rejects.toThrow(/nothing heard for 0\.2s/);
});
