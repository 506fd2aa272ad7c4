import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { cleanEnv, outcome, RUN, shell, srcip } from './support/cli.ts';
import { type Folder, listOf, makeFolder, startWorld, type World } from './support/world.ts';

const hasFull = existsSync('/dev/full');
const INGRESS = 'explain svc/ingress-nginx-controller -n ingress-nginx';
const ESCAPE = '\u001b[';

let world: World;
let folder: Folder;
let snapshot: string;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
  snapshot = folder.write('demo.json', listOf(loadDemoCluster()));
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

describe('pipes', () => {
  test.for(['table', 'wide', 'json', 'yaml', 'markdown'])('a reader that stops early is no error (%s)', async (format) => {
    const ran = await shell(`set -o pipefail; $SRCIP ${INGRESS} -o ${format} | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"`, world.env);
    expect(ran.stderr).toBe('');
    expect(['0', '141']).toContain(ran.stdout.trim());
  });

  test('a pipe that is closed before anything is written', async () => {
    const child = spawn(process.execPath, [RUN, ...INGRESS.split(' '), '-o', 'json'], {
      env: cleanEnv(world.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const ran = await outcome(child);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('closed standard streams', async () => {
    for (const closed of ['>&-', '2>&-', '<&-', '>&- 2>&- <&-']) {
      const ran = await shell(`$SRCIP ${INGRESS} ${closed} > ${join(folder.path, 'out')}; echo "rc $?"`, world.env);
      expect(ran.stdout).toBe('rc 0\n');
    }
  });

  test('a pipe takes all of a long answer', async () => {
    const ran = await shell(`$SRCIP ${INGRESS} -o json | (sleep 1; wc -c)`, world.env);
    expect(Number(ran.stdout)).toBe((await srcip([...INGRESS.split(' '), '-o', 'json'], { env: world.env })).stdout.length);
  });

  test.skipIf(!hasFull)('a full disk is exit code 2 and one clear line (skipped: no /dev/full)', async () => {
    for (const format of ['table', 'json']) {
      const ran = await shell(`$SRCIP ${INGRESS} -o ${format} > /dev/full; echo "rc $?"`, world.env);
      expect(ran.stdout).toBe('rc 2\n');
      expect(ran.stderr).toMatch(/^error: cannot write the answer: .*no space left.*\n.*\n$/);
    }
    expect((await shell(`$SRCIP explain svc/nope 2>/dev/full; echo "rc $?"`, world.env)).stdout).toBe('rc 2\n');
  });

  test('standard input is not touched unless it is the snapshot', async () => {
    const ran = await shell(`printf 'a\\nb\\n' | while read -r line; do $SRCIP explain svc/web -o name; echo "$line"; done`, world.env);
    expect(ran.stdout).toBe('service/web\na\nservice/web\nb\n');
  });

  test('the snapshot may come through a pipe', async () => {
    const ran = await shell(`cat ${snapshot} | $SRCIP explain svc/web -n shop --snapshot - -o name`);
    expect(ran).toEqual({ code: 0, signal: null, stdout: 'service/web\n', stderr: '' });
  });
});

describe('colours and symbols', () => {
  const ask = (env: Readonly<Record<string, string>>, ...more: string[]): Promise<string> =>
    srcip([...INGRESS.split(' '), ...more], { env: { ...world.env, ...env } }).then(({ stdout }) => stdout);

  test('none in a pipe, unless forced; NO_COLOR, --no-color and TERM=dumb win', async () => {
    const plain = await ask({});
    expect(plain).not.toContain(ESCAPE);
    const forced = await ask({ FORCE_COLOR: '1' });
    expect(forced).toContain(ESCAPE);
    expect(forced.replace(/\u001b\[[\d;]*m/g, '')).toBe(plain);
    expect(await ask({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(plain);
    expect(await ask({ FORCE_COLOR: '1' }, '--no-color')).toBe(plain);
    expect(await ask({ FORCE_COLOR: '0' })).toBe(plain);
    expect(await ask({ FORCE_COLOR: '1', TERM: 'dumb' })).not.toContain(ESCAPE);
  });

  test.for(['json', 'yaml', 'markdown', 'name'])('never in %s', async (format) => {
    expect(await ask({ FORCE_COLOR: '1' }, '-o', format)).not.toContain(ESCAPE);
  });

  test.for([{ LC_ALL: 'C' }, { LC_ALL: 'POSIX' }, { LC_ALL: 'en_US.ISO-8859-1' }, { TERM: 'dumb' }])('%j: ASCII alone', async (env) => {
    for (const format of ['table', 'wide']) {
      const text = await ask(env, '-o', format);
      expect(text.match(/[^\x00-\x7f]/g) ?? []).toEqual([]);
      expect(text).toContain('2 of 4 nodes drop outside traffic');
    }
  });

  test.for([60, 80, 100, 200])('COLUMNS=%i: no line is wider', async (columns) => {
    for (const format of ['table', 'wide']) {
      const lines = (await ask({ COLUMNS: String(columns) }, '-o', format)).split('\n');
      // Commands to be copied and rules stay whole.
      expect(lines.find((line) => [...line].length > columns && !/kubectl |^ +-A KUBE-/.test(line))).toBe(undefined);
    }
  });

  test.for(['0', '-5', 'wide', '1', '99999999'])('COLUMNS=%s is survived', async (columns) => {
    const ran = await srcip(INGRESS.split(' '), { env: { ...world.env, COLUMNS: columns } });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ran.stdout.replace(/\s+/g, ' ')).toContain('nodes drop');
  });
});

test('a cluster without a disk to write on: no HOME, a read-only cache folder', async () => {
  for (const env of [{ HOME: '' }, { HOME: '/proc' }, { XDG_CACHE_HOME: '/proc/nope', XDG_CONFIG_HOME: '/proc/nope' }]) {
    const ran = await srcip(['explain', 'svc/web', '-o', 'name'], { env: { ...world.env, ...env } });
    expect(ran).toEqual({ code: 0, signal: null, stdout: 'service/web\n', stderr: '' });
  }
});

test('oclif.manifest.json is the one of this version', () => {
  const read = (name: string): { version: string } => JSON.parse(readFileSync(name, 'utf8')) as { version: string };
  expect(read('oclif.manifest.json').version).toBe(read('package.json').version);
});
