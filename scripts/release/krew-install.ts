import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';

/** A platform of a manifest, as far as an installation reads it. */
export interface Platform {
  readonly uri: string;
  readonly sha256: string;
  readonly bin: string;
  readonly files: readonly { readonly from: string; readonly to: string }[];
  readonly selector: { readonly matchLabels: { readonly os: string; readonly arch: string } };
}

/** Unpacks an archive; files that are neither plain nor folders are refused, as krew does. */
export function unpack(archive: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (archive.endsWith('.zip')) execFileSync('unzip', ['-q', archive, '-d', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  else {
    const listed = execFileSync('tar', ['-tvzf', archive], { encoding: 'utf8' });
    if (/^[^-d]/m.test(listed)) throw new Error(`${archive} holds a link or a device`);
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
  }
}

/**
 * Installs an unpacked archive under a krew root: the chosen files into the store, and `kubectl-NAME` as a link to the executable.
 * As krew v0.4 does in internal/installation: moves files directly (`to: .` keeps the name) and nothing leaves the two folders.
 */
export function install(platform: Platform, { unpacked, root, version }: { unpacked: string; root: string; version: string }): string {
  const store = join(root, 'store', 'srcip', version);
  mkdirSync(store, { recursive: true });
  for (const { from, to } of platform.files) {
    const source = inside(unpacked, from);
    if (!existsSync(source)) throw new Error(`the archive of ${platform.uri} has no ${from}`);
    const target = inside(store, to === '.' ? basename(source) : to);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
    chmodSync(target, statSync(source).mode);
  }
  const executable = inside(store, platform.bin);
  if (!existsSync(executable)) throw new Error(`bin ${platform.bin} is not among the installed files`);
  mkdirSync(join(root, 'bin'), { recursive: true });
  symlinkSync(executable, join(root, 'bin', platform.bin.endsWith('.exe') ? 'kubectl-srcip.exe' : 'kubectl-srcip'));
  return executable;
}

function inside(folder: string, path: string): string {
  const whole = join(folder, path);
  const way = relative(folder, whole);
  if (way.startsWith('..') || isAbsolute(way)) throw new Error(`${path} leaves its folder`);
  return whole;
}
