import { createHmac } from 'node:crypto';
import type { AddressMap } from './address-map.ts';
import type { Names } from './names.ts';

/** What redaction writes with: the same name or address always becomes the same other one. */
export interface Pen {
  readonly names: Names;
  readonly addresses: AddressMap;
  readonly key: Buffer;
  /** Base32 of the SHA-256 of a text, at least 16 characters: how kube-proxy names chains. */
  readonly chainHash: (text: string) => string;
}

const ALPHABETS = {
  hex: '0123456789abcdef',
  base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
} as const;

/** Another text of the same kind in place of a hash, which could confirm a guess at what was hashed. */
export function scramble({ key }: Pen, text: string, alphabet: keyof typeof ALPHABETS): string {
  const letters = ALPHABETS[alphabet];
  const bytes: number[] = [];
  for (let round = 0; bytes.length < text.length; round++) {
    bytes.push(...createHmac('sha256', key).update(`${round}/${text}`).digest());
  }
  return [...text].map((_, i) => letters[(bytes[i] ?? 0) % letters.length]).join('');
}
