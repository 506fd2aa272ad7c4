import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, ConnectionFlags } from '../api.ts';
import { readAnswer } from './answer.ts';
import { parseTimeout } from './duration.ts';
import { connectionFailure, type Where } from './errors.ts';
import { findInCluster, SERVICE_ACCOUNT_FOLDER } from './in-cluster.ts';
import { loadKubeconfig, type Variables } from './kubeconfig.ts';
import { createLimit } from './limit.ts';
import { listAll } from './list.ts';
import { type Answer, getOnce, type Patience } from './request.ts';
import { openSession, type Session } from './session.ts';
import { resolveTarget, type Target } from './target.ts';
import type { Json } from './text.ts';

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

const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
/** As many requests at once; more would wait in the API server's own queue. */
const AT_ONCE = 8;
const MAX_RETRIES = 2;
const MAX_RETRY_WAIT_S = 5;

/** Reads the kubeconfig, gets credentials, and hands back a client. Nothing is sent to the server yet. */
export async function connect(flags: ConnectionFlags, options: ConnectOptions = {}): Promise<ApiClient> {
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

function clientFor(target: Target, session: Session, { patience, agentName }: Manners): ApiClient {
  const where: Where = { server: target.server.href.replace(/\/$/, ''), context: target.context, proxy: target.proxy };
  const headers = {
    ...session.options.headers,
    Accept: 'application/json',
    'User-Agent': agentName,
    ...(target.cluster.disableCompression ? {} : { 'Accept-Encoding': 'gzip' }),
  };
  const inTurn = createLimit(AT_ONCE);
  const send = (path: string): Promise<Answer> =>
    getOnce({ ...session.options, headers, path }, patience).catch((error: unknown) => {
      throw connectionFailure(error, where);
    });
  const fetch = (path: string, query: Readonly<Record<string, string>>): Promise<Json> =>
    inTurn(async () => readAnswer(await untilReady(() => send(fullPath(target.server, path, query))), where));
  return {
    server: where.server,
    context: target.context,
    namespace: target.namespace,
    get: (path, query = {}) => fetch(path, query),
    list: (path, query, sink) => listAll(fetch, { path, query }, sink),
    close: () => session.agent.destroy(),
  };
}

/** The server may live under a path, e.g. `/k8s/clusters/c-1` behind Rancher. */
function fullPath(server: URL, path: string, query: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams(query).toString();
  return `${server.pathname.replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`;
}

/** A server that asks to come back later is asked again, a few times and after a few seconds at most. */
async function untilReady(send: () => Promise<Answer>): Promise<Answer> {
  for (let retries = 0; ; retries++) {
    const answer = await send();
    const after = answer.headers['retry-after'];
    const isBusy = answer.status === 429 || answer.status === 503;
    if (!isBusy || retries === MAX_RETRIES || after === undefined || !/^\d+$/.test(after)) return answer;
    await sleep(Math.min(Number(after), MAX_RETRY_WAIT_S) * 1000);
  }
}
