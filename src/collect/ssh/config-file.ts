import { readdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { codeOf, fileTrouble } from '../live/text.ts';
import { type ConfigLine, readConfigLine } from './config-line.ts';
import { blockCovers } from './config-match.ts';
import { expandPath } from './config-path.ts';
import { matchesPattern } from './pattern.ts';
import { SshTrouble } from './trouble.ts';
import type { SshOptions } from './types.ts';

/** Settings by keyword in lower case, in the order in which they were found; for most the first counts. */
export type ConfigEntries = ReadonlyMap<string, readonly string[]>;

export interface ConfigQuery {
  readonly host: string;
  /** A user given otherwise than in the configuration, or null. */
  readonly user: string | null;
  readonly options: SshOptions;
  /** The user's home folder. */
  readonly home: string;
}

const LISTS: ReadonlySet<string> = new Set(['userknownhostsfile', 'globalknownhostsfile']);
/** Where OpenSSH stops, too. */
const DEEPEST_INCLUDE = 16;
const SYSTEM_FILE = '/etc/ssh/ssh_config';

/**
 * The settings for one host from the user's file and the system's: Host, Match (all, host, originalhost, user, localuser), Include, and the rule that the first
 * value counts. What cannot be decided without OpenSSH (`Match exec`…) is refused with SshTrouble: half a configuration leads to the wrong place.
 */
export async function readConfigFiles(query: ConfigQuery): Promise<ConfigEntries> {
  const { options } = query;
  const entries = new Map<string, string[]>();
  if (options.identityFiles !== undefined && options.identityFiles.length > 0) entries.set('identityfile', [...options.identityFiles]);
  const user = join(query.home, '.ssh');
  const start = { query, entries, folder: user, depth: 0, active: true };
  if (options.configFile !== undefined) await readFileInto(options.configFile, { ...start, needed: true });
  else {
    await readFileInto(join(user, 'config'), { ...start, needed: false });
    await readFileInto(SYSTEM_FILE, { ...start, folder: dirname(SYSTEM_FILE), needed: false });
  }
  return entries;
}

interface Reading {
  readonly query: ConfigQuery;
  readonly entries: Map<string, string[]>;
  /** Folder of relative Include paths. */
  readonly folder: string;
  readonly depth: number;
  /** Whether the block in which the file is included is for this host. */
  readonly active: boolean;
  readonly needed: boolean;
}

async function readFileInto(file: string, reading: Reading): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (!reading.needed && ['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return '';
    throw new SshTrouble(`the SSH configuration ${file} cannot be read: ${fileTrouble(error)}`);
  });
  let active = reading.active;
  for (const raw of text.split('\n')) {
    const line = readConfigLine(raw);
    if (line === null) continue;
    if (line.keyword === 'host' || line.keyword === 'match') active = reading.active && blockCovers(line, matchQuery(reading));
    else if (active && line.keyword === 'include') await include(line, reading);
    else if (active) setOnce(line, reading.entries);
  }
}

function matchQuery({ query: { host, user }, entries }: Reading): { host: string; hostName: string; user: string } {
  const hostName = (entries.get('hostname')?.[0] ?? '%h').replaceAll('%h', host);
  return { host, hostName, user: user ?? entries.get('user')?.[0] ?? userInfo().username };
}

/** ProxyJump and ProxyCommand are one setting: the first of either counts, but `ProxyJump none` leaves room for a ProxyCommand. */
function setOnce({ keyword, args }: ConfigLine, entries: Map<string, string[]>): void {
  const [first] = args;
  if (first === undefined) return;
  if (keyword === 'identityfile') entries.set(keyword, [...new Set([...(entries.get(keyword) ?? []), first])]);
  else if (keyword === 'proxyjump' || keyword === 'proxycommand') {
    const jump = entries.get('proxyjump')?.[0];
    const open = jump === undefined || (jump === 'none' && keyword === 'proxycommand');
    if (open && !entries.has('proxycommand')) entries.set(keyword, [args.join(' ')]);
  } else if (!entries.has(keyword)) entries.set(keyword, LISTS.has(keyword) ? [...args] : [first]);
}

async function include({ args }: ConfigLine, reading: Reading): Promise<void> {
  if (reading.depth >= DEEPEST_INCLUDE) throw new SshTrouble('the SSH configuration includes itself; mend it');
  for (const arg of args) {
    const named = arg.startsWith('~') || isAbsolute(arg) ? expandPath(arg, { home: reading.query.home }) : join(reading.folder, arg);
    for (const file of await expandPattern(named))
      await readFileInto(file, { ...reading, depth: reading.depth + 1, active: true, needed: false });
  }
}

/** Files that a path with patterns in its last part names, in order. */
async function expandPattern(path: string): Promise<readonly string[]> {
  if (!/[*?[]/.test(path)) return [path];
  if (/[*?[]/.test(dirname(path)) || path.includes('['))
    throw new SshTrouble(`the SSH configuration includes ${path}, which needs the ssh client on the PATH; install it, or name the files`);
  const names = await readdir(dirname(path)).catch(() => []);
  const wanted = (name: string): boolean =>
    matchesPattern(basename(path), name) && (!name.startsWith('.') || basename(path).startsWith('.'));
  return names
    .filter(wanted)
    .sort()
    .map((name) => join(dirname(path), name));
}
