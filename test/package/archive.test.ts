import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArchiveFile, tarGz, zip } from '../../scripts/release/archive.ts';
import { formatOf } from '../../scripts/release/binary-format.ts';

const FILES: readonly ArchiveFile[] = [
  { name: 'run', content: Buffer.from('#!/bin/sh\necho here\n'), executable: true },
  { name: 'LICENSE', content: Buffer.alloc(100_000, 'words '), executable: false },
  { name: 'empty', content: Buffer.alloc(0), executable: false },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'srcip-archive-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(process.platform === 'win32')('archives', () => {
  test.for([
    ['tar', tarGz, ['tar', '-xzf', 'a.tar', '-C', 'tar']],
    ['zip', zip, ['python3', '-m', 'zipfile', '-e', 'a.zip', 'zip']],
  ] as const)('%s: other programs read what is in it, and twice made it is the same', async ([kind, make, [program, ...args]]) => {
    const archive = await make(FILES);
    expect(await make(FILES)).toEqual(archive);
    writeFileSync(join(folder, `a.${kind}`), archive);
    execFileSync('mkdir', [join(folder, kind)]);
    execFileSync(program, args, { cwd: folder });
    for (const { name, content } of FILES) expect(readFileSync(join(folder, kind, name)).equals(content)).toBe(true);
  });

  test('tar: modes are kept, and nobody owns it', () => {
    const listed = execFileSync('tar', ['-tvzf', join(folder, 'a.tar'), '--utc'], { encoding: 'utf8' });
    expect(listed).toContain('-rwxr-xr-x root/root');
    expect(listed).toMatch(/-rw-r--r-- root\/root +100000 1985-10-26 08:15 LICENSE/);
    expect(statSync(join(folder, 'tar', 'run')).mode & 0o777).toBe(0o755);
  });

  test('zip: the time is fixed, and unzip keeps the mode', () => {
    const zipped = readFileSync(join(folder, 'a.zip'));
    // The first local header's time and date, in MS-DOS form.
    expect([zipped.readUInt16LE(10), zipped.readUInt16LE(12)]).toEqual([(8 << 11) | (15 << 5), (5 << 9) | (10 << 5) | 26]);
    const listed = execFileSync(
      'python3',
      [
        '-c',
        'import sys,zipfile\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(oct(i.external_attr >> 16), i.filename)',
        join(folder, 'a.zip'),
      ],
      { encoding: 'utf8' },
    );
    expect(listed).toBe('0o100755 run\n0o100644 LICENSE\n0o100644 empty\n');
  });
});

test('an executable says what it is for', () => {
  const path = join(folder, 'header');
  const written = (build: (header: Buffer) => void): string => {
    const header = Buffer.alloc(4096);
    build(header);
    writeFileSync(path, header);
    return path;
  };
  const elf =
    (machine: number) =>
    (header: Buffer): void => {
      header.writeUInt32BE(0x7f454c46, 0);
      header.writeUInt16LE(machine, 18);
    };
  expect(formatOf(written(elf(62)))).toBe('linux amd64');
  expect(formatOf(written(elf(183)))).toBe('linux arm64');
  expect(formatOf(written(elf(40)))).toBeNull();
  expect(formatOf(written(() => {}))).toBeNull();
  if (process.platform === 'linux' && process.arch === 'x64') expect(formatOf(process.execPath)).toBe('linux amd64');
});
