import { lstatSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The folder for compiled code, made when it was missing; null when it cannot be made or others may write to it. It is the user's own and nobody
 * else's: compiled code of another user would be another user's code.
 */
export function privateFolder(env: Readonly<Record<string, string | undefined>>, home: string = homedir()): string | null {
  const base = cacheBase(env, home);
  if (!isAbsolute(base)) return null;
  const folder = join(base, 'kubectl-srcip');
  try {
    makeFolder(base);
    makeFolder(folder);
    return isOwnAlone(folder) ? folder : null;
  } catch {
    return null;
  }
}

/** As the XDG base directory specification has it: a relative path counts as none. */
function cacheBase(env: Readonly<Record<string, string | undefined>>, home: string): string {
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? '';
  const named = env['XDG_CACHE_HOME'];
  if (named !== undefined && isAbsolute(named)) return named;
  return home === '' ? '' : join(home, '.cache');
}

/** One level only: a home that does not exist is not made, and mkdir of many levels never ends where the kernel makes none (in /proc). */
function makeFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { mode: 0o700 });
}

function isOwnAlone(folder: string): boolean {
  const found = lstatSync(folder);
  if (!found.isDirectory()) return false;
  // Windows has neither; its folder is inside the user's profile.
  const user = process.getuid?.();
  return user === undefined || (found.uid === user && (found.mode & 0o077) === 0);
}
