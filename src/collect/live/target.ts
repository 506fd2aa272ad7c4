import { resolve } from 'node:path';
import { Failure } from '../../net/failure.ts';
import type { ConnectionFlags } from '../api.ts';
import type { InCluster } from './in-cluster.ts';
import type { Kubeconfig, Variables } from './kubeconfig.ts';
import { type ClusterEntry, type ContextEntry, NO_CLUSTER, NO_USER, type UserEntry } from './kubeconfig-entries.ts';
import { nearNames } from './near.ts';
import { proxyFromEnvironment } from './proxy-env.ts';
import { clean, quoted } from './text.ts';

/** Which server to talk to, as whom. */
export interface Target {
  readonly context: string | null;
  readonly namespace: string;
  readonly server: URL;
  readonly clusterName: string;
  readonly cluster: ClusterEntry;
  readonly userName: string;
  readonly user: UserEntry;
  /** The proxy in the way, from the kubeconfig or the environment. */
  readonly proxy: string | null;
}

export interface TargetSources {
  readonly config: Kubeconfig;
  readonly flags: ConnectionFlags;
  readonly inCluster: InCluster | null;
  readonly variables: Variables;
}

/** Applies the flags to the kubeconfig in kubectl's order: context, then cluster and user by name, then single fields. */
export function resolveTarget(sources: TargetSources): Target {
  const { config, flags, inCluster } = sources;
  const [contextName, context] = pickContext(config, flags.context);
  const pod = context === null && !flags.cluster && !flags.user && !flags.server ? inCluster : null;
  const clusterName = flags.cluster || context?.cluster || '';
  const userName = flags.user || context?.user || '';
  // A context may name what is missing, as long as a flag stands in for it; a name given by a flag must exist.
  const lenientCluster = !flags.cluster && Boolean(flags.server);
  const lenientUser = !flags.user && Boolean(flags.token);
  const cluster = withClusterFlags(pod?.cluster ?? pick(config.clusters, clusterName, lenientCluster ? null : 'cluster'), flags);
  const user = withUserFlags(pod?.user ?? pick(config.users, userName, lenientUser ? null : 'user'), flags);
  if (cluster.insecure && (cluster.caFile !== null || cluster.caData !== null)) {
    throw new Failure('specifying a root certificates file with the insecure flag is not allowed', 'give one of them, not both');
  }
  const server = serverUrl(withDefault(cluster, sources.variables), user, () => noServer(sources, clusterName));
  return {
    context: contextName,
    namespace: checkedNamespace(flags.namespace || context?.namespace || inCluster?.namespace || 'default'),
    server,
    clusterName,
    cluster,
    userName,
    user,
    proxy:
      checkedProxy(cluster.proxyUrl, `proxy-url for cluster ${quoted(clusterName)}`) ??
      checkedProxy(proxyFromEnvironment(server, sources.variables), `${server.protocol === 'https:' ? 'HTTPS' : 'HTTP'}_PROXY`),
  };
}

function pickContext(config: Kubeconfig, flag: string | undefined): [string | null, ContextEntry | null] {
  const name = flag || config.currentContext;
  if (name === '') return [null, null];
  const context = config.contexts.get(name);
  if (context === undefined) throw missing('context', name, config.contexts.keys());
  return [name, context];
}

/** The entry of that name; `required` says what it is, for the complaint when it is missing. */
function pick<T extends ClusterEntry | UserEntry>(
  entries: ReadonlyMap<string, T>,
  name: string,
  required: 'cluster' | 'user' | null,
): T | null {
  if (name === '') return null;
  const found = entries.get(name);
  if (found === undefined && required !== null) throw missing(required, name, entries.keys());
  return found ?? null;
}

function missing(what: 'context' | 'cluster' | 'user', name: string, names: Iterable<string>): Failure {
  return new Failure(`${what} ${quoted(name)} does not exist`, nearNames(name, names, `${what}s`));
}

function isEmpty(config: Kubeconfig): boolean {
  return config.contexts.size === 0 && config.clusters.size === 0 && config.users.size === 0;
}

/** client-go clientcmd: DirectClientConfig.getCluster. */
function withClusterFlags(base: ClusterEntry | null, flags: ConnectionFlags): ClusterEntry {
  const cluster = base ?? NO_CLUSTER;
  const caFile = pathOf(flags.certificateAuthority);
  const newTrust = caFile !== null || flags.insecureSkipTlsVerify === true;
  const newServer = flags.server || null;
  return {
    ...cluster,
    server: newServer ?? cluster.server,
    // The name belongs to the server it was written for.
    tlsServerName: flags.tlsServerName || (newServer === null ? cluster.tlsServerName : null),
    disableCompression: flags.disableCompression ?? cluster.disableCompression,
    ...(newTrust ? { caFile, caData: null, insecure: flags.insecureSkipTlsVerify === true } : {}),
  };
}

function withUserFlags(base: UserEntry | null, flags: ConnectionFlags): UserEntry {
  const user = base ?? NO_USER;
  const certFile = pathOf(flags.clientCertificate);
  const keyFile = pathOf(flags.clientKey);
  const as = flags.as || user.as;
  const asUid = flags.asUid || user.asUid;
  const asGroups = flags.asGroup !== undefined && flags.asGroup.length > 0 ? flags.asGroup : user.asGroups;
  if (as === null && (asUid !== null || asGroups.length > 0 || Object.keys(user.asUserExtra).length > 0)) {
    throw new Failure('requesting uid, groups or user-extra without impersonating a user', 'say who with --as');
  }
  checkMethods({ ...user, token: flags.token || user.token });
  return {
    ...user,
    as,
    asUid,
    asGroups,
    ...(certFile === null ? {} : { certFile, certData: null }),
    ...(keyFile === null ? {} : { keyFile, keyData: null }),
    ...(flags.token ? { token: flags.token, tokenFile: null, exec: null, authProvider: null } : {}),
  };
}

/** client-go clientcmd: validateAuthInfo. */
function checkMethods({ token, tokenFile, username, password, exec, authProvider }: UserEntry): void {
  if ((token !== null || tokenFile !== null) && (username !== null || password !== null)) {
    throw new Failure(
      'more than one authentication method found: a token and a password, only one is allowed',
      'take one of them out of the user in the kubeconfig, or choose another with --user',
    );
  }
  if (exec !== null && authProvider !== null) {
    throw new Failure(
      'authProvider cannot be provided in combination with an exec plugin',
      'take one of them out of the user in the kubeconfig, or choose another with --user',
    );
  }
}

/** k8s.io/apimachinery: IsValidPathSegmentName. */
function checkedNamespace(name: string): string {
  const why =
    name === '.' || name === '..'
      ? `may not be '${name}'`
      : ['/', '%'].filter((char) => name.includes(char)).map((char) => `may not contain '${char}'`)[0];
  if (why === undefined) return name;
  throw new Failure(`invalid namespace ${quoted(name)}: ${why}`, 'give the name of a namespace with -n');
}

/** Where no cluster is named, kubectl takes this variable, and `localhost:8080` without it. */
function withDefault(cluster: ClusterEntry, variables: Variables): ClusterEntry {
  return { ...cluster, server: cluster.server ?? (variables['KUBERNETES_MASTER'] || null) };
}

function pathOf(flag: string | undefined): string | null {
  return flag === undefined || flag === '' ? null : resolve(flag);
}

/** A server without a scheme is https when there is anything about TLS, as in client-go's DefaultServerURL. */
function serverUrl(cluster: ClusterEntry, user: UserEntry, absent: () => Failure): URL {
  if (cluster.server === null) throw absent();
  const secure = cluster.insecure || [cluster.caFile, cluster.caData, user.certFile, user.certData].some((value) => value !== null);
  const text = cluster.server.includes('://') ? cluster.server : `${secure ? 'https' : 'http'}://${cluster.server}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hostname === '' || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Failure(`the server ${quoted(cluster.server)} is no valid URL`, 'it should look like https://HOST:PORT');
  }
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function noServer({ config, flags }: TargetSources, clusterName: string): Failure {
  const places = config.lookedAt.map(clean).join(', ');
  if (clusterName !== '')
    return new Failure(`no server found for cluster ${quoted(clusterName)}`, `it has no "server" in ${places}; or give --server`);
  if (isEmpty(config)) {
    return new Failure(
      `no cluster to talk to: no kubeconfig found (looked at ${places})`,
      'set KUBECONFIG or give --kubeconfig or --server; to work from files, give --snapshot PATH',
    );
  }
  const name = flags.context || config.currentContext;
  if (name !== '')
    return new Failure(`context ${quoted(name)} names no cluster`, 'choose another with --context, or give --cluster or --server');
  return new Failure(
    `no current-context is set in ${places}`,
    `choose one with --context: ${nearNames('', config.contexts.keys(), 'contexts')}`,
  );
}

function checkedProxy(text: string | null, origin: string): string | null {
  if (text === null) return null;
  const scheme = URL.canParse(text) ? new URL(text).protocol.replace(':', '') : '';
  if (['http', 'https', 'socks5', 'socks5h'].includes(scheme)) return text;
  throw new Failure(
    `invalid ${origin}: unsupported scheme ${quoted(scheme)}, must be http, https, or socks5`,
    'it should look like http://HOST:PORT',
  );
}
