import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Circumstances that must leave no trace in a package. */
export interface Circumstances {
  readonly folder: string;
  readonly umask: string;
  readonly env: Readonly<Record<string, string>>;
}

const LEFT_BEHIND = new Set(['node_modules', 'dist', '.git', 'coverage']);

/** Packs a copy of the sources in another folder, under other circumstances; the path of the tarball. */
export function packElsewhere(root: string, { folder, umask, env }: Circumstances): string {
  mkdirSync(folder, { recursive: true });
  cpSync(root, folder, { recursive: true, filter: (path) => !LEFT_BEHIND.has(basename(path)) });
  // An ordinary file of a checkout has the umask's mode.
  execFileSync('chmod', ['-R', `u=rwX,${umask === '077' ? 'go=' : 'go=rX'}`, folder]);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const script = `umask ${umask} && exec npm pack --silent --json`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, env: { ...process.env, ...env }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr.slice(0, 2000)}`);
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n')));
  return join(folder, packed.filename);
}
