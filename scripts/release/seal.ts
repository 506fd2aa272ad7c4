import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveFile, sha256, tarGz, zip } from './archive.ts';
import { krewManifest, type Released } from './krew.ts';
import { TARGETS, type Target } from './targets.ts';

/** What a release is called and where it will be. */
export interface Release {
  readonly version: string;
  readonly homepage: string;
  /** Where an archive will be found; `{version}` and `{file}` stand for what they say. */
  readonly uri?: string | undefined;
}

/** The name of a target's archive. */
export function archiveName({ os, arch }: Target, version: string): string {
  return `kubectl-srcip_${version}_${os}_${arch}.${os === 'windows' ? 'zip' : 'tar.gz'}`;
}

/** Writes the archive of a target. */
export async function writeArchive(path: string, files: readonly ArchiveFile[]): Promise<void> {
  writeFileSync(path, path.endsWith('.zip') ? zip(files) : await tarGz(files));
}

/** Writes SHA256SUMS and the manifest for krew, for all archives of this version in a folder. */
export function seal(folder: string, { version, homepage, uri }: Release): void {
  const released = TARGETS.flatMap((target): Released[] => {
    const file = archiveName(target, version);
    const path = join(folder, file);
    return existsSync(path) ? [{ target, file, sha256: sha256(readFileSync(path)) }] : [];
  });
  writeFileSync(join(folder, 'SHA256SUMS'), released.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(''));
  const where = uri ?? `${homepage}/releases/v{version}/{file}`;
  writeFileSync(join(folder, 'srcip.yaml'), krewManifest(released, { version, homepage, uri: where }));
}
