import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { seal, writeArchive } from './seal.ts';

// After an executable was signed: makes its archive anew from a folder with the archive's files, then the checksums and the manifest for krew:
//   node scripts/run-ts.mjs scripts/release/reseal.ts --archive DIR/ARCHIVE --from FOLDER [--uri TEMPLATE]

const { values: flags } = parseArgs({ options: { archive: { type: 'string' }, from: { type: 'string' }, uri: { type: 'string' } } });
if (flags.archive === undefined || flags.from === undefined) {
  process.stderr.write('usage: release/reseal.ts --archive DIR/ARCHIVE --from FOLDER [--uri TEMPLATE]\n');
  process.exitCode = 2;
} else {
  await reseal(resolve(flags.archive), resolve(flags.from));
}

async function reseal(archive: string, from: string): Promise<void> {
  const executable = basename(archive).includes('_windows_') ? 'kubectl-srcip.exe' : 'kubectl-srcip';
  const names = [executable, 'LICENSE', 'README.md', 'THIRD_PARTY_LICENSES.txt'];
  await writeArchive(
    archive,
    names.map((name) => ({ name, content: readFileSync(join(from, name)), executable: name === executable })),
  );
  const { version, homepage } = JSON.parse(readFileSync('package.json', 'utf8'));
  seal(join(archive, '..'), { version, homepage, uri: flags.uri });
}
