import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { privateFolder } from '../../src/private-folder.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'srcip-home-'));
});
afterEach(() => rmSync(home, { recursive: true }));

describe.skipIf(process.platform === 'win32')('the folder for compiled code', () => {
  test('is made in ~/.cache, for its user alone', () => {
    const folder = privateFolder({}, home);
    expect(folder).toBe(join(home, '.cache', 'kubectl-srcip'));
    expect(statSync(folder ?? '').mode & 0o777).toBe(0o700);
    expect(privateFolder({}, home)).toBe(folder);
  });

  test('is where XDG_CACHE_HOME says, if that is an absolute path', () => {
    const named = join(home, 'named');
    expect(privateFolder({ XDG_CACHE_HOME: named }, home)).toBe(join(named, 'kubectl-srcip'));
    expect(privateFolder({ XDG_CACHE_HOME: 'relative' }, home)).toBe(join(home, '.cache', 'kubectl-srcip'));
  });

  test.for([
    ['others may write to it', 0o722],
    ['its group may read it', 0o740],
  ] as const)('is not used when %s', ([, mode]) => {
    mkdirSync(join(home, '.cache', 'kubectl-srcip'), { recursive: true });
    chmodSync(join(home, '.cache', 'kubectl-srcip'), mode);
    expect(privateFolder({}, home)).toBeNull();
  });

  test('is not used when it is a link, a file, or belongs to someone else', () => {
    const base = join(home, 'base');
    mkdirSync(base);
    mkdirSync(join(home, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(home, 'elsewhere'), join(base, 'kubectl-srcip'));
    expect(privateFolder({ XDG_CACHE_HOME: base }, home)).toBeNull();
    rmSync(join(base, 'kubectl-srcip'));
    writeFileSync(join(base, 'kubectl-srcip'), '');
    expect(privateFolder({ XDG_CACHE_HOME: base }, home)).toBeNull();
    expect(privateFolder({ XDG_CACHE_HOME: '/proc' }, home)).toBeNull();
  });

  test('is none without a home, and makes no home', () => {
    expect(privateFolder({}, join(home, 'nobody'))).toBeNull();
    expect(existsSync(join(home, 'nobody'))).toBe(false);
    expect(privateFolder({}, '')).toBeNull();
    expect(existsSync('.cache/kubectl-srcip')).toBe(false);
  });
});

describe('compiled code that runs keep', () => {
  const explain = ['explain', 'svc/web', '-n', 'shop', '--snapshot', 'demo/cluster.json'];
  const kept = (): string[] => {
    const folder = join(home, '.cache', 'kubectl-srcip');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  };
  const run = (args: readonly string[], env: Record<string, string> = {}): { status: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/run.js', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home, ...env },
    });
    return { status, stdout, stderr };
  };

  test('the second run answers as the first, from what the first kept; other Node versions and builds would not take it', () => {
    const first = run(explain);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const [name = '', ...others] = kept();
    expect(others).toEqual([]);
    expect(name).toMatch(new RegExp(`^[0-9a-f]{16}-${process.version}-${process.arch}-explain\\.code$`));
    const path = join(home, '.cache', 'kubectl-srcip', name);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { mtimeMs } = statSync(path);
    expect(run(explain)).toEqual(first);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    // What another format needs comes in addition.
    expect(run([...explain, '-o', 'json'])).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(path).size).toBeGreaterThan(0);
    expect(run(explain)).toEqual(first);
  });

  test.for([
    ['cut off', (data: Buffer) => data.subarray(0, 5000)],
    ['empty', () => Buffer.alloc(0)],
    ['not of this program', () => Buffer.from('something else altogether, and long enough to be looked at')],
    ['full of wrong bytes', (data: Buffer) => Buffer.concat([data.subarray(0, 6000), Buffer.alloc(data.length - 6000, 0x41)])],
  ] as const)('a file that is %s is passed over, and written anew', ([, spoil]) => {
    const first = run(explain);
    const path = join(home, '.cache', 'kubectl-srcip', kept()[0] ?? '');
    const whole = readFileSync(path);
    writeFileSync(path, spoil(whole));
    expect(run(explain)).toEqual(first);
    expect(readFileSync(path).length).toBeGreaterThan(100_000);
    expect(run(explain)).toEqual(first);
  });

  test('errors keep nothing, nor does a run that is told not to, or has no folder', () => {
    expect(run(['explain', 'svc/webb', '-n', 'shop', '--snapshot', 'demo/cluster.json']).status).toBe(2);
    expect(run(['nonsense']).status).toBe(2);
    expect(run(explain, { NODE_DISABLE_COMPILE_CACHE: '1' }).status).toBe(0);
    expect(kept()).toEqual([]);
    mkdirSync(join(home, '.cache', 'kubectl-srcip'), { recursive: true, mode: 0o755 });
    chmodSync(join(home, '.cache', 'kubectl-srcip'), 0o755);
    expect(run(explain)).toMatchObject({ status: 0, stderr: '' });
    expect(kept()).toEqual([]);
  });
});
