import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../../net/failure.ts';
import { printable } from '../snapshot/text.ts';
import type { SnapshotFile } from './files.ts';

/** Only for whoever wrote it: it tells where everything in a cluster is. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const NODE_FILES = /^(?:ip6?tables-save\.txt|nft-ruleset\.(?:txt|json)|ip-(?:addr|route)\.json)$/;

/** Writes the files into a new or an empty directory; with `force` also into one that holds something, in which an older snapshot gives way. */
export async function writeDirectory(path: string, files: Iterable<SnapshotFile>, force: boolean): Promise<void> {
  const there = entriesIn(path);
  if (there !== null && there.length > 0) {
    if (!force)
      throw new Failure(
        `snapshot "${printable(path)}" cannot be written: the directory is not empty`,
        'give another path, or --force to write over it',
      );
    removeSnapshot(path, there);
  }
  mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER });
  for (const { name, body } of files) {
    const file = join(path, ...name.split('/'));
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    writeFileSync(file, body, { mode: PRIVATE_FILE });
  }
}

/** Names in a directory; null when there is none. */
function entriesIn(path: string): string[] | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isDirectory()) return readdirSync(path);
  throw new Failure(`snapshot "${printable(path)}" cannot be written: it is a file`, 'give a directory, or a path that ends in .tar.gz');
}

/** What an older snapshot left would be read together with the new one. Files of others stay. */
function removeSnapshot(path: string, names: readonly string[]): void {
  for (const name of names) {
    const inside = join(path, name);
    if (name === 'gaps.json') rmSync(inside);
    else if (name === 'objects' || name === 'rules') rmSync(inside, { recursive: true });
    else if (statSync(inside).isDirectory()) for (const file of readdirSync(inside)) if (NODE_FILES.test(file)) rmSync(join(inside, file));
  }
}
