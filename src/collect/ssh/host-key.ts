import { createHash } from 'node:crypto';
import { type KnownLine, keyType } from './known-hosts.ts';

/** What known_hosts says about the key that a host shows. */
export type HostKeyAnswer =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly line: KnownLine }
  | { readonly kind: 'revoked'; readonly line: KnownLine }
  | { readonly kind: 'certificate-only'; readonly line: KnownLine };

/**
 * As OpenSSH decides (hostfile.c check_key_in_hostkeys): a revoked key is refused, an equal key is known, any other key of this host means that the key
 * changed. A host of which only a certificate authority is known cannot be checked by its plain key.
 */
export function judgeHostKey(blob: Buffer, lines: readonly KnownLine[]): HostKeyAnswer {
  const revoked = lines.find(({ marker, key }) => marker === 'revoked' && key.equals(blob));
  if (revoked !== undefined) return { kind: 'revoked', line: revoked };
  const plain = lines.filter(({ marker }) => marker === 'none');
  if (plain.some(({ key }) => key.equals(blob))) return { kind: 'known' };
  const own = plain.filter(({ anyPort }) => anyPort === undefined);
  const other = own.find(({ type }) => type === keyType(blob)) ?? own[0];
  if (other !== undefined) return { kind: 'changed', line: other };
  const authority = lines.find(({ marker }) => marker === 'cert-authority');
  return authority === undefined ? { kind: 'unknown' } : { kind: 'certificate-only', line: authority };
}

/** Signature algorithms that ssh2 can check, by key type, in OpenSSH's order of preference. SHA-1 (`ssh-rsa`) is left out, as OpenSSH 8.8 does. */
const ALGORITHMS = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;

export type HostKeyAlgorithm = (typeof ALGORITHMS)[keyof typeof ALGORITHMS][number];

/** What to ask of the server: first the key types that known_hosts has of it. Otherwise it would show another of its keys, and a good host would look changed. */
export function hostKeyAlgorithms(lines: readonly KnownLine[]): HostKeyAlgorithm[] {
  const known = new Set(lines.filter(({ marker }) => marker === 'none').map(({ type }) => type));
  const entries = Object.entries(ALGORITHMS);
  return [...entries.filter(([type]) => known.has(type)), ...entries.filter(([type]) => !known.has(type))].flatMap(([, names]) => names);
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** `ED25519`, `RSA`, as OpenSSH's messages name a key type. */
export function keyTypeName(blob: Buffer): string {
  const type = keyType(blob) ?? 'unknown';
  if (type.startsWith('ecdsa-')) return 'ECDSA';
  return type.replace(/^ssh-/, '').toUpperCase();
}
