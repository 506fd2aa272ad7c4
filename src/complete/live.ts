import type { ServiceObject } from '../cluster/objects.ts';
import type { ConnectionFlags } from '../collect/api.ts';
import type { Json } from '../collect/live/text.ts';
import type { Cluster, Resource } from './cluster.ts';

/** Names alone, where the server knows how; else whole objects. */
const NAMES_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const PAGE = 1000;
/** More names than anybody looks through; a cluster that has more is narrowed by the first letters no further. */
const MOST_PAGES = 20;

const PATHS: Readonly<Record<Resource, (namespace: string) => string>> = {
  namespaces: () => '/api/v1/namespaces',
  nodes: () => '/api/v1/nodes',
  services: (namespace) => `/api/v1/namespaces/${namespace}/services`,
  pods: (namespace) => `/api/v1/namespaces/${namespace}/pods`,
  deployments: (namespace) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  statefulsets: (namespace) => `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  daemonsets: (namespace) => `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
};

/** How long there is, and what ends everything. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds that are left. */
  left(): number;
}

/** Names from the API server that the flags lead to. Nothing is loaded or sent before the first question. */
export function liveCluster(flags: ConnectionFlags, deadline: Deadline): Cluster {
  let opened: Promise<Connection> | null = null;
  const open = (): Promise<Connection> => {
    opened ??= connect(flags, deadline);
    return opened;
  };
  return {
    names: async (resource, namespace) => {
      try {
        const connection = await open();
        return await listNames(connection, PATHS[resource](encodeURIComponent(namespace ?? connection.namespace)));
      } catch {
        return [];
      }
    },
    service: async (name) => {
      try {
        const { get, namespace } = await open();
        const path = `${PATHS.services(encodeURIComponent(namespace))}/${encodeURIComponent(name)}`;
        return (await get(path, 'application/json')) as unknown as ServiceObject;
      } catch {
        return null;
      }
    },
  };
}

interface Connection {
  readonly namespace: string;
  get(path: string, accept: string): Promise<Json>;
}

async function connect(flags: ConnectionFlags, { signal, left }: Deadline): Promise<Connection> {
  const [{ loadKubeconfig }, { findInCluster, SERVICE_ACCOUNT_FOLDER }, { resolveTarget }, { openSession }, { withPlugin }] =
    await Promise.all([
      import('../collect/live/kubeconfig.ts'),
      import('../collect/live/in-cluster.ts'),
      import('../collect/live/target.ts'),
      import('../collect/live/session.ts'),
      import('./plugin.ts'),
    ]);
  const [{ sendOnce }, { readAnswer }] = await Promise.all([import('../collect/live/request.ts'), import('../collect/live/answer.ts')]);
  const variables = process.env;
  const [config, inCluster] = await Promise.all([
    loadKubeconfig(flags.kubeconfig, variables),
    findInCluster(SERVICE_ACCOUNT_FOLDER, variables),
  ]);
  const target = resolveTarget({ config, flags, inCluster, variables });
  const user = await withPlugin(target, signal);
  const session = await openSession({ ...target, user }, { variables, stdinIsTerminal: false, connectTimeoutMs: left() });
  const where = { server: target.server.href, context: target.context, proxy: target.proxy };
  const encoding = target.cluster.disableCompression ? {} : { 'Accept-Encoding': 'gzip' };
  return {
    namespace: target.namespace,
    get: async (path, accept) => {
      const headers = { ...session.options.headers, ...encoding, Accept: accept, 'User-Agent': 'kubectl-srcip/completion' };
      const ms = Math.max(1, left());
      const outgoing = { ...session.options, headers, path: `${target.server.pathname.replace(/\/$/, '')}${path}` };
      return readAnswer(await sendOnce(outgoing, { connect: ms, idle: ms, total: ms }), where);
    },
  };
}

async function listNames({ get }: Connection, path: string): Promise<string[]> {
  const names: string[] = [];
  let token = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const next = await get(`${path}?limit=${PAGE}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`, NAMES_ONLY).catch(
      (error: unknown) => (page === 0 ? Promise.reject(error) : null),
    );
    // Better the names so far than none.
    if (next === null) break;
    const { items, metadata } = next as { readonly items?: readonly Named[]; readonly metadata?: { readonly continue?: string } };
    names.push(...(items ?? []).flatMap((item) => (typeof item.metadata?.name === 'string' ? [item.metadata.name] : [])));
    token = metadata?.continue ?? '';
    if (token === '') break;
  }
  return names;
}

interface Named {
  readonly metadata?: { readonly name?: unknown };
}
