import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type Answer, type Outgoing, type Patience, upgradeOnce } from './request.ts';

/** A WebSocket that is only listened to. */
export interface Listening {
  /** The subprotocol that the server chose. */
  readonly protocol: string;
  /** Whole messages until the server closes; throws when the connection breaks before that. */
  readonly messages: AsyncGenerator<Buffer>;
  /** Ends the connection; whoever waits for a message gets this error. */
  end(error: Error): void;
}

/** What a server sends that is no WebSocket of ours. */
export class HandshakeError extends Error {}

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** API servers send pieces of 32 KiB; whatever sends more than this is none. */
const MAX_MESSAGE = 16 * 2 ** 20;
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/**
 * Opens a WebSocket (RFC 6455, no extensions) the way that every other request is sent: same agent, proxies, TLS, credentials, time-outs.
 * An answer that stays in HTTP is handed back.
 */
export async function listenOn(
  outgoing: Outgoing,
  { protocols, patience }: { readonly protocols: readonly string[]; readonly patience: Patience },
): Promise<Listening | Answer> {
  const key = randomBytes(16).toString('base64');
  const headers = {
    ...outgoing.headers,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Protocol': protocols.join(', '),
  };
  const answer = await upgradeOnce({ ...outgoing, headers }, patience);
  if ('status' in answer) return answer;
  const { socket, rest } = answer;
  const protocol = answer.headers['sec-websocket-protocol'] ?? '';
  // From here on errors arrive where messages are awaited.
  socket.on('error', () => undefined);
  const trouble = refusal(answer.headers, { key, protocols });
  if (trouble !== null) {
    socket.destroy();
    throw new HandshakeError(trouble);
  }
  if (rest.length > 0) socket.unshift(rest);
  return { protocol, messages: messagesOf(socket), end: (error) => void socket.destroy(error) };
}

interface Offered {
  readonly key: string;
  readonly protocols: readonly string[];
}

function refusal(headers: Answer['headers'], { key, protocols }: Offered): string | null {
  const expected = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const protocol = headers['sec-websocket-protocol'] ?? '';
  if (headers.upgrade?.toLowerCase() !== 'websocket' || headers['sec-websocket-accept'] !== expected) return 'its upgrade is no WebSocket';
  return protocols.includes(protocol) ? null : `it speaks none of ${protocols.join(', ')}`;
}

async function* messagesOf(socket: Duplex): AsyncGenerator<Buffer> {
  const take = byteReader(socket);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for (;;) {
      const { opcode, isLast, payload } = await readFrame(take);
      if (opcode === OPCODE.close) return;
      if (opcode === OPCODE.ping) socket.write(frame(OPCODE.pong, payload));
      if (opcode > OPCODE.binary) continue;
      size += payload.length;
      if (size > MAX_MESSAGE) throw new Error('a message is too long');
      parts.push(payload);
      if (!isLast) continue;
      yield Buffer.concat(parts.splice(0));
      size = 0;
    }
  } finally {
    socket.once('finish', () => socket.destroy());
    socket.end(frame(OPCODE.close, NORMAL_CLOSURE));
  }
}

type Take = (bytes: number) => Promise<Buffer>;

/** Takes bytes of a connection in counts; rejects when it ends before. Nothing is read ahead but the chunk under way. */
function byteReader(socket: Duplex): Take {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held: Buffer[] = [];
  let size = 0;
  return async (bytes) => {
    while (size < bytes) {
      const next = await chunks.next();
      if (next.done === true) throw new Error('the connection ended in the middle');
      held.push(next.value);
      size += next.value.length;
    }
    const all = held.length === 1 ? (held[0] ?? Buffer.alloc(0)) : Buffer.concat(held);
    held = all.length === bytes ? [] : [all.subarray(bytes)];
    size = all.length - bytes;
    return all.subarray(0, bytes);
  };
}

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

/** RFC 6455 §5.2; frames of a server are not masked. */
async function readFrame(take: Take): Promise<Frame> {
  const head = await take(2);
  const [first, second] = [head.readUInt8(0), head.readUInt8(1)];
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error('a malformed WebSocket frame');
  const short = second & 0x7f;
  const length = short < 126 ? short : short === 126 ? (await take(2)).readUInt16BE() : Number((await take(8)).readBigUInt64BE());
  if (length > MAX_MESSAGE) throw new Error('a message is too long');
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload: await take(length) };
}

/** A short frame of a client, masked as §5.3 demands. */
function frame(opcode: number, payload: Buffer): Buffer {
  const body = payload.subarray(0, 125);
  const mask = randomBytes(4);
  const masked = body.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, masked]);
}
