import { pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { messageOf } from '../live/text.ts';
import { readSections, type Section, type SectionLimits } from './sections.ts';

/** What a node's output held, whole or not. */
export interface NodeOutput {
  readonly sections: readonly Section[];
  /** What came before anything of ours (a login shell's noise, or why it ran nothing); its beginning. */
  readonly noise: string;
  /** Why the end is missing, or null. */
  readonly broken: string | null;
}

const LONGEST_NOISE = 65_536;

/** Reads the output of `nodeScript` to its end, unpacked on the way, in memory bounded by the text that is kept. Never rejects. */
export async function readOutput(stdout: AsyncIterable<Buffer>, { mark, limits }: OutputSettings): Promise<NodeOutput> {
  const reader = readSections(mark, limits);
  const start: Start = { noise: '', packed: false };
  let broken: string | null = null;
  try {
    const bytes = afterStart(stdout, mark, start)[Symbol.asyncIterator]();
    const first = await bytes.next();
    const body = chained(first, bytes);
    for await (const chunk of start.packed ? gunzip(body) : body) reader.push(chunk);
  } catch (error) {
    broken = messageOf(error);
  }
  const sections = reader.end();
  const whole = sections.at(-1)?.words[0] === 'done';
  return {
    sections: whole ? sections : sections.slice(0, -1),
    noise: start.noise,
    broken: whole ? null : (broken ?? 'the output ends too early'),
  };
}

export interface OutputSettings {
  readonly mark: string;
  readonly limits: SectionLimits;
}

interface Start {
  noise: string;
  packed: boolean;
}

/** Passes over everything before the line that says how the rest is packed. */
async function* afterStart(stdout: AsyncIterable<Buffer>, mark: string, start: Start): AsyncGenerator<Buffer> {
  const lines = [`\n${mark} gzip\n`, `\n${mark} plain\n`].map((line) => Buffer.from(line, 'latin1'));
  let before: Buffer = Buffer.alloc(0);
  let found = false;
  for await (const chunk of stdout) {
    if (found) {
      yield chunk;
      continue;
    }
    before = Buffer.concat([before, chunk]);
    const line = lines.find((wanted) => before.includes(wanted));
    if (line === undefined) {
      if (before.length > LONGEST_NOISE) throw new Error('it prints something else than it was asked for');
      start.noise = before.toString('utf8');
      continue;
    }
    const at = before.indexOf(line);
    found = true;
    start.noise = before.toString('utf8', 0, at);
    start.packed = line === lines[0];
    yield before.subarray(at + line.length);
  }
}

async function* chained(first: IteratorResult<Buffer, unknown>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
}

/** What gzip writes when it packs its standard input: no name, no extra fields (RFC 1952, 2.3). */
const GZIP_START = Buffer.from([0x1f, 0x8b, 8, 0]);
const GZIP_HEADER = 10;

/** Not zlib's own gunzip: that throws everything away when something follows the end, such as a shell's last words. */
function gunzip(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  // Errors reach the reader through the last stream.
  return pipeline(withoutHeader(bytes), createInflateRaw({ chunkSize: 1 << 18 }), () => undefined) as AsyncIterable<Buffer>;
}

async function* withoutHeader(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let header: Buffer | null = Buffer.alloc(0);
  for await (const chunk of bytes) {
    if (header === null) {
      yield chunk;
      continue;
    }
    header = Buffer.concat([header, chunk]);
    if (header.length < GZIP_HEADER) continue;
    if (!header.subarray(0, GZIP_START.length).equals(GZIP_START)) throw new Error('what it packed is not gzip');
    yield header.subarray(GZIP_HEADER);
    header = null;
  }
}
