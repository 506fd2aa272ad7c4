import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createLimit } from '../live/limit.ts';
import { codeOf, fileTrouble } from '../live/text.ts';
import type { HostConfig } from './config-values.ts';
import { coversHost, hashedName, type KnownLine, keyType, knownName, parseKnownHosts } from './known-hosts.ts';
import { SshTrouble } from './trouble.ts';

/** The known_hosts files of one run, each read once. */
export interface KnownHostsStore {
  /** The lines that speak of a host, the user's files first. */
  linesFor(config: HostConfig): Promise<readonly KnownLine[]>;
  /** Appends a key to the user's first file; returns that file. */
  remember(config: HostConfig, key: Buffer): Promise<string>;
}

export function openKnownHosts(): KnownHostsStore {
  const files = new Map<string, Promise<readonly KnownLine[]>>();
  const oneAtATime = createLimit(1);
  const linesOf = (file: string): Promise<readonly KnownLine[]> => {
    const lines = files.get(file) ?? readLines(file);
    files.set(file, lines);
    return lines;
  };
  return {
    async linesFor(config) {
      const all = await Promise.all([...config.userKnownHosts, ...config.globalKnownHosts].map(linesOf));
      const lines = all.flat();
      const named = lines.filter(({ hosts }) => coversHost(hosts, nameOf(config)));
      if (named.some(({ marker }) => marker !== 'revoked') || config.hostKeyAlias !== null || config.port === 22) return named;
      return [...named, ...withoutPort(lines, config)];
    },
    remember(config, key) {
      return oneAtATime(async () => {
        const file = config.userKnownHosts[0];
        if (file === undefined) throw new SshTrouble('there is no known_hosts file to remember its key in; set UserKnownHostsFile');
        const name = config.hashKnownHosts ? hashedName(nameOf(config), randomBytes(20)) : nameOf(config);
        const text = `${name} ${keyType(key)} ${key.toString('base64')}`;
        const before = await linesOf(file);
        if (before.some((line) => line.marker === 'none' && line.key.equals(key) && coversHost(line.hosts, nameOf(config)))) return file;
        await appendLine(file, text);
        files.set(file, Promise.resolve([...before, ...parseKnownHosts(text, file)]));
        return file;
      });
    },
  };
}

/** The name that a host's lines have. */
export function nameOf({ hostKeyAlias, hostName, port }: HostConfig): string {
  return hostKeyAlias === null ? knownName(hostName, port) : hostKeyAlias.toLowerCase();
}

/** A line without the port vouches for its own key on any port, but a different key there proves nothing (sshconnect.c, "checking without port identifier"). */
function withoutPort(lines: readonly KnownLine[], { hostName }: HostConfig): readonly KnownLine[] {
  return lines.filter(({ hosts }) => coversHost(hosts, knownName(hostName, 22))).map((line) => ({ ...line, anyPort: true as const }));
}

async function readLines(file: string): Promise<readonly KnownLine[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return [];
    throw new SshTrouble(`the host keys in ${file} cannot be read: ${fileTrouble(error)}`);
  }
}

/** One write to a file opened for appending, so that lines of programs that do the same at the same time stay whole. */
async function appendLine(file: string, line: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1);
      const tail = size > 0 && (await handle.read(last, 0, 1, size - 1)).bytesRead === 1 ? last.toString('latin1') : '\n';
      await handle.write(`${tail === '\n' ? '' : '\n'}${line}\n`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new SshTrouble(`its key cannot be remembered in ${file}: ${fileTrouble(error)}`);
  }
}
