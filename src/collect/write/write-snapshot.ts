import { resolve } from 'node:path';
import type { Evidence } from '../../cluster/evidence.ts';
import type { Kind } from '../../cluster/objects.ts';
import { Failure } from '../../net/failure.ts';
import { ioReason } from '../snapshot/directory.ts';
import { printable } from '../snapshot/text.ts';
import { type SnapshotFile, snapshotFiles } from './files.ts';
import { writeArchive, writeArchiveTo } from './to-archive.ts';
import { writeDirectory } from './to-directory.ts';

export interface WriteOptions {
  /** Write over what is there. */
  readonly force?: boolean | undefined;
  /** Replace names and addresses. `chainHash`: base32 of the SHA-256 of a text, how kube-proxy names chains. */
  readonly redact?: { readonly chainHash: (text: string) => string } | undefined;
  /** Written to for the path `-`; default: standard output. */
  readonly stdout?: (NodeJS.WritableStream & { readonly isTTY?: boolean }) | undefined;
  /** Relative paths start here; default: the working directory. */
  readonly cwd?: string | undefined;
}

/** What was written. */
export interface Written {
  readonly files: number;
  /** Before compression. */
  readonly bytes: number;
}

const HINT = 'give a directory, a path that ends in .tar.gz or .tgz, or - for standard output';

/**
 * Writes what was gathered as files that `readSnapshot` reads back to the same cluster: a directory, or a .tar.gz archive by the path's ending, or an archive on
 * standard output (`-`). Whatever is there already stays, unless `force` is given. Throws Failure for everything that the world may do wrong.
 */
export async function writeSnapshot(evidence: Evidence, path: string, options: WriteOptions = {}): Promise<Written> {
  const shown = printable(path);
  if (evidence.objects.some(({ kind }) => (kind as string) === 'Secret')) throw new Error('Secrets are never read, so none can be written');
  const shared = withoutConfigHosts(evidence);
  const told = options.redact === undefined ? shared : (await import('./redact/redact.ts')).redactEvidence(shared, options.redact).evidence;
  const counted = { files: 0, bytes: 0 };
  const files = counting(snapshotFiles(told), counted);
  const target = resolve(options.cwd ?? process.cwd(), path);
  try {
    if (path === '-') await writeArchiveTo(options.stdout ?? process.stdout, files);
    else if (/\.(?:tar\.gz|tgz)$/i.test(path)) await writeArchive(target, files, options.force === true);
    else if (/\.(?:tar|tar\.xz|txz|tar\.bz2|tar\.zst|gz|xz|zip|json|ya?ml)$/i.test(path))
      throw new Failure(`snapshot "${shown}" cannot be written: its ending promises another format`, HINT);
    else await writeDirectory(target, files, options.force === true);
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error) || !('syscall' in error)) throw error;
    throw new Failure(`snapshot "${shown}" cannot be written: ${ioReason(error)}`, HINT);
  }
  return counted;
}

/** What ConfigMaps name is nobody's business: a snapshot has no more of it than of pods' environments. */
function withoutConfigHosts(evidence: Evidence): Evidence {
  const isShared = (kind: Kind): boolean => kind !== 'ConfigHosts';
  return {
    ...evidence,
    objects: evidence.objects.filter(({ kind }) => isShared(kind)),
    complete: new Set([...evidence.complete].filter(isShared)),
  };
}

function* counting(files: Iterable<SnapshotFile>, counted: { files: number; bytes: number }): Generator<SnapshotFile> {
  for (const file of files) {
    counted.files++;
    counted.bytes += file.body.length;
    yield file;
  }
}
