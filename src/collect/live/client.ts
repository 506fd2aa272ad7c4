import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../net/failure.ts';
import type { ApiClient, ConnectionFlags } from '../api.ts';
import { readAnswer } from './answer.ts';
import { parseTimeout } from './duration.ts';
import { connectionFailure, placeOf, type Where } from './errors.ts';
import { findInCluster, SERVICE_ACCOUNT_FOLDER } from './in-cluster.ts';
import { loadKubeconfig, type Variables } from './kubeconfig.ts';
import { createLimit } from './limit.ts';
import { listAll } from './list.ts';
import { type Answer, type Outgoing, type Patience, sendOnce } from './request.ts';
import { openSession, type Session } from './session.ts';
import { resolveTarget, type Target } from './target.ts';
import { clean, type Json } from './text.ts';
import type { Listening } from './websocket.ts';

/** What surrounds a connection; all of it has a sensible default. */
export interface ConnectOptions {
  /** Environment variables; default: those of the process. */
  readonly env?: Variables;
  /** Version of this program, for the User-Agent. */
  readonly version?: string;
  readonly stdinIsTerminal?: boolean;
  /** Where a pod finds its credentials. */
  readonly serviceAccountFolder?: string;
  /** Without --request-timeout. */
  readonly connectTimeoutMs?: number;
  /** Without --request-timeout. */
  readonly idleTimeoutMs?: number;
}

/** What the few requests take that do more than read objects. */
export interface LiveClient extends ApiClient {
  /** Opens a WebSocket that is only listened to, e.g. `…/pods/NAME/exec`. Throws as `get` does. */
  listen(path: string, query: readonly (readonly [string, string])[], protocols: readonly string[]): Promise<Listening>;
  /** Creates an object. It may be sent twice, so its name must be its own: `AlreadyExists` may mean that the first one arrived. */
  create(path: string, object: object): Promise<unknown>;
  /** Deletes one object. */
  remove(path: string): Promise<unknown>;
}

const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
/** As many requests at once; more would wait in the API server's own queue. */
const AT_ONCE = 8;
const MAX_RETRIES = 2;
const MAX_RETRY_WAIT_S = 5;

/** Reads the kubeconfig, gets credentials, and hands back a client. Nothing is sent to the server yet. */
export async function connect(flags: ConnectionFlags, options: ConnectOptions = {}): Promise<LiveClient> {
  const variables = options.env ?? process.env;
  const patience = patienceFor(flags, options);
  const [config, inCluster] = await Promise.all([
    loadKubeconfig(flags.kubeconfig, variables),
    findInCluster(options.serviceAccountFolder ?? SERVICE_ACCOUNT_FOLDER, variables),
  ]);
  const target = resolveTarget({ config, flags, inCluster, variables });
  const session = await openSession(target, {
    variables,
    stdinIsTerminal: options.stdinIsTerminal ?? process.stdin.isTTY === true,
    connectTimeoutMs: patience.connect,
  });
  return clientFor(target, session, { patience, agentName: `kubectl-srcip/${options.version ?? 'dev'}` });
}

/** kubectl's --request-timeout is a limit for everything; without it nothing may hang either. */
function patienceFor(flags: ConnectionFlags, options: ConnectOptions): Patience {
  const total = parseTimeout(flags.requestTimeout);
  if (total > 0) return { connect: total, idle: total, total };
  return { connect: options.connectTimeoutMs ?? CONNECT_MS, idle: options.idleTimeoutMs ?? IDLE_MS, total: 0 };
}

interface Manners {
  readonly patience: Patience;
  readonly agentName: string;
}

function clientFor(target: Target, session: Session, { patience, agentName }: Manners): LiveClient {
  const where: Where = { server: target.server.href.replace(/\/$/, ''), context: target.context, proxy: target.proxy };
  const headers = {
    ...session.options.headers,
    Accept: 'application/json',
    'User-Agent': agentName,
    ...(target.cluster.disableCompression ? {} : { 'Accept-Encoding': 'gzip' }),
  };
  const inTurn = createLimit(AT_ONCE);
  const failed = (error: unknown): never => {
    throw connectionFailure(error, where);
  };
  const send = async (outgoing: Outgoing): Promise<Json> => {
    const once = (): Promise<Answer> => sendOnce({ ...session.options, ...outgoing }, patience).catch(failed);
    return readAnswer(await inTurn(() => untilReady(once)), where);
  };
  const full = (path: string, query: readonly (readonly [string, string])[]): string =>
    session.origin + fullPath(target.server, path, query);
  const fetch = (path: string, query: Readonly<Record<string, string>>): Promise<Json> =>
    send({ headers, path: full(path, Object.entries(query)) });
  return {
    server: where.server,
    context: target.context,
    namespace: target.namespace,
    get: (path, query = {}) => fetch(path, query),
    list: (path, query, sink) => listAll(fetch, { path, query }, sink),
    listen: async (path, query, protocols) => {
      const outgoing = { ...session.options, headers, path: full(path, query) };
      const { HandshakeError, listenOn } = await import('./websocket.ts');
      const opened = await listenOn(outgoing, { protocols, patience }).catch((error: unknown) =>
        error instanceof HandshakeError ? Promise.reject(noWebSocket(where, error.message)) : failed(error),
      );
      if ('messages' in opened) return opened;
      readAnswer(opened, where);
      throw noWebSocket(where, `it answers ${opened.status} to a WebSocket handshake`);
    },
    create: (path, object) =>
      send({
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        path: full(path, []),
        body: JSON.stringify(object),
      }),
    remove: (path) => send({ method: 'DELETE', headers, path: full(path, []) }),
    close: () => session.agent.destroy(),
  };
}

function noWebSocket(where: Where, why: string): Failure {
  return new Failure(`the ${placeOf(where)} opens no stream: ${clean(why)}`, 'is a proxy in the way that does not let WebSockets through?');
}

/** The server may live under a path, e.g. `/k8s/clusters/c-1` behind Rancher. */
function fullPath(server: URL, path: string, query: readonly (readonly [string, string])[]): string {
  const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
  return `${server.pathname.replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`;
}

/** A server that asks to come back later is asked again, a few times and after a few seconds at most. client-go: rest/with_retry.go. */
async function untilReady(send: () => Promise<Answer>): Promise<Answer> {
  for (let retries = 0; ; retries++) {
    const answer = await send();
    const after = answer.headers['retry-after'];
    const isBusy = answer.status === 429 || answer.status >= 500;
    if (!isBusy || retries === MAX_RETRIES || after === undefined || !/^\d+$/.test(after)) return answer;
    await sleep(Math.min(Number(after), MAX_RETRY_WAIT_S) * 1000);
  }
}
