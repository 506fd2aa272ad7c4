import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import ssh2 from 'ssh2';
import { createLimit } from '../live/limit.ts';
import { codeOf, fileTrouble, messageOf } from '../live/text.ts';
import type { SshOptions } from './types.ts';

export type PrivateKey = ssh2.ParsedKey;

/** A key file: a key, nothing there, or why it cannot be used. */
export type KeyFile =
  | { readonly kind: 'key'; readonly key: PrivateKey }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly why: string };

/** Key files of one run: each is read, and its passphrase asked for, once. */
export interface KeyRing {
  load(file: string): Promise<KeyFile>;
  /** The public half beside a key file (`FILE.pub`), or null. */
  publicHalf(file: string): Promise<Buffer | null>;
}

/** As OpenSSH's NumberOfPasswordPrompts. */
const MOST_ATTEMPTS = 3;

export function openKeyRing({ askPassphrase }: Pick<SshOptions, 'askPassphrase'>): KeyRing {
  const loaded = new Map<string, Promise<KeyFile>>();
  const oneQuestionAtATime = createLimit(1);
  const decrypt = async (file: string, text: Buffer): Promise<KeyFile> => {
    if (askPassphrase === undefined) return { kind: 'unusable', why: 'it has a passphrase; add it to an agent with ssh-add' };
    return oneQuestionAtATime(async () => {
      for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
        const passphrase = await askPassphrase(file, attempt);
        if (passphrase === null || passphrase === '') return { kind: 'unusable', why: 'no passphrase given' };
        const key = parseOne(text, passphrase);
        if (!(key instanceof Error)) return { kind: 'key', key };
      }
      return { kind: 'unusable', why: 'wrong passphrase' };
    });
  };
  const load = async (file: string): Promise<KeyFile> => {
    const text = await readFile(file).catch((error: unknown) => (codeOf(error) === 'ENOENT' ? null : new Error(fileTrouble(error))));
    if (text === null) return { kind: 'absent' };
    if (text instanceof Error) return { kind: 'unusable', why: text.message };
    const key = parseOne(text);
    if (!(key instanceof Error)) return { kind: 'key', key };
    return /passphrase|encrypted/i.test(key.message) ? decrypt(file, text) : { kind: 'unusable', why: messageOf(key) };
  };
  return {
    load(file) {
      const known = loaded.get(file) ?? load(file);
      loaded.set(file, known);
      return known;
    },
    async publicHalf(file) {
      const text = await readFile(`${file}.pub`, 'utf8').catch(() => null);
      const blob = text?.trim().split(/\s+/)[1];
      return blob === undefined ? null : Buffer.from(blob, 'base64');
    },
  };
}

/** `~/.ssh/id_ed25519` for a file at home, as people write it. */
export function shownPath(file: string): string {
  const home = homedir();
  return file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
}

function parseOne(text: Buffer, passphrase?: string): PrivateKey | Error {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) return parsed;
  const key = (Array.isArray(parsed) ? parsed : [parsed])[0] as PrivateKey | undefined;
  return key?.isPrivateKey() === true ? key : new Error('it is no private key');
}
