import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { packElsewhere } from './pack/build-elsewhere.ts';
import { readPackage } from './pack/read.ts';
import { faultsOf } from './pack/rules.ts';

// Packs the package twice, in other folders and under other circumstances, and looks into it: the same bytes, nothing missing, nothing strange.
//   node scripts/run-ts.mjs scripts/check-pack.ts [KEEP.tgz]      keeps the package under that name

const root = process.cwd();
const keep = process.argv[2];
const work = realpathSync(mkdtempSync(join(tmpdir(), 'srcip-pack-')));
try {
  const faults = await check();
  for (const fault of faults) process.stderr.write(`package: ${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function check(): Promise<string[]> {
  const one = packElsewhere(root, { folder: join(work, 'one'), umask: '022', env: { TZ: 'UTC', LC_ALL: 'C' } });
  const two = packElsewhere(root, {
    folder: join(work, 'a', 'deeper', 'folder'),
    umask: '077',
    env: { TZ: 'Pacific/Auckland', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', NO_COLOR: '1', COLUMNS: '133' },
  });
  const files = await readPackage(one);
  const packed = readFileSync(one);
  // A home like /root says nothing about a machine.
  const strangers = [work, root, homedir()].filter((path) => path.split('/').length > 2);
  const faults = [...faultsOf(files, { packed: packed.length, strangers }), ...(await differences(one, two)), ...publint(one)];
  const unpacked = files.reduce((sum, { content }) => sum + content.length, 0);
  process.stdout.write(`package: ${files.length} files, ${packed.length} bytes packed, ${unpacked} unpacked, sha256 ${sha256(packed)}\n`);
  process.stdout.write(`${installation(one)}\n`);
  if (keep !== undefined) copyFileSync(one, keep);
  return faults;
}

async function differences(one: string, two: string): Promise<string[]> {
  if (sha256(readFileSync(one)) === sha256(readFileSync(two))) return [];
  const [first, second] = await Promise.all([one, two].map(readPackage));
  const others = new Map(second?.map((file) => [file.name, `${file.mode} ${sha256(file.content)}`]));
  const differing = first?.filter((file) => others.get(file.name) !== `${file.mode} ${sha256(file.content)}`).map(({ name }) => name) ?? [];
  return [`two builds differ: ${differing.slice(0, 10).join(', ') || 'in the order of files or in the archive itself'}`];
}

function publint(tarball: string): string[] {
  const { status, stdout, stderr } = spawnSync('npx', ['publint', 'run', tarball, '--strict'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? [] : [`publint: ${stdout}${stderr}`];
}

/** How long an installation takes, beside what npm needs to start at all. */
function installation(tarball: string): string {
  const prefix = join(work, 'prefix');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel', 'error'];
  const install = seconds(() => execFileSync('npm', ['install', '--global', '--prefix', prefix, ...flags, tarball], { stdio: 'ignore' }));
  const nothing = seconds(() => execFileSync('npm', ['--version'], { stdio: 'ignore' }));
  return `npm install --global: ${install.toFixed(2)} s, ${(install / nothing).toFixed(1)} x npm --version (${nothing.toFixed(2)} s)`;
}

function seconds(run: () => unknown): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
