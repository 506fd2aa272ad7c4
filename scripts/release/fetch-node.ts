import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { NODE_VERSION, type Target } from './targets.ts';

/** The registry does not answer, or does not have the package. */
export class NotFetched extends Error {}

/** A platform's node. */
export interface FetchedNode {
  readonly executable: string;
  /** Null where the package has none: its text is the same on every platform. */
  readonly licence: string | null;
}

/** The node of a platform, from the npm registry or from `cache`, where it stays. Its digest is checked every time. */
export async function fetchNode(target: Target, cache: string): Promise<FetchedNode> {
  mkdirSync(cache, { recursive: true });
  const tarball = join(cache, `${target.package}-${NODE_VERSION}.tgz`);
  if (!existsSync(tarball)) download(target, cache);
  const digest = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (digest !== target.integrity) throw new Error(`${tarball} is not what was pinned: ${digest} instead of ${target.integrity}`);
  return unpack(tarball, join(cache, `${target.package}-${NODE_VERSION}`));
}

function download({ package: name }: Target, cache: string): void {
  try {
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', cache, `${name}@${NODE_VERSION}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
  } catch (error) {
    throw new NotFetched(`npm pack ${name}@${NODE_VERSION} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function unpack(tarball: string, folder: string): Promise<FetchedNode> {
  mkdirSync(folder, { recursive: true });
  const found = new Map<string, string>();
  for await (const entry of createReadStream(tarball).pipe(createGunzip()).pipe(extract())) {
    const name = /^package\/(?:bin\/)?(?<name>node|node\.exe|LICENSE)$/.exec(entry.header.name)?.groups?.['name'];
    if (name === undefined) entry.resume();
    else {
      const path = join(folder, name);
      // Two builds at once must not see half a file.
      await writeFile(`${path}.${process.pid}`, Readable.from(entry), { mode: 0o755 });
      renameSync(`${path}.${process.pid}`, path);
      found.set(name, path);
    }
  }
  const executable = found.get('node') ?? found.get('node.exe');
  if (executable === undefined) throw new Error(`${tarball} holds no node`);
  return { executable, licence: found.get('LICENSE') ?? null };
}
