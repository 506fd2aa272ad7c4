// Gives every file that goes into the package the mode that it has everywhere, whatever the umask of this checkout was: npm packs modes as
// they are, and a package of files that only their owner may read is of no use to anybody else.
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const { bin, files } = JSON.parse(readFileSync('package.json', 'utf8'));
const executables = Object.values(bin);

for (const entry of ['package.json', ...files]) {
  for (const path of await filesIn(entry)) chmodSync(path, executables.includes(path) || isScript(path) ? 0o755 : 0o644);
}

/** Examples that are to be run. */
function isScript(path) {
  return path.startsWith('examples/') && (statSync(path).mode & 0o100) !== 0;
}

async function filesIn(entry) {
  if (statSync(entry).isFile()) return [entry];
  const found = await readdir(entry, { recursive: true, withFileTypes: true });
  return found.filter((file) => file.isFile()).map((file) => join(file.parentPath ?? file.path, file.name));
}
