import { isIP } from 'node:net';
import { Failure } from '../../net/failure.ts';
import { quoted } from '../live/text.ts';
import type { NodeTarget, SshAddress, SshOptions } from './types.ts';

/** A name or address that means nothing but itself to a program or a configuration file: OpenSSH passes %h to the shell of `Match exec` and ProxyCommand. */
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,63}$/;

export function isHost(text: string): boolean {
  return isIP(text) !== 0 ? !text.includes('%') : HOST_NAME.test(text);
}

export function isUser(text: string): boolean {
  return USER_NAME.test(text);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** Where to connect to, or why there is no such place. */
export function addressOf(node: NodeTarget, kind: SshAddress): { readonly host: string } | { readonly why: string } {
  const found = kind === 'name' ? node.name : node.addresses.find(({ type }) => type === kind)?.address;
  if (found === undefined) return { why: `it has no ${kind}; choose another with --ssh-address` };
  if (!isHost(found)) return { why: `its ${kind} ${quoted(found)} is not a host name or address; choose another with --ssh-address` };
  return { host: found };
}

/** One stop on the way, as `--ssh-jump` and ProxyJump write it. */
export interface Hop {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

const HOP =
  /^(?:ssh:\/\/)?(?:(?<user>[^@\s]+(?:@[^@\s]+)*)@)?(?:\[(?<literal>[0-9A-Fa-f:.]+)\]|(?<host>[^:@\s[\]/]+))(?::(?<port>\d{1,5}))?\/?$/;

/** The stops of `user@host:port,host2`; none for `none`. */
export function parseJump(text: string): readonly Hop[] {
  if (text.trim().toLowerCase() === 'none') return [];
  return text.split(',').map((part) => {
    const groups = HOP.exec(part.trim())?.groups;
    const host = groups?.['literal'] ?? groups?.['host'] ?? '';
    const user = groups?.['user'] ?? null;
    const port = groups?.['port'] === undefined ? null : Number(groups['port']);
    if (!isHost(host) || (user !== null && !isUser(user)) || (port !== null && !isPort(port)))
      throw new Failure(`${quoted(part)} is not a jump host`, 'write it as [user@]host[:port], several with commas');
    return { host, user, port };
  });
}

/** Refuses options that cannot be meant, before anything connects. */
export function checkOptions(options: SshOptions): void {
  const { user, port, concurrency, jump } = options;
  if (user !== undefined && !isUser(user))
    throw new Failure(`--ssh-user ${quoted(user)} is not a user name`, 'letters, digits, ".", "_" and "-"');
  if (port !== undefined && !isPort(port)) throw new Failure(`--ssh-port ${port} is not a port`, 'it must be 1 to 65535');
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0))
    throw new Failure(`${concurrency} nodes at once is not possible`, 'it must be 1 or more');
  for (const name of ['connectTimeoutMs', 'commandTimeoutMs', 'fileLimit', 'totalLimit'] as const)
    if (options[name] !== undefined && !(options[name] > 0))
      throw new Failure(`a limit of ${options[name]} is not possible`, 'it must be more than 0');
  if (jump !== undefined) parseJump(jump);
}
