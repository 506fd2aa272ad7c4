// Runs a TypeScript script of this repository: node scripts/run-ts.mjs scripts/NAME.ts [arguments]
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...rest] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write('usage: node scripts/run-ts.mjs SCRIPT.ts [arguments]\n');
  process.exit(2);
}

// Inside node_modules, so that packages resolve; one file per process, so that runs do not disturb each other.
const folder = join(root, 'node_modules', '.cache', 'run-ts');
const outfile = join(folder, `${basename(script, '.ts')}-${process.pid}.mjs`);
await mkdir(folder, { recursive: true });
await build({
  entryPoints: [resolve(script)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.argv = [process.argv[0] ?? 'node', resolve(script), ...rest];
try {
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(outfile, { force: true });
}
