import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { sha256 } from './release/archive.ts';
import { formatOf } from './release/binary-format.ts';
import { install, type Platform, unpack } from './release/krew-install.ts';
import { hostTarget } from './release/targets.ts';

// Holds the manifest for krew in a release's folder against its schema and its archives, and installs this platform's archive as krew would:
//   node scripts/run-ts.mjs scripts/check-krew.ts DIR

const folder = resolve(process.argv[2] ?? '.');
const manifest = load(readFileSync(join(folder, 'srcip.yaml'), 'utf8')) as { spec: { version: string; platforms: readonly Platform[] } };
const work = mkdtempSync(join(tmpdir(), 'srcip-krew-'));
try {
  checkSchema();
  checkSums();
  for (const platform of manifest.spec.platforms) checkPlatform(platform);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function checkSchema(): void {
  const ajv = new Ajv({ allErrors: true });
  const valid = ajv.validate(JSON.parse(readFileSync('scripts/release/krew.schema.json', 'utf8')), manifest);
  if (!valid) throw new Error(`srcip.yaml: ${ajv.errorsText()}`);
  const selected = manifest.spec.platforms.map(({ selector }) => `${selector.matchLabels.os} ${selector.matchLabels.arch}`);
  if (new Set(selected).size < selected.length) throw new Error(`srcip.yaml: two platforms for one machine: ${selected.join(', ')}`);
}

/** SHA256SUMS is what `sha256sum -c` takes, and names every archive. */
function checkSums(): void {
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
  const missing = manifest.spec.platforms.filter(({ uri, sha256 }) => !sums.includes(`${sha256}  ${basename(uri)}\n`));
  if (missing.length > 0) throw new Error(`SHA256SUMS lacks ${missing.map(({ uri }) => basename(uri)).join(', ')}`);
}

function checkPlatform(platform: Platform): void {
  const { os, arch } = platform.selector.matchLabels;
  const archive = join(folder, basename(platform.uri));
  if (sha256(readFileSync(archive)) !== platform.sha256) throw new Error(`${archive} has another checksum`);
  const unpacked = join(work, `${os}-${arch}`);
  const root = join(work, `krew-${os}-${arch}`);
  unpack(archive, unpacked);
  const executable = install(platform, { unpacked, root, version: manifest.spec.version });
  if (formatOf(executable) !== `${os} ${arch}`) throw new Error(`${platform.bin} of ${basename(archive)} is for ${formatOf(executable)}`);
  if ((statSync(executable).mode & 0o111) !== 0o111) throw new Error(`${platform.bin} of ${basename(archive)} is not executable`);
  const host = hostTarget();
  const here = host.os === os && host.arch === arch;
  if (here) runInstalled(root);
  process.stdout.write(`${basename(archive)}: ok${here ? ', installed and run' : ''}\n`);
  rmSync(unpacked, { recursive: true });
  rmSync(root, { recursive: true });
}

/** Through the real kubectl, where nothing else is on the PATH. */
function runInstalled(root: string): void {
  const bin = join(root, 'bin');
  const tools = join(root, 'tools');
  mkdirSync(tools);
  symlinkSync(execFileSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).trim(), join(tools, 'kubectl'));
  const kubectl = (...args: readonly string[]): string =>
    execFileSync(join(tools, 'kubectl'), args, {
      env: { PATH: `${bin}:${tools}`, HOME: root },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const version = kubectl('srcip', '--version');
  if (!version.startsWith(`kubectl-srcip/${manifest.spec.version.slice(1)} `)) throw new Error(`it says that it is ${version}`);
  if (!kubectl('plugin', 'list').includes(join(bin, 'kubectl-srcip'))) throw new Error('kubectl does not list it');
  if (!kubectl('srcip', 'demo', '--tour').includes('nodes drop outside traffic')) throw new Error('the demo does not answer');
  // As the caveats of the manifest have it.
  symlinkSync('kubectl-srcip', join(bin, 'kubectl_complete-srcip'));
  if (!kubectl('__complete', 'srcip', 'expl').startsWith('explain\t')) throw new Error('it does not complete');
}
