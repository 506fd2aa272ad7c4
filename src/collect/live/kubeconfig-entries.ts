import { sep } from 'node:path';
import { broken, Fields } from './fields.ts';
import { clean, isRecord, type Json, quoted } from './text.ts';

/** A cluster of a kubeconfig; null: not set. */
export interface ClusterEntry {
  readonly server: string | null;
  readonly caFile: string | null;
  readonly caData: string | null;
  readonly insecure: boolean;
  readonly tlsServerName: string | null;
  readonly proxyUrl: string | null;
  readonly disableCompression: boolean;
  /** The extension `client.authentication.k8s.io/exec`, handed to exec plugins as it is. */
  readonly execConfig: unknown;
}

/** A command that prints credentials. */
export interface ExecEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  readonly interactiveMode: string | null;
  readonly provideClusterInfo: boolean;
  readonly installHint: string | null;
}

/** A user of a kubeconfig; null: not set. */
export interface UserEntry {
  readonly certFile: string | null;
  readonly certData: string | null;
  readonly keyFile: string | null;
  readonly keyData: string | null;
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly as: string | null;
  readonly asUid: string | null;
  readonly asGroups: readonly string[];
  readonly asUserExtra: Readonly<Record<string, readonly string[]>>;
  readonly exec: ExecEntry | null;
  readonly authProvider: { readonly name: string; readonly config: Json } | null;
}

export interface ContextEntry {
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string | null;
}

/** What one file says. */
export interface KubeconfigFile {
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

export const NO_CLUSTER: ClusterEntry = {
  server: null,
  caFile: null,
  caData: null,
  insecure: false,
  tlsServerName: null,
  proxyUrl: null,
  disableCompression: false,
  execConfig: undefined,
};

export const NO_USER: UserEntry = {
  certFile: null,
  certData: null,
  keyFile: null,
  keyData: null,
  token: null,
  tokenFile: null,
  username: null,
  password: null,
  as: null,
  asUid: null,
  asGroups: [],
  asUserExtra: {},
  exec: null,
  authProvider: null,
};

/** The entries of a parsed kubeconfig. Relative paths are taken from the folder of the file, as kubectl does. */
export function readEntries(raw: unknown, file: string): KubeconfigFile {
  if (raw === null || raw === undefined) return { currentContext: '', contexts: new Map(), clusters: new Map(), users: new Map() };
  if (!isRecord(raw)) throw broken(file, 'it is not a kubeconfig');
  const kind = raw['kind'] ?? 'Config';
  if (kind !== 'Config') throw broken(file, `it is not a kubeconfig but a ${clean(String(kind))}`);
  const top = new Fields(raw, file, '');
  return {
    currentContext: top.text('current-context') ?? '',
    contexts: named(top, 'contexts', 'context', readContext),
    clusters: named(top, 'clusters', 'cluster', readCluster),
    users: named(top, 'users', 'user', readUser),
  };
}

function named<T>(top: Fields, listKey: string, key: string, read: (fields: Fields) => T): Map<string, T> {
  const found = new Map<string, T>();
  for (const item of top.children(listKey)) {
    const name = item.text('name') ?? '';
    if (found.has(name)) throw broken(top.file, `duplicate name ${quoted(name)} in ${listKey}`);
    found.set(name, read(item.child(key, `${listKey}[${clean(name)}].`)));
  }
  return found;
}

function readContext(fields: Fields): ContextEntry {
  return { cluster: fields.text('cluster') ?? '', user: fields.text('user') ?? '', namespace: fields.text('namespace') };
}

function readCluster(fields: Fields): ClusterEntry {
  const extension = fields.children('extensions').find((item) => item.text('name') === 'client.authentication.k8s.io/exec');
  return {
    server: fields.text('server'),
    caFile: fields.path('certificate-authority'),
    caData: fields.data('certificate-authority-data'),
    insecure: fields.flag('insecure-skip-tls-verify'),
    tlsServerName: fields.text('tls-server-name'),
    proxyUrl: fields.text('proxy-url'),
    disableCompression: fields.flag('disable-compression'),
    execConfig: extension?.raw['extension'],
  };
}

function readUser(fields: Fields): UserEntry {
  return {
    certFile: fields.path('client-certificate'),
    certData: fields.data('client-certificate-data'),
    keyFile: fields.path('client-key'),
    keyData: fields.data('client-key-data'),
    token: fields.text('token'),
    tokenFile: fields.path('tokenFile'),
    username: fields.text('username'),
    password: fields.text('password'),
    as: fields.text('as'),
    asUid: fields.text('as-uid'),
    asGroups: fields.texts('as-groups'),
    asUserExtra: readExtra(fields.child('as-user-extra')),
    exec: isRecord(fields.raw['exec']) ? readExec(fields.child('exec')) : null,
    authProvider: isRecord(fields.raw['auth-provider']) ? readProvider(fields.child('auth-provider')) : null,
  };
}

function readExtra(fields: Fields): Record<string, readonly string[]> {
  return Object.fromEntries(Object.keys(fields.raw).map((key) => [key, fields.texts(key)]));
}

function readExec(fields: Fields): ExecEntry {
  return {
    // A bare name is looked up in PATH; only a path is taken from the folder of the file.
    command: (fields.text('command')?.includes(sep) ? fields.path('command') : fields.text('command')) ?? '',
    args: fields.texts('args'),
    env: fields.children('env').map((item) => ({ name: item.text('name') ?? '', value: item.text('value') ?? '' })),
    apiVersion: fields.text('apiVersion') ?? '',
    interactiveMode: fields.text('interactiveMode'),
    provideClusterInfo: fields.flag('provideClusterInfo'),
    installHint: fields.text('installHint'),
  };
}

function readProvider(fields: Fields): { name: string; config: Json } {
  return { name: fields.text('name') ?? '', config: fields.child('config').raw };
}
