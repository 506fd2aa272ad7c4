import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file in an archive. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

// The same files give the same bytes: no time of the day, no user, no umask. 1985-10-26T08:15:00Z, as npm has it.
const MTIME = new Date(499162500_000);
const COMPRESSION = 6;

/** A `.tar.gz` of these files. */
export async function tarGz(files: readonly ArchiveFile[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content, executable } of files) {
    tar.entry({ name, mode: executable ? 0o755 : 0o644, mtime: MTIME, uid: 0, gid: 0, uname: 'root', gname: 'root' }, content);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  const zipped = gzipSync(Buffer.concat(chunks), { level: COMPRESSION });
  // RFC 1952: the byte names the system that compressed; 255 is "unknown".
  zipped[9] = 255;
  return zipped;
}

// APPNOTE.TXT 4.3: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
const VERSION = 20;
const MADE_ON_UNIX = 3 << 8;
const DEFLATE = 8;
const UTF8_NAMES = 1 << 11;
/** 1985-10-26 08:15:00 in MS-DOS form. */
const DOS_TIME = (8 << 11) | (15 << 5);
const DOS_DATE = ((1985 - 1980) << 9) | (10 << 5) | 26;

/** A `.zip` of these files. */
export function zip(files: readonly ArchiveFile[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const packed = deflateRawSync(file.content, { level: COMPRESSION });
    const name = Buffer.from(file.name);
    const common = commonFields(file.content, { packed, name });
    const local = Buffer.concat([u32(0x04034b50), common, name, packed]);
    const mode = file.executable ? 0o100755 : 0o100644;
    central.push(
      Buffer.concat([u32(0x02014b50), u16(VERSION | MADE_ON_UNIX), common, u16(0, 0, 0), u32((mode << 16) >>> 0, offset), name]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.concat([u32(0x06054b50), u16(0, 0, files.length, files.length), u32(directory.length, offset), u16(0)]);
  return Buffer.concat([...locals, directory, end]);
}

/** What the header before a file and its line in the directory share: from "version needed" to the length of the extra field. */
function commonFields(content: Buffer, { packed, name }: { packed: Buffer; name: Buffer }): Buffer {
  return Buffer.concat([
    u16(VERSION, UTF8_NAMES, DEFLATE, DOS_TIME, DOS_DATE),
    u32(crc32(content), packed.length, content.length),
    u16(name.length, 0),
  ]);
}

function u16(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) buffer.writeUInt16LE(value, i * 2);
  return buffer;
}

function u32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) buffer.writeUInt32LE(value, i * 4);
  return buffer;
}

/** The digest as `sha256sum` prints it. */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
