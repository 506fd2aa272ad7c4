import { createServer } from 'node:net';
import { listen, status } from '../../collect/live/support/server.ts';
import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

interface Answer {
  readonly headers?: Readonly<Record<string, string>>;
  /** Only for the Service itself; else for everything. */
  readonly serviceOnly?: boolean;
  /** So many times; else always. */
  readonly times?: number;
  readonly text?: string;
}

/** A server that answers with a Status of that code. */
const answers =
  (code: number, reason: string, { headers = {}, serviceOnly = false, times = Number.POSITIVE_INFINITY, text }: Answer = {}) =>
  async (stage: Stage): Promise<Try> => {
    let left = times;
    const api = await stage.api('main', {
      instead: (_request, response, { path }) => {
        if ((serviceOnly && !/\/services\b/.test(path)) || --left < 0) return false;
        const { body } = status(code, reason, `said by the server: ${reason}`);
        response.writeHead(code, { 'content-type': text === undefined ? 'application/json' : 'text/plain', ...headers });
        response.end(text ?? JSON.stringify(body));
        return true;
      },
    });
    return stage.one(
      { api },
      {
        before: () => {
          left = times;
        },
      },
    );
  };

const at =
  (server: string) =>
  (stage: Stage): Promise<Try> =>
    stage.one({ api: { url: server, port: 1 } });

/** A port where a connection gets these bytes, or is closed at once. */
const bytes =
  (text: string) =>
  async (stage: Stage): Promise<Try> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(text);
    });
    stage.atEnd(() => void server.close());
    const port = await listen(server);
    return stage.one({ api: { url: `https://127.0.0.1:${port}`, port } }, { flags: ['--request-timeout', '2s'] });
  };

export const TROUBLE = rows(
  'Servers in trouble',
  { name: 'nobody listens', set: at('https://127.0.0.1:1') },
  { name: 'a name that no one knows', set: at('https://no-such-host.invalid') },
  { name: 'no TLS, but something else', set: bytes('hello there, this is no TLS at all\n') },
  { name: '401', set: answers(401, 'Unauthorized') },
  { name: '401 for the Service alone', set: answers(401, 'Unauthorized', { serviceOnly: true }) },
  { name: '403', set: answers(403, 'Forbidden', { serviceOnly: true }) },
  { name: '404 of the namespace', set: answers(404, 'NotFound', { serviceOnly: true }) },
  { name: '404 without a Status', set: answers(404, 'NotFound', { serviceOnly: true, text: '404 page not found\n' }) },
  {
    name: '429 with Retry-After, then an answer',
    set: answers(429, 'TooManyRequests', { serviceOnly: true, times: 1, headers: { 'retry-after': '1' } }),
  },
  { name: '429 without Retry-After', set: answers(429, 'TooManyRequests', { serviceOnly: true }) },
  { name: '500', set: answers(500, 'InternalError', { serviceOnly: true }) },
  {
    name: '500 with Retry-After, then an answer',
    set: answers(500, 'InternalError', { serviceOnly: true, times: 1, headers: { 'retry-after': '1' } }),
  },
  { name: '503', set: answers(503, 'ServiceUnavailable', { serviceOnly: true }) },
  {
    name: '503 with Retry-After, then an answer',
    set: answers(503, 'ServiceUnavailable', { serviceOnly: true, times: 1, headers: { 'retry-after': '1' } }),
  },
  {
    name: '502 of something in front, in HTML',
    set: answers(502, 'x', { serviceOnly: true, text: '<html><body>Bad Gateway</body></html>' }),
  },
  { name: '200 that is no JSON', set: answers(200, 'x', { serviceOnly: true, text: 'hello' }) },
);
