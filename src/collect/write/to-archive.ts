import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Failure } from '../../net/failure.ts';
import { printable } from '../snapshot/text.ts';
import type { SnapshotFile } from './files.ts';

const PRIVATE_FILE = 0o600;
/** The beginning of time: archives of the same cluster are the same bytes. */
const NO_TIME = new Date(0);
const CHUNK = 1 << 18;

/** Writes a .tar.gz, whole or not at all. */
export async function writeArchive(path: string, files: Iterable<SnapshotFile>, force: boolean): Promise<void> {
  if (existsSync(path) && !force)
    throw new Failure(`snapshot "${printable(path)}" cannot be written: the file exists`, 'give another path, or --force to write over it');
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  try {
    await pipeline(packed(files), createWriteStream(partial, { flags: 'wx', mode: PRIVATE_FILE }));
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Writes a .tar.gz to a stream that stays open. */
export async function writeArchiveTo(stream: Output, files: Iterable<SnapshotFile>): Promise<void> {
  if (stream.isTTY === true)
    throw new Failure('an archive is nothing for a terminal', 'send standard output to a file: -o - > FILE.tar.gz');
  // Errors are told to whoever writes; nobody else may be listening.
  const ignore = (): void => undefined;
  stream.on('error', ignore);
  try {
    for await (const chunk of packed(files)) {
      await new Promise<void>((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve())));
    }
  } finally {
    stream.off('error', ignore);
  }
}

/** The archive in pieces. One file at a time: the next is made when the one before has gone into it. */
async function* packed(files: Iterable<SnapshotFile>): AsyncGenerator<Buffer> {
  // Only the default export of a CommonJS module is the same in Node and in a bundle.
  const { pack } = (await import('tar-stream')).default;
  const archive = pack();
  const gzip = createGzip({ chunkSize: CHUNK });
  // Whoever reads is told of errors; these would throw them a second time.
  const ignore = (): void => undefined;
  for (const stream of [archive, gzip]) stream.on('error', ignore);
  const fill = async (): Promise<void> => {
    for (const { name, body } of files) {
      await new Promise<void>((resolve, reject) => {
        const header = { name, mode: PRIVATE_FILE, mtime: NO_TIME };
        archive.entry(header, body, (error) => (error ? reject(error) : resolve())).on('error', ignore);
      });
    }
    archive.finalize();
  };
  const filled = fill().catch((error: unknown) => {
    gzip.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const piped = pipeline(archive, gzip);
  piped.catch(() => undefined);
  yield* gzip as AsyncIterable<Buffer>;
  await Promise.all([filled, piped]);
}
