import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A path below a new folder, where nothing is yet. */
export function newPath(name = 'snapshot'): string {
  const folder = mkdtempSync(join(tmpdir(), 'srcip-write-'));
  made.push(folder);
  return join(folder, name);
}

/** Every file below a folder: its path inside, and its text. */
export function filesBelow(root: string, folder = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(join(root, folder)).sort()) {
    const inside = folder === '' ? name : `${folder}/${name}`;
    if (statSync(join(root, inside)).isDirectory()) for (const [path, text] of filesBelow(root, inside)) found.set(path, text);
    else found.set(inside, readFileSync(join(root, inside), 'utf8'));
  }
  return found;
}
