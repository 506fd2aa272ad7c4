import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../net/failure.ts';
import type { DenyRule } from './access.ts';
import { handleUpgrade } from './exec.ts';
import { type HandlerContext, handle } from './handler.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { createPager } from './paging.ts';
import type { Programs } from './programs.ts';
import { createReplier, type Replier } from './reply.ts';
import { buildStore } from './store.ts';
import { type Kubelet, withWritablePods } from './writable-pods.ts';

/** What the server serves, and how it behaves. */
export interface ApiServerOptions {
  /** Kubernetes objects with `apiVersion` and `kind`. */
  readonly objects: Iterable<unknown>;
  /** A free one by default. */
  readonly port?: number;
  /** PEM texts. `ca` is what the kubeconfig trusts (default: the certificate itself); with `clientCa`, client certificates count. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly clientCa?: string };
  /** Name of the context in the kubeconfig. */
  readonly name?: string;
  /** Namespace of the context in the kubeconfig. */
  readonly namespace?: string;
  /** What `/version` says. */
  readonly version?: string;
  /** Put before every path, as Rancher does (`/k8s/clusters/c-1`). */
  readonly pathPrefix?: string;
  /** Bearer token → user; without it everybody is let in. */
  readonly tokens?: Readonly<Record<string, string>>;
  readonly deny?: readonly DenyRule[];
  /** Resources that this server does not know, e.g. `servicecidrs.networking.k8s.io`. */
  readonly absent?: readonly string[];
  /** So many continued pages are served before the tokens given out so far expire. */
  readonly expireContinueAfter?: number;
  /** How often that happens; once by default. */
  readonly expireContinueTimes?: number;
  /** Waits before each answer. */
  readonly delayMs?: number;
  /** What programs in pods do; without it nothing can be run in them. */
  readonly programs?: Programs;
  /** Pods can be made and deleted; this gives each its status. */
  readonly kubelet?: Kubelet;
  /** Returns true when it has answered (or holds) the request itself. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Told of each answer. */
  readonly onRequest?: (served: ServedRequest) => void;
}

/** One answered request. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query as asked. */
  readonly url: string;
  readonly status: number;
  /** Bytes of the body as sent. */
  readonly bytes: number;
  readonly user: string | null;
  readonly userAgent: string | null;
}

/** A server that runs. */
export interface ApiServer {
  /** Base URL, with the path prefix. */
  readonly url: string;
  readonly port: number;
  /** YAML text of a kubeconfig that leads here. */
  kubeconfig(): string;
  /** Ends all connections, too. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LONGEST_BODY = 1 << 20;

/** Serves a recorded cluster, read-only unless it is said otherwise, on the loopback address, the way an API server does. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const context = contextOf(options);
  const replier = createReplier();
  const server = newServer(options, (request, response) => {
    respond({ context, replier, options }, request, response).catch(() => response.destroy());
  });
  // Longer than a client keeps idle connections for, or it would meet a closed one now and then.
  server.keepAliveTimeout = 120_000;
  const streams = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    streams.add(socket);
    socket.once('close', () => streams.delete(socket));
    const { status, user } = handleUpgrade(context, request, socket);
    options.onRequest?.({ ...asked(request), status, bytes: 0, user });
  });
  const port = await listen(server, options.port ?? 0);
  const url = `${options.tls === undefined ? 'http' : 'https'}://${HOST}:${port}${context.pathPrefix}`;
  return { url, port, kubeconfig: () => kubeconfigOf(options, url), close: () => close(server, streams) };
}

function contextOf(options: ApiServerOptions): HandlerContext {
  return {
    ...storesOf(options),
    programs: options.programs,
    pager: createPager({ after: options.expireContinueAfter ?? Number.POSITIVE_INFINITY, times: options.expireContinueTimes ?? 1 }),
    access: {
      ...(options.tokens === undefined ? {} : { tokens: options.tokens }),
      deny: options.deny ?? [],
      certificates: options.tls?.clientCa !== undefined,
    },
    version: options.version ?? 'v1.33.4',
    pathPrefix: options.pathPrefix ?? '',
  };
}

function storesOf({ objects, absent, kubelet }: ApiServerOptions): Pick<HandlerContext, 'store' | 'pods'> {
  const recorded = buildStore(objects, absent);
  if (kubelet === undefined) return { store: recorded, pods: null };
  const store = withWritablePods(recorded, kubelet);
  return { store, pods: store };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

function newServer({ tls }: ApiServerOptions, listener: Listener): Server {
  if (tls === undefined) return createServer(listener);
  const clients = tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false };
  return createTlsServer({ key: tls.key, cert: tls.cert, ...clients }, listener);
}

async function respond(
  { context, replier, options }: { context: HandlerContext; replier: Replier; options: ApiServerOptions },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (options.intercept?.(request, response) === true) return;
  const body = await readJson(request);
  if (options.delayMs !== undefined) await sleep(options.delayMs);
  const { answer, user } = handle(context, request, body);
  const bytes = await replier.reply(request, response, answer);
  options.onRequest?.({
    ...asked(request),
    status: answer.status,
    bytes,
    user,
  });
}

function asked({ method = '', url = '', headers }: IncomingMessage): Pick<ServedRequest, 'method' | 'url' | 'userAgent'> {
  return { method, url, userAgent: headers['user-agent'] ?? null };
}

/** The object in a request, if there is one. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LONGEST_BODY) chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return null;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Failure(`cannot listen on ${HOST}:${port}: ${error.message}`, 'choose another port')));
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server, streams: Iterable<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    // These have left the server's own count.
    for (const socket of streams) socket.destroy();
  });
}

function kubeconfigOf({ name = 'demo', namespace = 'default', tokens, tls }: ApiServerOptions, url: string): string {
  return kubeconfigText({
    name,
    url,
    namespace,
    // kubectl asks for a user name when it has no credential at all.
    token: Object.keys(tokens ?? {})[0] ?? 'demo',
    ca: tls === undefined ? null : (tls.ca ?? tls.cert),
  });
}
