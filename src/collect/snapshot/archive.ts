import { Readable } from 'node:stream';
import { asBuffer, type Entry, streamedEntry } from './entry.ts';

/** What may lie between two files of an archive: long names and padding, never this much. */
const OVERHEAD_LIMIT = 64 * 1024 * 1024;

/** The files of a tar stream in their order. Nothing is written to disk, so `..` in a name is only a name. */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  // Only the default export of a CommonJS module is the same in Node and in a bundle.
  const { extract } = (await import('tar-stream')).default;
  const budget = { fed: 0, expected: OVERHEAD_LIMIT };
  const source = Readable.from(metered(chunks, budget), { objectMode: false });
  const unpacked = extract();
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  try {
    for await (const stream of unpacked) {
      const { name, type, size } = stream.header;
      budget.expected = budget.fed + (size ?? 0) + OVERHEAD_LIMIT;
      if (type === 'file' || type === 'contiguous-file') yield streamedEntry(entryName(name), stream[Symbol.asyncIterator]());
      else if (type !== 'directory') yield { what: 'skipped', name: entryName(name), problem: null };
      stream.resume();
    }
  } finally {
    source.destroy();
  }
}

/** tar-stream keeps a long-name record in memory whole, however long the archive says it is. */
async function* metered(chunks: AsyncIterable<Uint8Array>, budget: { fed: number; readonly expected: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    budget.fed += chunk.length;
    if (budget.fed > budget.expected) throw new Error('Invalid tar header: a record without end');
    yield asBuffer(chunk);
  }
}

function entryName(name: string): string {
  return name.replace(/^(?:\.?\/)+/, '');
}
