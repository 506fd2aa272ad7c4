import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile, transform } from 'esbuild';
import { quickWidth } from '../quick-width.ts';
import { slimClientNode } from '../slim-client-node.ts';
import { slimOclif } from '../slim-oclif.ts';

const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // Their texts are collected in a file.
  legalComments: 'none',
  // Paths are those of this folder, also when node_modules is a link: the same sources give the same bytes wherever they are.
  preserveSymlinks: true,
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Bundles the program into `outdir`, split at dynamic imports, and says what went in. */
export async function bundle(root: string, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ['src/main.ts', 'src/commands.ts', 'src/complete/main.ts'].map((entry) => join(root, entry)),
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    // esbuild splits ES modules only; each part is turned into CommonJS afterwards.
    format: 'esm',
    plugins: [slimClientNode(), slimOclif(), quickWidth()],
    // typescript: oclif looks for it in source checkouts only. The others: optional native speed-ups of `ws` and `ssh2`.
    external: ['typescript', 'bufferutil', 'utf-8-validate', 'cpu-features', '*.node'],
  });
  const parts = await partsIn(outdir);
  for (const part of parts) await toCommonJs(part);
  await bundleStart(root, outdir, await contentOf(parts));
  // The package is one of ES modules.
  for (const folder of [outdir, join(outdir, 'complete'), join(outdir, 'chunks')]) await mkdir(folder, { recursive: true });
  await writeFile(join(outdir, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  return metafile;
}

/** What loads the parts: one file for the package's bin, one for the executable. */
async function bundleStart(root: string, outdir: string, content: string): Promise<void> {
  await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ['src/start.ts', 'src/executable.ts'].map((entry) => join(root, entry)),
    outdir,
    format: 'cjs',
    banner: { js: URL_OF_FILE },
    define: { 'import.meta.url': '__url', BUILD_ID: JSON.stringify(content) },
  });
}

/** As a module has it in `import.meta.url`; the loader of the parts gives it, Node's own does not. */
const URL_OF_FILE = 'const __url = module.url ?? require("node:url").pathToFileURL(__filename).href;';

async function partsIn(outdir: string): Promise<readonly string[]> {
  const found = await readdir(outdir, { recursive: true, withFileTypes: true });
  return found
    .filter((file) => file.isFile() && file.name.endsWith('.js'))
    .map((file) => join(file.parentPath ?? file.path, file.name))
    .sort();
}

async function contentOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(await readFile(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function toCommonJs(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
    banner: text.includes('import.meta.url') ? URL_OF_FILE : '',
    legalComments: 'none',
  });
  await writeFile(path, `${sourcesIn(text)}${code}`);
}

/** The comments that name the sources, which get lost on the way; tests and readers ask what a part holds. */
function sourcesIn(text: string): string {
  return (text.match(/^\/\/ (?:src|node_modules)\/.+\n/gm) ?? []).join('');
}
