import { readFile } from 'node:fs/promises';
import { type Agent, validateHeaderValue } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { Failure } from '../../net/failure.ts';
import { noToken, usableAuthProvider } from './auth-provider.ts';
import { type ExecSurroundings, runExecPlugin } from './exec-plugin.ts';
import { checkAddress } from './identity.ts';
import { impersonationHeaders } from './impersonation.ts';
import { NO_USER, type UserEntry } from './kubeconfig-entries.ts';
import type { Target } from './target.ts';
import { clean, codeOf, fileTrouble, messageOf, quoted } from './text.ts';
import { trusted } from './trust.ts';
import { handsOverWhole, wholeRequests } from './whole-requests.ts';

/** Everything that each request to the server has in common. */
export interface Session {
  readonly agent: Agent;
  /** Stands before each path where a proxy is handed requests whole; else empty. */
  readonly origin: string;
  /** Options for `http.request` or `https.request`: host, port, credentials. */
  readonly options: RequestOptions;
}

export interface SessionLimits extends ExecSurroundings {
  readonly connectTimeoutMs: number;
}

/** Credentials and trust, made ready once: tokens read, exec plugin run, one keep-alive agent. */
export async function openSession(target: Target, limits: SessionLimits): Promise<Session> {
  const user = await withCredentials(target, limits);
  if (handsOverWhole(target)) return wholeRequests(target, user);
  const options = await throughLibrary(target, user, limits);
  const { agent } = options;
  if (agent === undefined || typeof agent === 'boolean') throw new Error('the client library made no agent');
  // The library's agents close the connection after each request, which costs one TLS handshake per page.
  Object.assign(agent, { keepAlive: true });
  // Given with each request, it would keep Node 24 from using a connection again.
  Object.assign(Object(Reflect.get(agent, 'options')), identity(target));
  unbracketProxy(agent);
  trustProxy(agent);
  const headers = { ...options.headers, ...impersonationHeaders(user) };
  checkHeaders(headers, target);
  return { agent, origin: '', options: { ...address(target), headers, agent, ...(options.auth ? { auth: options.auth } : {}) } };
}

/** Credentials never travel in clear: like kubectl, an http server gets none, only the impersonation headers. */
async function withCredentials(target: Target, limits: SessionLimits): Promise<UserEntry> {
  const { user } = target;
  if (target.server.protocol === 'http:')
    return { ...NO_USER, as: user.as, asUid: user.asUid, asGroups: user.asGroups, asUserExtra: user.asUserExtra };
  if (user.tokenFile !== null) return { ...user, token: await tokenIn(user.tokenFile, user.token) };
  // client-go runs the plugin only for requests that have no credentials yet.
  if (user.exec === null || [user.token, user.certFile, user.certData, user.username].some((value) => value !== null)) return user;
  const { token, cert, key } = await runExecPlugin(user.exec, target, limits);
  const pair = cert === null || key === null ? {} : { certFile: null, certData: base64(cert), keyFile: null, keyData: base64(key) };
  return { ...user, token, ...pair };
}

async function tokenIn(path: string, fallback: string | null): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (fallback !== null) return fallback;
    throw new Failure(`unable to read tokenFile ${quoted(path)}: ${fileTrouble(error)}`, 'mend its path in the kubeconfig');
  });
  const token = text.trim() || fallback;
  if (token === null) throw new Failure(`tokenFile ${quoted(path)} is empty`, 'whoever renews the token should write it there');
  return token;
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}

async function throughLibrary(target: Target, user: UserEntry, limits: SessionLimits): Promise<RequestOptions> {
  const { cluster, proxy, server } = target;
  if (user.certFile !== null || user.certData !== null) requireKey(user, target);
  const authProvider = user.token === null ? usableAuthProvider(user, target.userName) : null;
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const plainHttp = server.protocol === 'http:';
  config.loadFromOptions({
    currentContext: 'c',
    contexts: [{ name: 'c', cluster: 'c', user: 'u' }],
    clusters: [
      {
        name: 'c',
        server: server.href,
        // The library speaks http only to servers whose TLS it need not verify.
        skipTLSVerify: cluster.insecure || plainHttp,
        ...(plainHttp ? {} : given('caData', await trusted(target))),
        ...given('tlsServerName', isIP(cluster.tlsServerName ?? '') > 0 ? null : cluster.tlsServerName),
        // Like Go, let a SOCKS proxy look names up; the library would do that here for `socks5`.
        ...given('proxyUrl', proxy?.replace(/^socks5:/i, 'socks5h:') ?? null),
      },
    ],
    users: [
      {
        name: 'u',
        ...(user.certData === null ? given('certFile', user.certFile) : { certData: user.certData }),
        ...(user.keyData === null ? given('keyFile', user.keyFile) : { keyData: user.keyData }),
        ...given('token', user.token),
        ...(user.username === null ? {} : { username: user.username, password: user.password ?? '' }),
        ...given('impersonateUser', user.as),
        ...(authProvider === null ? {} : { authProvider }),
      },
    ],
  });
  const options: RequestOptions = { rejectUnauthorized: !cluster.insecure, headers: {} };
  // An http proxy's CONNECT knows no other limit; a SOCKS agent would take it for a limit on the whole connection.
  if (proxy?.startsWith('http')) options.timeout = limits.connectTimeoutMs;
  await config.applyToHTTPSOptions(options).catch((error: unknown) => {
    throw libraryTrouble(error, target, user);
  });
  if (authProvider !== null && options.headers !== undefined && !('Authorization' in options.headers)) throw noToken(user, target.userName);
  return options;
}

function given<K extends string>(key: K, value: string | null): Partial<Record<K, string>> {
  const pair: Partial<Record<K, string>> = {};
  if (value !== null && value !== '') pair[key] = value;
  return pair;
}

function requireKey(user: UserEntry, target: Target): void {
  if (user.keyFile !== null || user.keyData !== null) return;
  throw new Failure(
    `client-key-data or client-key must be specified for ${quoted(target.userName)} to use the clientCert authentication method`,
    'give --client-key, or mend the user in the kubeconfig',
  );
}

function libraryTrouble(error: unknown, target: Target, user: UserEntry): Failure {
  const path = typeof error === 'object' && error !== null && 'path' in error ? error.path : null;
  const named = [
    ['client-certificate', user.certFile],
    ['client-key', user.keyFile],
  ].find(([, file]) => file !== null && file === path);
  if (codeOf(error) !== '' && named !== undefined) {
    return new Failure(
      `unable to read ${named[0]} ${quoted(String(path))}: ${fileTrouble(error)}`,
      'mend its path in the kubeconfig or in the flag',
    );
  }
  return user.authProvider === null
    ? new Failure(`cannot use the credentials of user ${quoted(target.userName)}: ${messageOf(error)}`, 'see kubectl config view --minify')
    : noToken(user, target.userName);
}

function checkHeaders(headers: Readonly<Record<string, unknown>>, target: Target): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      for (const one of Array.isArray(value) ? value : [value]) validateHeaderValue(name, String(one));
    } catch {
      const what = name === 'Authorization' ? `the token of user ${quoted(target.userName)}` : clean(name);
      throw new Failure(`${what} holds characters that no HTTP header can carry`, 'check it for line breaks and characters outside ASCII');
    }
  }
}

/** An https proxy is trusted as the server is, as in Go. */
function trustProxy(agent: Agent): void {
  if (!('proxyRequestOptions' in agent)) return;
  const { ca, cert, key, rejectUnauthorized } = Object(Reflect.get(agent, 'options')) as RequestOptions;
  Object.assign(agent, { proxyRequestOptions: { ca, cert, key, rejectUnauthorized } });
}

function address({ server, proxy }: Target): RequestOptions {
  // The CONNECT line needs the brackets of an IPv6 address, a socket must not have them.
  const bare = server.hostname.replace(/^\[|\]$/g, '');
  const host = proxy?.startsWith('http') ? server.hostname : bare;
  return { protocol: server.protocol, host, port: server.port || (server.protocol === 'https:' ? 443 : 80) };
}

/** Names that are addresses: they are compared with the certificate, but never sent as SNI. */
function identity({ server, cluster }: Target): Pick<RequestOptions, 'checkServerIdentity'> {
  const bare = server.hostname.replace(/^\[|\]$/g, '');
  const name = cluster.tlsServerName ?? bare;
  return isIP(name) > 0 ? { checkServerIdentity: (_host, certificate) => checkAddress(name, certificate) } : {};
}

/** The library's http proxy agent hands `[::1]` with its brackets to the resolver. */
function unbracketProxy(agent: Agent): void {
  if (!('proxy' in agent) || !(agent.proxy instanceof URL) || !agent.proxy.hostname.startsWith('[')) return;
  const { protocol, hostname, port, username, password } = agent.proxy;
  Object.assign(agent, { proxy: { protocol, hostname: hostname.slice(1, -1), port, username, password } });
}
