import { createReadStream, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Failure } from '../../net/failure.ts';
import { tarEntries } from './archive.ts';
import { ioReason, walkDirectory } from './directory.ts';
import { asBuffer, type Source, streamedEntry } from './entry.ts';
import { isBinary, printable } from './text.ts';
import { gunzip, MAGIC_BYTES, magicOf, unxz } from './unpack.ts';

/** What the user may give instead, for hints. */
export const SNAPSHOT_HINT =
  'a snapshot is a directory, a .tar, .tar.gz or .tar.xz archive, one YAML or JSON file, or - for standard input; "kubectl srcip snapshot -o PATH" writes one';

/** Where a snapshot comes from. */
export interface Place {
  readonly path: string;
  readonly cwd: string;
  readonly stdin: AsyncIterable<unknown>;
}

/** Finds out what a PATH is, by what it holds and not by its name. */
export async function openSource(place: Place): Promise<Source> {
  if (place.path === '-') return openStream(stdinChunks(place.stdin), { name: 'standard input', folder: 'stdin' });
  const path = resolve(place.cwd, place.path);
  const stats = statOf(path, place.path);
  const name = basename(path);
  if (stats.isDirectory()) return { form: 'directory', label: basename(realpathSync(path)), entries: asyncly(walkDirectory(path)) };
  const chunks = createReadStream(path, { highWaterMark: 1024 * 1024 });
  return openStream(chunks, { name, folder: basename(dirname(path)) });
}

interface Named {
  readonly name: string;
  /** Base name of the folder in which it lies. */
  readonly folder: string;
}

async function openStream(chunks: AsyncIterable<Uint8Array>, { name, folder }: Named): Promise<Source> {
  const outer = await peek(chunks);
  const outerMagic = magicOf(outer.head);
  const isPacked = outerMagic === 'gzip' || outerMagic === 'xz';
  const inner = isPacked ? await peek(outerMagic === 'gzip' ? gunzip(outer.chunks) : unxz(outer.chunks)) : outer;
  refuse(name, inner.head, isPacked);
  if (inner.head.length === 0) throw new Failure(`snapshot "${printable(name)}" is empty`, SNAPSHOT_HINT);
  if (magicOf(inner.head) === 'tar')
    return { form: 'archive', label: name.replace(/(?:\.tar)?\.(?:gz|xz)$|\.(?:tgz|txz|tar)$/i, ''), entries: tarEntries(inner.chunks) };
  const file = streamedEntry(isPacked ? name.replace(/\.(?:gz|xz)$/i, '') : name, inner.chunks[Symbol.asyncIterator]());
  return { form: 'file', label: folder, entries: asyncly([file]) };
}

function refuse(name: string, head: Buffer, isPacked: boolean): void {
  const magic = magicOf(head);
  const shown = printable(name);
  if (magic === 'empty-tar') throw new Failure(`snapshot "${shown}" is an empty archive`, SNAPSHOT_HINT);
  if (magic === 'zip' || magic === 'bzip2' || magic === 'zstd') {
    throw new Failure(
      `snapshot "${shown}" is packed with ${magic}, which is not supported`,
      'unpack it and give the directory, or pack it as .tar.gz',
    );
  }
  if (magic === 'other' && isBinary(head)) throw new Failure(`snapshot "${shown}" is a binary file of an unknown format`, SNAPSHOT_HINT);
  if (isPacked && (magic === 'gzip' || magic === 'xz')) throw new Failure(`snapshot "${shown}" is compressed twice`, 'decompress it once');
}

interface Peeked {
  readonly head: Buffer;
  /** All chunks, also those that were looked at. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function peek(chunks: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  while (length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    seen.push(next.value);
    length += next.value.length;
  }
  return { head: Buffer.concat(seen), chunks: chain(seen, iterator) };
}

async function* chain(seen: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* seen;
  try {
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* stdinChunks(stdin: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stdin) {
    if (typeof chunk === 'string') yield Buffer.from(chunk);
    else if (chunk instanceof Uint8Array) yield asBuffer(chunk);
  }
}

async function* asyncly<T>(values: Iterable<T>): AsyncGenerator<T> {
  yield* values;
}

function statOf(path: string, given: string): Stats {
  const shown = printable(given);
  try {
    return statSync(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new Failure(
      isMissing ? `snapshot "${shown}" does not exist` : `snapshot "${shown}" cannot be read: ${ioReason(error)}`,
      SNAPSHOT_HINT,
    );
  }
}
