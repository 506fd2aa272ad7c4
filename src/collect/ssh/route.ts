import type { HostConfig } from './config-values.ts';
import { hostConfig } from './host-config.ts';
import { type Hop, parseJump } from './target.ts';
import { SshTrouble } from './trouble.ts';
import type { SshOptions } from './types.ts';

/** The configuration of a host, and those of the jump hosts before it, the nearest first. */
export interface Route {
  readonly config: HostConfig;
  readonly stops: readonly HostConfig[];
}

export interface RouterSettings {
  readonly options: SshOptions;
  readonly signal: AbortSignal;
}

/** More stops than anyone has. */
const MOST_STOPS = 8;

/** Finds ways to hosts; the configuration of a jump host is asked for once. */
export function createRouter({ options, signal }: RouterSettings): (target: Hop) => Promise<Route> {
  const configs = new Map<string, Promise<HostConfig>>();
  const configOf = (hop: Hop): Promise<HostConfig> => {
    const known = configs.get(nameOf(hop)) ?? hostConfig({ hop, options, signal });
    configs.set(nameOf(hop), known);
    return known;
  };

  /** Only the first of several jump hosts may have a ProxyJump of its own, as with OpenSSH's -J. */
  async function before(
    hop: Hop,
    { jump, path }: { readonly jump: string | undefined; readonly path: readonly string[] },
  ): Promise<readonly HostConfig[]> {
    const config = await configOf(hop);
    const [first, ...rest] = jumpsTo(config, { hop, jump });
    if (first === undefined) return [];
    const further = [...path, nameOf(hop)];
    if (further.includes(nameOf(first)) || further.length > MOST_STOPS) throw new SshTrouble(`ProxyJump goes in circles at ${first.host}`);
    const farther = await before(first, { jump: undefined, path: further });
    return [...farther, ...(await Promise.all([first, ...rest].map(configOf)))];
  }

  return async (target) => ({
    config: await configOf(target),
    stops: await before(target, { jump: options.jump, path: [] }),
  });
}

function nameOf({ user, host, port }: Hop): string {
  return `${user ?? ''}@${host}:${port ?? ''}`;
}

/**
 * The stops before a host. A ProxyCommand is refused and never run: it is a line for a shell, with names from the cluster put into it (%h), and the connection
 * through it would be made by a program that this one can neither limit nor end for certain. ProxyJump, `--ssh-jump` (also `none`) or OpenSSH itself do instead.
 */
function jumpsTo(config: HostConfig, { hop, jump }: { readonly hop: Hop; readonly jump: string | undefined }): readonly Hop[] {
  if (config.proxyCommand !== null && jump === undefined)
    throw new SshTrouble(
      'its configuration has a ProxyCommand, which the built-in client does not run; use ProxyJump or --ssh-command ssh',
    );
  const text = jump ?? config.proxyJump;
  if (text === null) return [];
  // `Host *` with ProxyJump covers the jump host, too.
  return parseJump(text).filter(
    ({ host, port }) => !([hop.host, config.hostName].includes(host) && (port === null || port === config.port)),
  );
}
