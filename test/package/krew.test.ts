import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { krewManifest } from '../../scripts/release/krew.ts';
import { install, type Platform, unpack } from '../../scripts/release/krew-install.ts';
import { archiveName } from '../../scripts/release/seal.ts';
import { TARGETS } from '../../scripts/release/targets.ts';

interface Manifest {
  metadata: { name: string };
  spec: { version: string; shortDescription: string; caveats: string; platforms: Platform[] };
}

const RELEASE = { version: '1.2.3', homepage: 'https://example.org', uri: 'https://example.org/v{version}/{file}' };
const SUM = 'a'.repeat(64);

function made(): Manifest {
  const released = TARGETS.map((target) => ({ target, file: archiveName(target, RELEASE.version), sha256: SUM }));
  return load(krewManifest(released, RELEASE)) as Manifest;
}

const validate = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync('scripts/release/krew.schema.json', 'utf8')));

describe('the manifest for krew', () => {
  test('is what krew takes, for all five platforms', () => {
    const manifest = made();
    expect(validate(manifest), JSON.stringify(validate.errors)).toBe(true);
    expect(manifest.spec.platforms.map(({ uri, bin }) => `${uri} ${bin}`)).toEqual([
      'https://example.org/v1.2.3/kubectl-srcip_1.2.3_linux_amd64.tar.gz kubectl-srcip',
      'https://example.org/v1.2.3/kubectl-srcip_1.2.3_linux_arm64.tar.gz kubectl-srcip',
      'https://example.org/v1.2.3/kubectl-srcip_1.2.3_darwin_arm64.tar.gz kubectl-srcip',
      'https://example.org/v1.2.3/kubectl-srcip_1.2.3_darwin_amd64.tar.gz kubectl-srcip',
      'https://example.org/v1.2.3/kubectl-srcip_1.2.3_windows_amd64.zip kubectl-srcip.exe',
    ]);
    expect(manifest.spec.caveats).toContain('ln -s kubectl-srcip kubectl_complete-srcip');
    expect(manifest.spec.caveats).toMatch(/cd "\$\{KREW_ROOT:-\$HOME\/\.krew\}\/bin"/);
  });

  test.for([
    [
      'a version without v',
      (manifest: Manifest) => {
        manifest.spec.version = '1.2.3';
      },
    ],
    [
      'a long short description',
      (manifest: Manifest) => {
        manifest.spec.shortDescription = 'x'.repeat(51);
      },
    ],
    [
      'a checksum in capitals',
      (manifest: Manifest) => {
        Object.assign(manifest.spec.platforms[0] ?? {}, { sha256: 'A'.repeat(64) });
      },
    ],
    [
      'no files',
      (manifest: Manifest) => {
        Object.assign(manifest.spec.platforms[0] ?? {}, { files: [] });
      },
    ],
    [
      'an unknown label',
      (manifest: Manifest) => {
        Object.assign(manifest.spec.platforms[0]?.selector.matchLabels ?? {}, { libc: 'musl' });
      },
    ],
    [
      'no platform',
      (manifest: Manifest) => {
        manifest.spec.platforms = [];
      },
    ],
    [
      'a line of more than 80 columns',
      (manifest: Manifest) => {
        manifest.spec.caveats += `${'x '.repeat(41)}\n`;
      },
    ],
    [
      'plain http',
      (manifest: Manifest) => {
        Object.assign(manifest.spec.platforms[0] ?? {}, { uri: 'http://example.org/a.zip' });
      },
    ],
  ] as const)('is refused with %s', ([, spoil]) => {
    const manifest = made();
    spoil(manifest);
    expect(validate(manifest)).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('an installation as krew does it', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'srcip-krew-test-'));
    mkdirSync(join(folder, 'unpacked'));
    for (const name of ['kubectl-srcip', 'LICENSE', 'README.md']) writeFileSync(join(folder, 'unpacked', name), name, { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const platform: Platform = {
    uri: 'https://example.org/a.tar.gz',
    sha256: SUM,
    bin: 'kubectl-srcip',
    files: [
      { from: 'kubectl-srcip', to: '.' },
      { from: 'LICENSE', to: 'docs/LICENSE' },
    ],
    selector: { matchLabels: { os: 'linux', arch: 'amd64' } },
  };
  const into = (root: string): Parameters<typeof install>[1] => ({
    unpacked: join(folder, 'unpacked'),
    root: join(folder, root),
    version: 'v1.2.3',
  });

  test('takes the files that were named, and links the executable', () => {
    const executable = install(platform, into('b'));
    expect(readdirSync(join(folder, 'b/store/srcip/v1.2.3'), { recursive: true }).sort()).toEqual([
      'docs',
      'docs/LICENSE',
      'kubectl-srcip',
    ]);
    expect(executable).toBe(join(folder, 'b/store/srcip/v1.2.3/kubectl-srcip'));
    expect(readlinkSync(join(folder, 'b/bin/kubectl-srcip'))).toBe(executable);
  });

  test.for([
    ['a file that is not there', { files: [{ from: 'nothing', to: '.' }] }, 'has no nothing'],
    ['a bin that is not installed', { bin: 'README.md' }, 'not among the installed files'],
    ['a way out', { files: [{ from: '../../etc/passwd', to: '.' }] }, 'leaves its folder'],
    ['a way out of the store', { files: [{ from: 'LICENSE', to: '../x' }] }, 'leaves its folder'],
  ] as const)('refuses %s', ([name, spoiled, why]) => {
    expect(() => install({ ...platform, ...spoiled }, into(name))).toThrow(why);
  });

  test('refuses an archive with a link in it, as krew does', () => {
    symlinkSync('LICENSE', join(folder, 'unpacked', 'link'));
    execFileSync('tar', ['-czf', join(folder, 'linked.tar.gz'), '-C', join(folder, 'unpacked'), '.']);
    rmSync(join(folder, 'unpacked', 'link'));
    expect(() => unpack(join(folder, 'linked.tar.gz'), join(folder, 'c'))).toThrow('holds a link');
  });
});
