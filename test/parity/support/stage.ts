import { connect, createServer } from 'node:net';
import { base64, type Folder, kubeconfig, makeFolder } from '../../collect/live/support/files.ts';
import type { Pair, Pki } from '../../collect/live/support/pki.ts';
import { startSocksProxy } from '../../collect/live/support/proxy.ts';
import { type Handler, listen, type Seen, startServer } from '../../collect/live/support/server.ts';
import { forward, startForwardProxy } from './forward.ts';
import type { Try } from './row.ts';

export interface Api {
  readonly url: string;
  readonly port: number;
}

interface ApiWords {
  /** The certificate it shows; null: plain http. */
  readonly pair?: Pair | null;
  readonly requireCertificate?: boolean;
  /** In place of the demo cluster's answers; false: it does answer. */
  readonly instead?: (...args: Parameters<Handler>) => boolean;
}

export interface SeenBy extends Seen {
  readonly server: string;
}

type Noted = { readonly asked: readonly string[]; readonly credentials: readonly (string | undefined)[] };

const TLS_HANDSHAKE = 22;
const PORT = /(127\.0\.0\.1|localhost|\[::1\]):(?!6443|8080)\d{2,5}\b/g;

/** Where one row plays: its own servers, proxies, files and home. */
export class Stage {
  readonly pki: Pki;
  readonly folder: Folder = makeFolder();
  /** A plain http server that answers as the demo cluster does. */
  readonly #behind: number;
  readonly #servers: { readonly name: string; readonly seen: readonly Seen[] }[] = [];
  readonly #proxies: { readonly name: string; readonly noted: Noted }[] = [];
  readonly #ports: number[] = [];
  readonly #shown = new Map<string, string>();
  readonly #ends: (() => Promise<void> | void)[] = [() => this.folder.remove()];

  constructor(pki: Pki, behind: number) {
    this.pki = pki;
    this.#behind = behind;
  }

  /** An API server that notes what it sees; https with the test CA unless told otherwise. Any path before `/api` is let pass. */
  async api(name = 'main', { pair = this.pki.server, requireCertificate = false, instead }: ApiWords = {}): Promise<Api> {
    const answer: Handler = (request, response, seen) => {
      if (instead?.(request, response, seen) !== true) this.answer(request, response, seen);
    };
    const server = await startServer(answer, { ...(pair === null ? {} : { pair, clientCa: this.pki.ca.cert, requireCertificate }) });
    this.#servers.push({ name, seen: server.seen });
    this.#ports.push(server.port);
    this.#shown.set(`127.0.0.1:${server.port}`, name.toUpperCase());
    this.#ends.unshift(() => server.stop());
    return server;
  }

  /** Answers as the demo cluster does. */
  answer(...[request, response, { path }]: Parameters<Handler>): void {
    forward(request, response, { port: this.#behind, path: path.replace(/^\/.*?(?=\/(api|apis|version|openapi)\b)/, '') });
  }

  /** The same server, but one that tells a client in plain http what it is, as Go's servers do. */
  async frank({ port }: Api, name = 'frank'): Promise<Api> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (first) => {
        if (first[0] !== TLS_HANDSHAKE)
          return socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
        const onward = connect(port, '127.0.0.1').on('error', () => socket.destroy());
        onward.write(first);
        return socket.pipe(onward).pipe(socket);
      });
    });
    const own = await listen(server);
    this.#shown.set(`127.0.0.1:${own}`, name.toUpperCase());
    this.#ends.unshift(() => void server.close());
    return { url: `https://127.0.0.1:${own}`, port: own };
  }

  /** A proxy that leads to one server, whatever it is asked for; its URL. */
  async proxy(kind: 'http' | 'https' | 'socks5', to: Api, name = `${kind} proxy`): Promise<string> {
    const proxy =
      kind === 'socks5' ? await startSocksProxy(to.port) : await startForwardProxy(to.port, kind === 'https' ? this.pki.server : null);
    this.#proxies.push({ name, noted: proxy });
    this.#ends.unshift(() => proxy.stop());
    // By name, as Node warns of an address as the name of a TLS server.
    const host = kind === 'https' ? 'localhost' : '127.0.0.1';
    this.#shown.set(`${host}:${proxy.port}`, name.toUpperCase().replaceAll(' ', '-'));
    return `${kind}://${host}:${proxy.port}`;
  }

  write(name: string, content: unknown): Promise<string> {
    return this.folder.write(name, content);
  }

  script(name: string, text: string): Promise<string> {
    return this.folder.script(name, `#!/bin/sh\n${text}\n`);
  }

  path(name: string): string {
    return `${this.folder.path}/${name}`;
  }

  atEnd(end: () => Promise<void> | void): void {
    this.#ends.unshift(end);
  }

  /** The cluster entry that leads to a server. */
  cluster({ url }: Api, more: object = {}): object {
    return { server: url, ...(url.startsWith('https') ? { 'certificate-authority-data': base64(this.pki.ca.cert) } : {}), ...more };
  }

  /** A kubeconfig of one context to one server, and a way to it. */
  async one(
    parts: { readonly cluster?: object; readonly user?: object; readonly context?: object; readonly api?: Api },
    rest: Try = {},
  ): Promise<Try> {
    const api = parts.api ?? (await this.api());
    const user = parts.user ?? { token: 'alice-token' };
    return this.from(
      kubeconfig({ cluster: this.cluster(api, parts.cluster), user, context: { namespace: 'shop', ...parts.context } }),
      rest,
    );
  }

  /** KUBECONFIG is a file of this content. */
  async from(content: unknown, { env, ...rest }: Try = {}): Promise<Try> {
    return { env: { KUBECONFIG: await this.write('config', content), ...env }, ...rest };
  }

  /** What servers have seen so far, by server. */
  seen(): SeenBy[] {
    return this.#servers.flatMap(({ name, seen }) => seen.map((one) => ({ server: name, ...one })));
  }

  /** What proxies were asked for so far. */
  passed(): string[] {
    return this.#proxies.flatMap(({ name, noted }) =>
      noted.asked.map((asked, i) => {
        const login = noted.credentials[i];
        const as = login === undefined ? '' : ` as ${Buffer.from(login.slice('Basic '.length), 'base64')}`;
        return `through ${name}${as}: ${this.show(asked)}`;
      }),
    );
  }

  /** Text without what is of this run and machine alone: ports and paths. */
  show(text: string): string {
    let shown = text.replaceAll(this.folder.path, 'DIR');
    for (const [address, name] of this.#shown) shown = shown.replaceAll(address, name);
    for (const port of this.#ports) shown = shown.replaceAll(`=${port}`, '=PORT');
    return shown.replaceAll(process.env['PATH'] ?? '', '$PATH').replace(PORT, '$1:PORT');
  }

  async end(): Promise<void> {
    for (const end of this.#ends) await end();
  }
}
