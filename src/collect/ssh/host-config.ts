import { homedir, userInfo } from 'node:os';
import { codeOf, fileTrouble } from '../live/text.ts';
import { type ConfigEntries, readConfigFiles } from './config-file.ts';
import { expandPath } from './config-path.ts';
import { type HostConfig, valuesOf } from './config-values.ts';
import { runProgram } from './program.ts';
import type { Hop } from './target.ts';
import { SshTrouble } from './trouble.ts';
import type { SshOptions } from './types.ts';

/** What the configuration is asked with. */
export interface HostQuery {
  readonly hop: Hop;
  readonly options: SshOptions;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 10_000;

/**
 * How to reach a host. Asks the OpenSSH client itself (`ssh -G`), so that Include, Match, patterns and tokens mean what they mean to OpenSSH. Without one on the
 * PATH the files are read here, see `readConfigFiles`; what cannot be read rightly there is refused and never guessed.
 */
export async function hostConfig(query: HostQuery): Promise<HostConfig> {
  const { hop, options } = query;
  const variables = options.variables ?? process.env;
  const asked = await askOpenssh(query);
  // OpenSSH takes the home folder from the user database and not from HOME.
  const home = asked === null ? variables['HOME'] || homedir() : userInfo().homedir;
  const entries = asked ?? (await readConfigFiles({ host: hop.host, user: hop.user, options, home }));
  const config = valuesOf(entries, { hop, variables, home });
  if (options.knownHosts === undefined) return config;
  return { ...config, userKnownHosts: options.knownHosts.map((file) => expandPath(file, { home })), globalKnownHosts: [] };
}

/** Null when there is no `ssh` on the PATH. */
async function askOpenssh({ hop, options, signal }: HostQuery): Promise<ConfigEntries | null> {
  try {
    const { status, stdout, stderr } = await runProgram('ssh', {
      args: ['-G', ...commonArgs(options), ...hopArgs(hop), '--', hop.host],
      env: options.variables ?? process.env,
      timeoutMs: PATIENCE_MS,
      signal,
    });
    if (status === 0) return parseListing(stdout);
    throw new SshTrouble(`the SSH configuration cannot be read: ${lastLine(stderr) || 'ssh -G did not answer'}; mend it`);
  } catch (error) {
    if (error instanceof SshTrouble) throw error;
    if (codeOf(error) === 'ENOENT') return null;
    throw new SshTrouble(signal.aborted ? 'interrupted' : `ssh -G cannot be run: ${fileTrouble(error)}`);
  }
}

/** Arguments that hold for every host. */
export function commonArgs({ configFile, identityFiles = [] }: SshOptions): readonly string[] {
  return [...(configFile === undefined ? [] : ['-F', configFile]), ...identityFiles.flatMap((file) => ['-i', file])];
}

export function hopArgs({ user, port }: Hop): readonly string[] {
  return [...(user === null ? [] : ['-l', user]), ...(port === null ? [] : ['-p', String(port)])];
}

/** The last line that says something; ssh prints its reason there. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim() ?? '';
}

/** `ssh -G` prints one setting a line, lists with spaces, quotes gone. */
const LISTS: ReadonlySet<string> = new Set(['userknownhostsfile', 'globalknownhostsfile']);

function parseListing(listing: string): ConfigEntries {
  const entries = new Map<string, string[]>();
  for (const line of listing.split('\n')) {
    const space = line.indexOf(' ');
    if (space <= 0) continue;
    const key = line.slice(0, space).toLowerCase();
    const value = line.slice(space + 1).trim();
    entries.set(key, [...(entries.get(key) ?? []), ...(LISTS.has(key) ? value.split(' ') : [value])]);
  }
  return entries;
}
