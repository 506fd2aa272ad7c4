import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
const NORMAL_CLOSURE = Buffer.from([0x03, 0xe8]);

/** A WebSocket that only sends; what the client sends is read for pings and its end. */
export interface Sending {
  message(data: Buffer): void;
  close(): void;
}

/** Takes a handshake up with one of these subprotocols; null when the request is no such handshake. */
export function acceptWebSocket(request: IncomingMessage, socket: Duplex, protocols: readonly string[]): Sending | null {
  const key = request.headers['sec-websocket-key'];
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
  const protocol = protocols.find((known) => offered.includes(known));
  if (request.headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined || protocol === undefined) return null;
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  const head = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${protocol}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`);
  const reader = new FrameReader((opcode, payload) => {
    if (opcode === OPCODE.ping) socket.write(frame(OPCODE.pong, payload));
    if (opcode === OPCODE.close) socket.end();
  });
  socket.on('data', (chunk: Buffer) => reader.feed(chunk));
  return {
    message: (data) => void (socket.writable && socket.write(frame(OPCODE.binary, data))),
    close: () => void (socket.writable && socket.write(frame(OPCODE.close, NORMAL_CLOSURE))),
  };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Reads the masked frames of a client (§5.3). Clients of this server send little, so all of it may wait in one buffer. */
class FrameReader {
  readonly #found: (opcode: number, payload: Buffer) => void;
  #held = Buffer.alloc(0);

  constructor(found: (opcode: number, payload: Buffer) => void) {
    this.#found = found;
  }

  feed(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    while (this.#readOne());
  }

  #readOne(): boolean {
    const held = this.#held;
    const short = (held[1] ?? 0) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (held.length < start + 4) return false;
    const length = short < 126 ? short : short === 126 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
    const end = start + 4 + length;
    if (held.length < end) return false;
    const payload = held.subarray(start + 4, end).map((byte, i) => byte ^ (held[start + (i % 4)] ?? 0));
    this.#held = held.subarray(end);
    this.#found((held[0] ?? 0) & 0x0f, Buffer.from(payload));
    return true;
  }
}
