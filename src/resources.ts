import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What this program uses of node:sea; the keys of assets can be asked for where executables are built (Node >= 24.8), if not by all types. */
interface Executable {
  isSea(): boolean;
  getAsset(name: string, encoding: 'utf8'): string;
  getAssetKeys(): string[];
}

const executable = process.getBuiltinModule('node:sea') as unknown as Executable;

/** Whether this is the single executable, which has its files inside itself. */
export const inExecutable: boolean = executable.isSea();

/** The text of a file that comes with the program, e.g. `package.json`; null when there is none. Names use slashes. */
export function resourceText(name: string): string | null {
  if (inExecutable) return executable.getAssetKeys().includes(name) ? executable.getAsset(name, 'utf8') : null;
  try {
    return readFileSync(join(packageFolder(), name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The names of the files in a folder that comes with the program, sorted. */
export function resourceNames(folder: string): string[] {
  const names = inExecutable
    ? executable.getAssetKeys().flatMap((name) => (name.startsWith(`${folder}/`) ? [name.slice(folder.length + 1)] : []))
    : namesIn(join(packageFolder(), folder));
  return names.sort();
}

/** Where the package is; for the executable, where it is itself. */
export function packageFolder(): string {
  folder ??= inExecutable ? dirname(process.execPath) : nearestPackage(dirname(fileURLToPath(import.meta.url)));
  return folder;
}

let folder: string | undefined;

/** `bin/` is beside `src/` and beside `dist/`, wherever the bundler put this code. */
function nearestPackage(from: string): string {
  let candidate = from;
  while (!existsSync(join(candidate, 'bin', 'run.js')) && dirname(candidate) !== candidate) candidate = dirname(candidate);
  return candidate;
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
