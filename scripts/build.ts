import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './build/bundle.ts';
import { bundledPackages, licencesOf } from './build/licences.ts';

const root = process.cwd();
const outdir = join(root, 'dist');

await rm(outdir, { recursive: true, force: true });
const metafile = await bundle(root, outdir);
await writeFile(join(outdir, 'THIRD_PARTY_LICENSES.txt'), licencesOf(root, bundledPackages(metafile)));
