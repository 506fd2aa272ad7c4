import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ArchiveFile } from './archive.ts';
import { makeExecutable, type Program, programOf } from './executable.ts';
import { type FetchedNode, fetchNode, NotFetched } from './fetch-node.ts';
import { archiveName, seal, writeArchive } from './seal.ts';
import { executableName, hostTarget, NODE_VERSION, TARGETS, type Target } from './targets.ts';

// Makes the executables of a release, their archives, checksums and the manifest for krew:
//   node scripts/run-ts.mjs scripts/release/build.ts --out DIR [--target linux-x64 …] [--uri TEMPLATE]

/** The node packages could not be fetched; nothing is wrong with the program. */
const NOT_FETCHED = 3;

const { values: flags } = parseArgs({
  options: {
    out: { type: 'string' },
    target: { type: 'string', multiple: true },
    uri: { type: 'string' },
    cache: { type: 'string', default: 'node_modules/.cache/node-executables' },
  },
});
const root = process.cwd();
const { version, homepage } = JSON.parse(readFileSync('package.json', 'utf8'));

if (flags.out === undefined) {
  process.stderr.write('usage: release/build.ts --out DIR [--target linux-x64 …] [--uri https://…/{version}/{file}]\n');
  process.exitCode = 2;
} else {
  await release(resolve(flags.out)).catch((error) => {
    if (!(error instanceof NotFetched)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = NOT_FETCHED;
  });
}

async function release(out: string): Promise<void> {
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'srcip-release-'));
  try {
    const builder = await fetchNode(hostTarget(), flags.cache);
    const program = programOf(root);
    for (const target of chosen()) process.stderr.write(`${await releaseFor(target, { out, work, program, builder })}\n`);
    seal(out, { version, homepage, uri: flags.uri });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function chosen(): readonly Target[] {
  if (flags.target === undefined) return TARGETS;
  return flags.target.map((host) => {
    const found = TARGETS.find((target) => target.host === host);
    if (found === undefined) throw new Error(`no target ${host}; there are: ${TARGETS.map((each) => each.host).join(', ')}`);
    return found;
  });
}

interface Making {
  readonly out: string;
  readonly work: string;
  readonly program: Program;
  readonly builder: FetchedNode;
}

async function releaseFor(target: Target, { out, work, program, builder }: Making): Promise<string> {
  const node = await fetchNode(target, flags.cache);
  const output = join(work, target.host, executableName(target));
  makeExecutable(program, { builder: builder.executable, node: node.executable, output });
  const file = archiveName(target, version);
  await writeArchive(join(out, file), contents(output, { target, nodeLicence: node.licence ?? builder.licence }));
  return file;
}

function contents(output: string, { target, nodeLicence }: { target: Target; nodeLicence: string | null }): ArchiveFile[] {
  if (nodeLicence === null) throw new Error('no licence of node was found');
  const text = (name: string, path: string): ArchiveFile => ({ name, content: readFileSync(path), executable: false });
  const licences = `${readFileSync('dist/THIRD_PARTY_LICENSES.txt', 'utf8')}\n${'='.repeat(80)}\nnode ${NODE_VERSION}\nhttps://nodejs.org\n\n`;
  return [
    { name: executableName(target), content: readFileSync(output), executable: true },
    text('LICENSE', 'LICENSE'),
    text('README.md', 'README.md'),
    { name: 'THIRD_PARTY_LICENSES.txt', content: Buffer.concat([Buffer.from(licences), readFileSync(nodeLicence)]), executable: false },
  ];
}
