import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A finished answer. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: () => Buffer;
  /** Names this body among all others, so that its compressed form may be kept; null when it should not be. */
  readonly key: string | null;
}

// apiserver v0.33 responsewriters.go: defaultGzipThresholdBytes, and gzip level 1.
const GZIP_FROM = 128 * 1024;
const KEEP_AT_MOST = 256 * 1024 * 1024;
const compress = promisify(gzip);

/** Writes answers, compressed when asked and worth it. */
export interface Replier {
  /** Resolves to the number of bytes of the body as sent. */
  reply(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<number>;
}

export function createReplier(): Replier {
  const kept = new Map<string, Buffer>();
  let size = 0;
  const compressed = async (answer: Answer): Promise<Sent> => {
    const known = answer.key === null ? undefined : kept.get(answer.key);
    if (known !== undefined) return { body: known, zipped: true };
    const plain = answer.body();
    if (plain.length < GZIP_FROM) return { body: plain, zipped: false };
    const body = await compress(plain, { level: 1 });
    if (answer.key !== null && size + body.length <= KEEP_AT_MOST) {
      kept.set(answer.key, body);
      size += body.length;
    }
    return { body, zipped: true };
  };
  return {
    reply: async (request, response, answer) => {
      const gzipAsked = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      const { body, zipped } = gzipAsked ? await compressed(answer) : { body: answer.body(), zipped: false };
      response.writeHead(answer.status, {
        'Content-Type': answer.type,
        'Content-Length': body.length,
        'Cache-Control': 'no-cache, private',
        ...(zipped ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
      return body.length;
    },
  };
}

interface Sent {
  readonly body: Buffer;
  readonly zipped: boolean;
}

export function jsonAnswer(value: unknown, { status = 200, type = 'application/json' }: { status?: number; type?: string } = {}): Answer {
  return { status, type, body: () => Buffer.from(JSON.stringify(value)), key: null };
}

export function textAnswer(text: string, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: () => Buffer.from(text), key: null };
}
