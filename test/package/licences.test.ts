import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundledPackages, licencesOf } from '../../scripts/build/licences.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'srcip-licences-'));
  for (const [name, files] of Object.entries({
    told: { 'package.json': '{"name":"told","version":"1.0.0","license":"MIT"}', LICENSE: 'the text of told' },
    silent: { 'package.json': '{"name":"silent","version":"2.0.0","license":"MIT"}' },
    nameless: { 'package.json': '{"name":"nameless","version":"3.0.0"}', COPYING: 'some text' },
    'told/node_modules/inner': { 'package.json': '{"name":"inner","version":"4.0.0","license":"ISC"}', 'license.md': 'the text of inner' },
  })) {
    mkdirSync(join(root, 'node_modules', name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, 'node_modules', name, file), text);
  }
});
afterAll(() => rmSync(root, { recursive: true }));

/** A metafile in which these inputs came into the bundle with so many bytes. */
function metafile(inputs: Readonly<Record<string, number>>): Parameters<typeof bundledPackages>[0] {
  const of = Object.fromEntries(Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }]));
  return { inputs: {}, outputs: { 'dist/a.js': { bytes: 1, inputs: of, imports: [], exports: [] } } };
}

describe('licences', () => {
  test('are those of packages with code in the bundle, nested ones too', () => {
    const folders = bundledPackages(
      metafile({
        'src/main.ts': 5,
        'node_modules/told/a.js': 1,
        'node_modules/silent/a.js': 0,
        'node_modules/told/node_modules/inner/b.js': 2,
        'node_modules/@x/y/z.js': 3,
      }),
    );
    expect(folders).toEqual(['node_modules/@x/y', 'node_modules/told', 'node_modules/told/node_modules/inner']);
  });

  test('are given whole', () => {
    const text = licencesOf(root, ['node_modules/told', 'node_modules/told/node_modules/inner']);
    expect(text).toContain('  told 1.0.0 (MIT)\n');
    expect(text).toContain('the text of told');
    expect(text).toContain('the text of inner');
  });

  test('that are missing end the build', () => {
    expect(() => licencesOf(root, ['node_modules/silent'])).toThrow('silent@2.0.0 (node_modules/silent) has no licence text');
    expect(() => licencesOf(root, ['node_modules/nameless'])).toThrow('nameless@3.0.0');
  });

  test('of all packages that the bundle names are in the file', () => {
    const text = readFileSync('dist/THIRD_PARTY_LICENSES.txt', 'utf8');
    const chunks = readdirSync('dist/chunks').map((name) => readFileSync(join('dist/chunks', name), 'utf8'));
    const named = chunks.flatMap((chunk) =>
      [...chunk.matchAll(/^\/\/ node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)\//gm)].map(({ groups }) => groups?.['name']),
    );
    expect(named.length).toBeGreaterThan(50);
    for (const name of new Set(named)) expect(text).toContain(`\n  ${name} `);
  });
});
