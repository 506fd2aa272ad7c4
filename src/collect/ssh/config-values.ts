import { userInfo } from 'node:os';
import type { ConfigEntries } from './config-file.ts';
import { expandPath } from './config-path.ts';
import { type Hop, isPort } from './target.ts';
import { SshTrouble } from './trouble.ts';
import type { SshVariables } from './types.ts';

/** How to reach one host, after the user's SSH configuration. */
export interface HostConfig {
  /** The name in the host's known_hosts lines, instead of its own. */
  readonly hostKeyAlias: string | null;
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent, or null. */
  readonly agent: string | null;
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly hashKnownHosts: boolean;
  /** Whether the configuration takes keys of unknown hosts (`accept-new`, `no`). `no` counts as `accept-new`: a changed key is refused all the same. */
  readonly acceptsNew: boolean;
}

interface Surroundings {
  readonly hop: Hop;
  readonly variables: SshVariables;
  readonly home: string;
}

const DEFAULT_KEYS = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];
const DEFAULT_USER_HOSTS = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
const DEFAULT_GLOBAL_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** The settings that matter here, with OpenSSH's defaults. */
export function valuesOf(entries: ConfigEntries, { hop, variables, home }: Surroundings): HostConfig {
  const one = (key: string): string | null => entries.get(key)?.[0] ?? null;
  const user = hop.user ?? one('user') ?? userInfo().username;
  const hostName = (one('hostname') ?? '%h').replace(/%([h%])/g, (_, token: string) => (token === 'h' ? hop.host : '%'));
  const port = hop.port ?? Number(one('port') ?? 22);
  if (!isPort(port)) throw new SshTrouble(`the SSH configuration says Port ${one('port')}, which is not a port; mend it`);
  const path = (text: string): string => expandPath(text, { host: { user, hostName, port }, home });
  const files = (key: string, otherwise: readonly string[]): readonly string[] =>
    (entries.get(key) ?? otherwise).filter((file) => file !== '' && file !== 'none').map(path);
  return {
    hostName,
    user,
    port,
    hostKeyAlias: one('hostkeyalias'),
    identityFiles: files('identityfile', DEFAULT_KEYS),
    identitiesOnly: isYes(one('identitiesonly')),
    agent: agentSocket(one('identityagent'), variables, path),
    proxyJump: unlessNone(one('proxyjump')),
    proxyCommand: unlessNone(one('proxycommand')),
    userKnownHosts: files('userknownhostsfile', DEFAULT_USER_HOSTS),
    globalKnownHosts: files('globalknownhostsfile', DEFAULT_GLOBAL_HOSTS),
    hashKnownHosts: isYes(one('hashknownhosts')),
    acceptsNew: ['accept-new', 'no', 'off', 'false'].includes(one('stricthostkeychecking')?.toLowerCase() ?? ''),
  };
}

function isYes(value: string | null): boolean {
  return ['yes', 'true'].includes(value?.toLowerCase() ?? '');
}

function unlessNone(value: string | null): string | null {
  return value === null || value.toLowerCase() === 'none' ? null : value;
}

function agentSocket(configured: string | null, variables: SshVariables, path: (text: string) => string): string | null {
  const usual = variables['SSH_AUTH_SOCK'] ?? '';
  if (configured === null || configured === 'SSH_AUTH_SOCK') return usual === '' ? null : usual;
  if (configured === 'none') return null;
  if (configured.startsWith('$')) return variables[configured.slice(1).replace(/^\{(.*)\}$/, '$1')] || null;
  return path(configured);
}
