import { createHmac, timingSafeEqual } from 'node:crypto';
import { coveredBy } from './pattern.ts';

/** One usable line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownLine {
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  readonly hosts: string;
  readonly type: string;
  /** The key itself, as on the wire. */
  readonly key: Buffer;
  readonly file: string;
  readonly line: number;
  /** Found without the host's port: its key vouches for the host, but another key does not mean that the key changed. */
  readonly anyPort?: true;
}

const LINE =
  /^(?:@(?<marker>cert-authority|revoked)[ \t]+)?(?<hosts>[^ \t@][^ \t]*)[ \t]+(?<type>[a-zA-Z0-9@.-]+)[ \t]+(?<key>[A-Za-z0-9+/]+=*)(?:[ \t]|$)/;

/** The lines of a file; comments and lines that cannot be read are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): readonly KnownLine[] {
  const lines: KnownLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const groups = LINE.exec(raw.trim())?.groups;
    if (groups === undefined) continue;
    const { marker = 'none', hosts = '', type = '', key = '' } = groups;
    const blob = Buffer.from(key, 'base64');
    if (keyType(blob) !== type) continue;
    lines.push({ marker: marker as KnownLine['marker'], hosts, type, key: blob, file, line: index + 1 });
  }
  return lines;
}

/** The type that a key blob carries (`ssh-ed25519`), or null. */
export function keyType(blob: Buffer): string | null {
  if (blob.length < 4) return null;
  const length = blob.readUInt32BE(0);
  return length > 0 && length <= 64 && blob.length >= 4 + length ? blob.toString('latin1', 4, 4 + length) : null;
}

/** The name under which a host stands in known_hosts. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether a line's host field covers a name: a hash, or patterns with `*`, `?` and `!`. */
export function coversHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  return coveredBy(hosts.toLowerCase().split(','), name);
}

/** `|1|salt|hash`, as HashKnownHosts writes it. */
export function hashedName(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}
