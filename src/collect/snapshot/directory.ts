import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type Entry, type FileEntry, HEAD_BYTES, type SkippedEntry } from './entry.ts';

/**
 * The files below a directory, sorted by code unit. A link to a file inside it is read; a link to a directory inside it is not followed,
 * because what it points to is walked anyway, and that rules out loops; what leaves the directory is skipped.
 */
export function* walkDirectory(root: string, base = realpathSync(root), folder = ''): Generator<Entry> {
  const names = listNames(join(root, folder));
  if (typeof names === 'string') {
    yield { what: 'skipped', name: folder === '' ? '.' : folder, problem: names };
    return;
  }
  for (const { name, type } of names) {
    const inside = folder === '' ? name : `${folder}/${name}`;
    if (type === 'directory') yield* walkDirectory(root, base, inside);
    else if (type === 'file') yield fileEntry(join(root, inside), inside);
    else yield type === 'link' ? linkEntry(base, join(root, inside), inside) : skipped(inside, null);
  }
}

/** What is wrong with a path, in words: `permission denied`. */
export function ioReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOENT':
      return 'no such file or directory';
    case 'ELOOP':
      return 'too many symbolic links';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'ENAMETOOLONG':
      return 'the name is too long';
    default:
      return typeof code === 'string' ? code : 'it cannot be read';
  }
}

interface Named {
  readonly name: string;
  readonly type: 'directory' | 'file' | 'link' | 'other';
}

function listNames(folder: string): readonly Named[] | string {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((entry): Named => {
        const type = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other';
        return { name: entry.name, type };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return ioReason(error);
  }
}

function linkEntry(base: string, path: string, name: string): Entry {
  try {
    const target = realpathSync(path);
    const stays = target.startsWith(base.endsWith(sep) ? base : base + sep);
    return stays && statSync(target).isFile() ? fileEntry(target, name) : skipped(name, null);
  } catch {
    return skipped(name, null);
  }
}

function skipped(name: string, problem: string | null): SkippedEntry {
  return { what: 'skipped', name, problem };
}

function fileEntry(path: string, name: string): FileEntry {
  return {
    what: 'file',
    name,
    head: async () => withFile(path, (fd) => readUpTo(fd, HEAD_BYTES)),
    body: async (limit) => withFile(path, (fd) => (fstatSync(fd).size > limit ? null : readFileSync(fd))),
  };
}

function readUpTo(fd: number, limit: number): Buffer {
  const buffer = Buffer.allocUnsafe(limit);
  return buffer.subarray(0, readSync(fd, buffer, 0, limit, 0));
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
