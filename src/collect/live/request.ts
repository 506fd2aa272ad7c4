import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { TimedOut } from './errors.ts';
import { codeOf } from './text.ts';

/** What came back, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** How long to wait, in milliseconds. 0: no limit. */
export interface Patience {
  /** Until TCP and TLS stand, through a proxy if there is one. */
  readonly connect: number;
  /** Between two pieces of an answer. */
  readonly idle: number;
  /** For one request and its answer, as kubectl's --request-timeout. */
  readonly total: number;
}

/** Longer than any page of a list; a text of more cannot be held in one JavaScript string. */
export const MAX_BODY = 500 * 2 ** 20;

/** A connection that has left HTTP behind. */
export interface Upgraded {
  readonly headers: IncomingMessage['headers'];
  readonly socket: Duplex;
  /** What of the new protocol came with the head of the answer. */
  readonly rest: Buffer;
}

/** One request and what belongs to it beside Node's own options. */
export interface Outgoing extends RequestOptions {
  readonly body?: string | undefined;
}

/** One request that may be sent again without harm. Every way in which the other side can fall silent ends in TimedOut. */
export async function sendOnce(outgoing: Outgoing, patience: Patience): Promise<Answer> {
  const answer = await again(outgoing, patience, null);
  if ('status' in answer) return answer;
  throw new Error('an upgrade that nobody asked for');
}

/** One request to go over to another protocol; the server may answer in HTTP instead. */
export function upgradeOnce(outgoing: Outgoing, patience: Patience): Promise<Answer | Upgraded> {
  return again(outgoing, patience, 'upgrade');
}

async function again(outgoing: Outgoing, patience: Patience, upgrade: 'upgrade' | null): Promise<Answer | Upgraded> {
  try {
    return await attempt(outgoing, patience, upgrade);
  } catch (error) {
    // The server may close a kept connection at the moment that it is used again; that says nothing about the request.
    if (error instanceof OnKeptConnection)
      return attempt(outgoing, patience, upgrade).catch((last: unknown) => Promise.reject(plain(last)));
    throw error;
  }
}

class OnKeptConnection extends Error {}

function plain(error: unknown): unknown {
  return error instanceof OnKeptConnection ? error.cause : error;
}

function attempt({ body, ...options }: Outgoing, patience: Patience, upgrade: 'upgrade' | null): Promise<Answer | Upgraded> {
  return new Promise((resolve, reject) => {
    const send = options.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(options);
    const watch = new Watch(patience, (error) => fail(error));
    // A request that has no connection yet emits nothing when it is destroyed, so the promise is settled here.
    const fail = (error: unknown): void => {
      watch.end();
      request.destroy();
      reject(error);
    };
    request.once('socket', (socket) => whenConnected(socket, () => watch.moved()));
    request.on('error', (error) => fail(request.reusedSocket && isClosed(error) ? new OnKeptConnection('', { cause: error }) : error));
    request.once('response', (response) => {
      watch.moved();
      readBody(response, watch).then((body) => {
        watch.end();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      }, fail);
    });
    if (upgrade !== null) {
      request.once('upgrade', ({ headers }, socket, rest) => {
        watch.end();
        resolve({ headers, socket, rest });
      });
    }
    request.end(body);
  });
}

function isClosed(error: unknown): boolean {
  return codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
}

function whenConnected(socket: Socket, then: () => void): void {
  const secure = socket instanceof TLSSocket;
  const shaking = secure && Reflect.get(socket, 'secureConnecting') === true;
  if (!socket.connecting && !shaking) then();
  else socket.once(secure ? 'secureConnect' : 'connect', then);
}

function readBody(response: IncomingMessage, watch: Watch): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      watch.moved();
      size += chunk.length;
      if (size > MAX_BODY) reject(new Error(`the answer is longer than ${MAX_BODY / 2 ** 20} MiB`));
      else chunks.push(chunk);
    });
    response.once('error', reject);
    response.once('end', () => resolve(Buffer.concat(chunks)));
  });
}

/** The clocks of one request. */
class Watch {
  readonly #idleMs: number;
  readonly #late: (error: TimedOut) => void;
  readonly #total: NodeJS.Timeout | undefined;
  #step: NodeJS.Timeout | undefined;
  #isConnected = false;

  constructor({ connect, idle, total }: Patience, late: (error: TimedOut) => void) {
    this.#idleMs = idle;
    this.#late = late;
    this.#total = this.#alarm(total, `request canceled (no complete answer within ${total / 1000}s)`);
    this.#step = this.#alarm(connect, `i/o timeout (no connection within ${connect / 1000}s)`);
  }

  /** Something arrived: the connection, the head of the answer, a piece of its body. */
  moved(): void {
    if (this.#isConnected) {
      this.#step?.refresh();
      return;
    }
    this.#isConnected = true;
    clearTimeout(this.#step);
    this.#step = this.#alarm(this.#idleMs, `request canceled (nothing heard for ${this.#idleMs / 1000}s)`);
  }

  end(): void {
    clearTimeout(this.#step);
    clearTimeout(this.#total);
  }

  #alarm(ms: number, message: string): NodeJS.Timeout | undefined {
    return ms > 0 ? setTimeout(() => this.#late(new TimedOut(message)), ms) : undefined;
  }
}
