/** Bytes of an entry that decide whether the rest is read. */
export const HEAD_BYTES = 4096;

/** Larger entries are not read: 256 MiB, about half of the longest string that V8 can hold. */
export const ENTRY_LIMIT = 256 * 1024 * 1024;

/** One file of a snapshot, wherever it lies. It can be read until the next one is asked for. */
export interface FileEntry {
  readonly what: 'file';
  /** Path inside the snapshot, with `/`; never a path to write to. */
  readonly name: string;
  /** The first bytes, at least HEAD_BYTES when the file has them. */
  head(): Promise<Buffer>;
  /** All bytes; null when there are more than `limit`. */
  body(limit: number): Promise<Buffer | null>;
}

/** Something that is not read: a link, or a file that could not be opened (then `problem` says why). */
export interface SkippedEntry {
  readonly what: 'skipped';
  readonly name: string;
  readonly problem: string | null;
}

export type Entry = FileEntry | SkippedEntry;

/** What a PATH turned out to be, and its files. */
export interface Source {
  readonly form: 'directory' | 'archive' | 'file';
  /** The folder that files at the top lie in: it names the node of rules that have no name of their own. */
  readonly label: string;
  readonly entries: AsyncIterable<Entry>;
}

/** A file from a stream of chunks: only as much is taken as is asked for. */
export function streamedEntry(name: string, chunks: AsyncIterator<Uint8Array>): FileEntry {
  const taken: Buffer[] = [];
  let length = 0;
  let ended = false;
  const take = async (limit: number): Promise<void> => {
    while (!ended && length < limit) {
      const next = await chunks.next();
      if (next.done === true) ended = true;
      else length += taken[taken.push(asBuffer(next.value)) - 1]?.length ?? 0;
    }
  };
  return {
    what: 'file',
    name,
    async head() {
      await take(HEAD_BYTES);
      return Buffer.concat(taken);
    },
    async body(limit) {
      await take(limit + 1);
      return length > limit ? null : Buffer.concat(taken.splice(0));
    },
  };
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
