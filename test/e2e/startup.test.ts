import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import utils from 'cli-table3/src/utils.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ONE_COLUMN_EACH } from '../../scripts/quick-width.ts';
import { srcip } from './support/cli.ts';
import { type Folder, makeFolder, startWorld, type World } from './support/world.ts';

// What is loaded decides how long a start takes. The names of the sources are in the bundle's comments.

let world: World;
let folder: Folder;
let runs = 0;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** The packages and folders of src/ whose code a run loads, and how many bytes. */
async function loadedBy(args: readonly string[]): Promise<{ sources: Set<string>; bytes: number }> {
  const coverage = join(folder.path, `run-${runs++}`);
  const ran = await srcip(args, { env: { ...world.env, NODE_V8_COVERAGE: coverage } });
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  const scripts = readdirSync(coverage).flatMap((file) => (JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage).result);
  const texts = scripts.filter(({ url }) => /\/dist\//.test(url)).map(({ url }) => readFileSync(new URL(url), 'utf8'));
  const sources = texts.flatMap((text) =>
    [...text.matchAll(/^ {0,4}(?:\/\/ |")(?:node_modules\/(?<pkg>(?:@[^/]+\/)?[^/]+)|(?<own>src\/[^/]+))\//gm)].map(
      ({ groups }) => groups?.['pkg'] ?? groups?.['own'] ?? '',
    ),
  );
  return { sources: new Set(sources), bytes: texts.reduce((sum, text) => sum + text.length, 0) };
}

describe('what a run loads', () => {
  const HEAVY = [
    '@kubernetes/client-node',
    'js-yaml',
    'cli-table3',
    'ipaddr.js',
    'ssh2',
    'tar-stream',
    'xz-decompress',
    'ejs',
    'minimatch',
    'tinyglobby',
  ];

  test.for([['explain', '--help'], ['--help'], ['help', 'check']])('%j: not even oclif', async (args) => {
    const { sources, bytes } = await loadedBy(args);
    expect([...sources].filter((name) => !name.startsWith('src/'))).toEqual([]);
    expect(bytes).toBeLessThan(20_000);
  });

  test.for([['explain', 'svc/web', '--help'], ['--help', '--help'], ['--version']])('%j: oclif and next to nothing else', async (args) => {
    const { sources, bytes } = await loadedBy(args);
    expect(sources).toContain('@oclif/core');
    expect(HEAVY.filter((name) => sources.has(name))).toEqual([]);
    expect([...sources].filter((name) => /^src\/(analysis|collect|dataplane|kubeproxy|demo)$/.test(name))).toEqual([]);
    expect(bytes).toBeLessThan(350_000);
  });

  test('explain, live: no archives, no ssh, no demo server', async () => {
    const { sources } = await loadedBy(['explain', 'svc/web']);
    expect(sources).toContain('@kubernetes/client-node');
    expect(['tar-stream', 'xz-decompress', 'ssh2', 'socks', 'openid-client', 'src/demo'].filter((name) => sources.has(name))).toEqual([]);
  });

  test('explain, from a file: no client', async () => {
    const { sources } = await loadedBy(['explain', 'svc/web', '-n', 'shop', '--snapshot', 'demo/cluster.json']);
    expect(sources).toContain('src/collect');
    expect(['@kubernetes/client-node', 'tar-stream', 'xz-decompress', 'ssh2'].filter((name) => sources.has(name))).toEqual([]);
  });
});

test('what is taken for one column each is one column each', () => {
  const letters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((letter) => ONE_COLUMN_EACH.test(letter));
  expect(letters.length).toBeGreaterThan(500);
  expect(letters.filter((letter) => utils.strlen(letter) !== 1)).toEqual([]);
  // What only together is something else must not pass either.
  expect(ONE_COLUMN_EACH.test('\u2714\ufe0f')).toBe(false);
  expect(ONE_COLUMN_EACH.test('e\u0301')).toBe(false);
});
