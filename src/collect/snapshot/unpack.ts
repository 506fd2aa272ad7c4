import { Readable } from 'node:stream';

/** What the first bytes of a stream say about it. */
type Magic = 'gzip' | 'xz' | 'tar' | 'empty-tar' | 'zip' | 'bzip2' | 'zstd' | 'other';

/** Bytes that magicOf needs: one tar header. */
export const MAGIC_BYTES = 512;

const SIGNATURES: readonly (readonly [Magic, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/** Recognises a format by its first bytes, never by a name. */
export function magicOf(head: Buffer): Magic {
  const found = SIGNATURES.find(([, bytes]) => bytes.every((byte, i) => head[i] === byte));
  if (found !== undefined) return found[0];
  if (head.length < MAGIC_BYTES) return 'other';
  if (head.subarray(0, MAGIC_BYTES).every((byte) => byte === 0)) return 'empty-tar';
  return hasTarChecksum(head) ? 'tar' : 'other';
}

/** Decompresses a gzip stream. Errors of the source arrive at the reader. */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import('node:zlib');
  const source = Readable.from(chunks, { objectMode: false });
  const unpacked = createGunzip({ chunkSize: 1024 * 1024 });
  source.on('error', (error) => unpacked.destroy(error));
  try {
    yield* source.pipe(unpacked) as AsyncIterable<Uint8Array>;
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/** Decompresses an xz stream. */
export async function* unxz(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Only the default export of a CommonJS module is the same in Node and in a bundle.
  const { XzReadableStream } = (await import('xz-decompress')).default;
  const source = Readable.from(chunks, { objectMode: false });
  const unpacked = new XzReadableStream(Readable.toWeb(source) as ConstructorParameters<typeof XzReadableStream>[0]);
  try {
    yield* unpacked as unknown as AsyncIterable<Uint8Array>;
  } finally {
    source.destroy();
  }
}

/** Why a compressed stream or a tar archive could not be read, or null when the error is another one. */
export function unpackReason(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR' || error.message === 'Unexpected end of data') return 'it is cut short';
  if (typeof code === 'string' && code.startsWith('Z_')) return 'its gzip data is damaged';
  if (error.message.startsWith('Invalid tar header')) return 'its tar data is damaged';
  // Codes of xz-embedded: 4 memory limit, 6 options, 7 damaged data, 8 no more input.
  const xz = /get_next_output failed with error code (\d+)/.exec(error.message)?.[1];
  if (xz === '8') return 'it is cut short';
  if (xz === '4' || xz === '6') return 'its xz data uses a filter, check or dictionary size that is not supported';
  return xz === undefined ? null : 'its xz data is damaged';
}

function hasTarChecksum(head: Buffer): boolean {
  const stored = Number.parseInt(
    head
      .toString('latin1', 148, 156)
      .replace(/[\0 ]+$/, '')
      .trim(),
    8,
  );
  let sum = 0;
  for (let i = 0; i < MAGIC_BYTES; i++) sum += i >= 148 && i < 156 ? 0x20 : (head[i] ?? 0);
  return sum === stored;
}
