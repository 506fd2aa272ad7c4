import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
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

/** One GET. Every way in which the other side can fall silent ends in TimedOut. */
export async function getOnce(options: RequestOptions, patience: Patience): Promise<Answer> {
  try {
    return await attempt(options, patience);
  } catch (error) {
    // The server may close a kept connection at the moment that it is used again; that says nothing about the request.
    if (error instanceof OnKeptConnection) return attempt(options, patience).catch((again: unknown) => Promise.reject(plain(again)));
    throw error;
  }
}

class OnKeptConnection extends Error {}

function plain(error: unknown): unknown {
  return error instanceof OnKeptConnection ? error.cause : error;
}

function attempt(options: RequestOptions, patience: Patience): Promise<Answer> {
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
    request.end();
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
