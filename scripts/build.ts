import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { quickWidth } from './quick-width.ts';
import { slimClientNode } from './slim-client-node.ts';
import { slimOclif } from './slim-oclif.ts';

const root = process.cwd();

// What CommonJS dependencies expect and ES modules lack.
const COMMONJS_SHIM = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  "import { dirname as __dirnameOf } from 'node:path';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  'const __dirname = __dirnameOf(__filename);',
].join('');

await rm(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'src/main.ts'), join(root, 'src/commands.ts')],
  outdir: join(root, 'dist'),
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: COMMONJS_SHIM },
  plugins: [slimClientNode(), slimOclif(), quickWidth()],
  // typescript: oclif looks for it in source checkouts only. The others: optional native speed-ups of `ws` and `ssh2`.
  external: ['typescript', 'bufferutil', 'utf-8-validate', 'cpu-features', '*.node'],
  legalComments: 'none',
  logLevel: 'warning',
});
