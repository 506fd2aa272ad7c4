import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBudget } from '../../../src/collect/ssh/budget.ts';
import { checkedChains } from '../../../src/collect/ssh/chains.ts';
import { hostKeyAlgorithms, judgeHostKey } from '../../../src/collect/ssh/host-key.ts';
import { coversHost, parseKnownHosts } from '../../../src/collect/ssh/known-hosts.ts';
import { readSections } from '../../../src/collect/ssh/sections.ts';
import { parseJump } from '../../../src/collect/ssh/target.ts';
import { readOutput } from '../../../src/collect/ssh/unpack.ts';

const MARK = '@srcip-0123456789abcdef';
const limits = (text: number, all = 1_000_000) => ({ text, budget: createBudget(all) });

function* inPieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('sections are the same however the output is cut into pieces', () => {
  const body = fc
    .array(fc.constantFrom('a', '\n', '@', '@srcip-', '\n@srcip-01', 'é', ' begin'), { maxLength: 30 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.array(body, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (bodies, sizes) => {
        const output = bodies.map((text, i) => `\n${MARK} begin part${i}\n${text}`).join('');
        const reader = readSections(MARK, limits(10_000));
        for (const piece of inPieces(Buffer.from(output), sizes)) reader.push(piece);
        expect(reader.end()).toEqual(bodies.map((text, i) => ({ words: ['begin', `part${i}`], text, cut: null })));
      },
    ),
  );
});

test('a section over the limit keeps its beginning and says so', () => {
  const reader = readSections(MARK, limits(4));
  reader.push(Buffer.from(`\n${MARK} begin a\n123456789\n${MARK} end a 0\n1234`));
  expect(reader.end()).toEqual([
    { words: ['begin', 'a'], text: '1234', cut: 'limit' },
    { words: ['end', 'a', '0'], text: '1234', cut: null },
  ]);
});

async function* stream(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  yield* inPieces(bytes, [size]);
}

test.for([1, 7, 100_000])('packed output is unpacked, noise before it apart (pieces of %i bytes)', async (size) => {
  const packed = gzipSync(`\n${MARK} user 0 root\n\n${MARK} done\n`);
  const bytes = Buffer.concat([Buffer.from(`hello\n${MARK} gzip\n`), packed, Buffer.from('logout')]);
  const output = await readOutput(stream(bytes, size), { mark: MARK, limits: limits(1000) });
  expect(output).toEqual({
    noise: 'hello',
    broken: null,
    sections: [
      { words: ['user', '0', 'root'], text: '', cut: null },
      { words: ['done'], text: '', cut: null },
    ],
  });
});

test.for([
  ['nothing', '', 'the output ends too early'],
  ['noise without end', 'x'.repeat(100_000), 'it prints something else than it was asked for'],
  ['packed and cut', `\n${MARK} gzip\n\x1f\x8b\x08`, 'unexpected end of file'],
  ['packed and wrong', `\n${MARK} gzip\nnot gzip at all`, 'what it packed is not gzip'],
  ['plain and cut', `\n${MARK} plain\n\n${MARK} begin iptables-save\n*nat`, 'the output ends too early'],
] as const)('output that is not whole: %s', async ([, text, broken]) => {
  const output = await readOutput(stream(Buffer.from(text, 'latin1'), 1000), { mark: MARK, limits: limits(1000) });
  expect(output.broken).toBe(broken);
  expect(output.sections).toEqual([]);
});

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ7rJmJZ0QeD0C8xT0yJ2m2yqk9l8m7wXbq1mH7mJX1a';

test.for([
  // pattern            name                 covered
  ['node1', 'node1', true],
  ['NODE1', 'node1', true],
  ['node?', 'node1', true],
  ['node?', 'node12', false],
  ['*.example.org', 'a.b.example.org', true],
  ['*.example.org', 'example.org', false],
  ['*.example.org,!bad.example.org', 'bad.example.org', false],
  ['!bad.example.org', 'good.example.org', false],
  ['[10.0.0.*]:2222', '[10.0.0.7]:2222', true],
  ['[10.0.0.*]:2222', '10.0.0.7', false],
  ['*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(200), false],
  ['|1|bad', 'node1', false],
] as const)('known_hosts: %s and %s: %s', ([hosts, name, covered]) => expect(coversHost(hosts, name)).toBe(covered));

test('known_hosts lines agree with ssh-keygen -F', () => {
  const dir = mkdtempSync(join(tmpdir(), 'srcip-known-'));
  const file = join(dir, 'known_hosts');
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    const key = readFileSync(join(dir, 'key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    const fields = [
      'alpha',
      'beta,10.0.0.1',
      '[gamma]:2222',
      '*.dom,!x.dom',
      '@revoked alpha',
      '@cert-authority *.dom',
      '# alpha',
      'alpha ',
    ];
    writeFileSync(file, `${fields.map((field) => `${field} ${key} a comment`).join('\n')}\n\n  \n`);
    for (const name of ['alpha', 'beta', '10.0.0.1', '[gamma]:2222', 'gamma', 'y.dom', 'x.dom']) {
      const ours = parseKnownHosts(readFileSync(file, 'utf8'), file).filter(({ hosts }) => coversHost(hosts, name));
      expect([name, ours.map(({ line }) => line)]).toEqual([name, found(name, file)]);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

function found(name: string, file: string): number[] {
  try {
    const text = execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [...text.matchAll(/found: line (\d+)/g)].map(([, line]) => Number(line));
  } catch {
    return [];
  }
}

test('text beyond the memory for all is cut, and memory that is given back is there again', () => {
  const whole = createBudget(10);
  const first = createBudget(100, whole);
  const read = (budget: typeof whole): unknown => {
    const reader = readSections(MARK, { text: 8, budget });
    reader.push(Buffer.from(`\n${MARK} begin a\n12345678`));
    return reader.end();
  };
  const section = (text: string, cut: string | null): unknown => [{ words: ['begin', 'a'], text, cut }];
  expect(read(first)).toEqual(section('12345678', null));
  expect(read(createBudget(100, whole))).toEqual(section('12', 'memory'));
  first.release();
  expect(read(createBudget(100, whole))).toEqual(section('12345678', null));
});

test('lines of known_hosts that cannot be read are passed over', () => {
  expect(parseKnownHosts(`alpha ssh-ed25519 !!\n@other alpha ssh-ed25519 ${KEY}\nalpha\n`, 'f')).toEqual([]);
});

test('a line whose key is of another type than it says is passed over', () => {
  expect(parseKnownHosts(`a ssh-rsa ${KEY}\nb ssh-ed25519 ${KEY}\n`, 'f').map(({ line }) => line)).toEqual([2]);
});

test('an RSA key is known by its SHA-2 signatures, never by SHA-1', () => {
  const line = { marker: 'none', hosts: 'a', type: 'ssh-rsa', key: Buffer.from('k'), file: 'f', line: 1 } as const;
  expect(hostKeyAlgorithms([line]).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(hostKeyAlgorithms([])[0]).toBe('ssh-ed25519');
  expect(hostKeyAlgorithms([line])).not.toContain('ssh-rsa');
});

test('one key that is known is enough, whatever other keys the host has', () => {
  const key = (text: string) => ({ marker: 'none', hosts: 'a', type: 'ssh-rsa', key: Buffer.from(text), file: 'f', line: 1 }) as const;
  expect(judgeHostKey(Buffer.from('one'), [key('two'), key('one')])).toEqual({ kind: 'known' });
  expect(judgeHostKey(Buffer.from('one'), [key('two')]).kind).toBe('changed');
});

test.for([
  ['host', [{ user: null, host: 'host', port: null }]],
  ['u@host:2222', [{ user: 'u', host: 'host', port: 2222 }]],
  ['ssh://u@host:2222', [{ user: 'u', host: 'host', port: 2222 }]],
  [
    'a,b@[fd00::1]:22',
    [
      { user: null, host: 'a', port: null },
      { user: 'b', host: 'fd00::1', port: 22 },
    ],
  ],
  ['none', []],
] as const)('jump hosts: %s', ([text, hops]) => expect(parseJump(text)).toEqual(hops));

test.for(['', 'a,', '-x', 'a:0', 'a:99999', 'a b', 'u@-x', '$(id)', 'a;id', 'a/b'])('no jump host: %j', (text) => {
  expect(() => parseJump(text)).toThrow('is not a jump host');
});

test('chains are those of kube-proxy, and nothing that a shell or sed would read', () => {
  const own = ['KUBE-SVC-AAAAAAAAAAAAAAAA', 'KUBE-FW-ABCDEFGHIJKLMN27', 'KUBE-XLB-ABCDEFGHIJKLMN27'];
  expect(checkedChains([...own, 'KUBE-SERVICES', own[0] ?? ''])).toEqual(own);
  for (const wrong of ['KUBE-SVC-AAAAAAAAAAAAAAA1', 'KUBE-SVC-AAAAAAAAAAAAAAAA\n', "KUBE-SVC-AAAA'; id", '.*', '', 'DOCKER'])
    expect(() => checkedChains([wrong])).toThrow('not a chain');
});
