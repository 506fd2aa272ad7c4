import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** A file of a package, its name without the leading `package/`. */
export interface PackedFile {
  readonly name: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** The files of a tarball that npm made. */
export async function readPackage(tarball: string): Promise<PackedFile[]> {
  const files: PackedFile[] = [];
  for await (const entry of createReadStream(tarball).pipe(createGunzip()).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    files.push({ name: entry.header.name.replace(/^package\//, ''), content: Buffer.concat(chunks), mode: entry.header.mode ?? 0 });
  }
  return files;
}
