import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readSnapshot } from '../../../src/collect/snapshot/read-snapshot.ts';
import { failureOf, fileOf, folderOf, namesIn, SERVICE_YAML, service, tarOf } from './fixtures.ts';

const WEB = ['Service shop/web'];

/** `case/web.yaml` in a tar, packed with xz; and that file alone, packed with xz. */
const TAR_XZ = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/ALFdADGYSszsrrXlMP3/H+akfY68d7wU6zsD7hLXJXAw9ZKXMayBkFqFoni6RdXpv0aq3Y3qlYAzDnnw73CesbDsRZ8s+PI4DPX+n03LeRkMDNjvFwt4xcXlacAtbwvv5Z8PkdHP17fOYZiEbbzD1RtV65S+qZkmjZgkiriNywwry8Yu6Ar9K+TCxBCwDWOyxoGvECvEtoy8pkJyz7uR070dLCRmjPqiA2RwFoMR5LIEX5SczAAAAAC7Y8fgngZDQwABzQGAUAAAjGim0rHEZ/sCAAAAAARZWg==',
  'base64',
);
const YAML_XZ = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4ABDAEJdADCcCVS521GDRIXLp+ipRPvEV+Ih07kaxoSs4CnwPIR1X8UaZRE7NxrJJyy3W+YPcUzGU1v6FU1Bmr8zxYXsniUvYAAAAJTm334dkPtFAAFeRHhAD3UftvN9AQAAAAAEWVo=',
  'base64',
);

test.for([
  ['tar', async () => tarOf({ 'case/web.yaml': SERVICE_YAML })],
  ['tar.gz', async () => gzipSync(await tarOf({ 'case/web.yaml': SERVICE_YAML }))],
  ['tar.xz', async () => TAR_XZ],
  ['gz of one file', async () => gzipSync(SERVICE_YAML)],
  ['xz of one file', async () => YAML_XZ],
  ['YAML', async () => Buffer.from(SERVICE_YAML)],
  ['JSON', async () => Buffer.from(JSON.stringify(service('web')))],
  ['YAML in UTF-16, as PowerShell writes it', async () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SERVICE_YAML, 'utf16le')])],
  ['YAML with a byte order mark and CRLF', async () => Buffer.from(`\ufeff${SERVICE_YAML.replaceAll('\n', '\r\n')}`)],
] as const)('%s is recognised by its content, as a file of any name and on standard input', async ([, content]) => {
  const bytes = await content();
  const file = await readSnapshot(fileOf('case.dat', bytes));
  const stdin = await readSnapshot('-', { stdin: Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]) });
  expect(namesIn(file.evidence)).toEqual(WEB);
  expect(namesIn(stdin.evidence)).toEqual(WEB);
});

test('a relative path starts at the given directory, and the origin names it as given', async () => {
  const path = fileOf('web.yaml', SERVICE_YAML);
  const { evidence } = await readSnapshot('web.yaml', { cwd: dirname(path) });
  expect(evidence.origin).toBe('snapshot web.yaml');
  expect(namesIn(evidence)).toEqual(WEB);
});

test('a directory is read at every depth; files that hold no objects are counted and named', async () => {
  const root = folderOf({
    'b/c/two.yml': SERVICE_YAML.replace('web', 'two'),
    'a.json': JSON.stringify(service('one')),
    'logs/app.log': 'kind: Service\n',
    'values.yaml': 'replicas: 3\n',
    'deploy.yaml': 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: d}\n',
    'outcomes.json': '{}',
    'inner.tar': await tarOf({ 'x.yaml': SERVICE_YAML }),
  });
  const { evidence, passedOver } = await readSnapshot(root);
  expect(namesIn(evidence)).toEqual(['Service shop/one', 'Service shop/two']);
  expect(passedOver).toEqual({
    files: 4,
    objects: 1,
    kinds: { Job: 1 },
    names: ['deploy.yaml', 'inner.tar', 'logs/app.log', 'values.yaml'],
  });
  expect(evidence.gaps).toEqual([]);
});

test('links that leave the directory or loop are not followed, a link to a file inside is', async () => {
  const outside = folderOf({ 'secret.yaml': SERVICE_YAML.replace('web', 'outside') });
  const root = folderOf({ 'data/web': SERVICE_YAML });
  mkdirSync(join(root, 'deep'));
  symlinkSync(root, join(root, 'deep/loop'));
  symlinkSync(outside, join(root, 'escape'));
  symlinkSync(join(outside, 'secret.yaml'), join(root, 'escape.yaml'));
  symlinkSync('data/web', join(root, 'web.yaml'));
  const { evidence, passedOver } = await readSnapshot(root);
  expect(namesIn(evidence)).toEqual(WEB);
  expect(passedOver.names).toEqual(['data/web', 'deep/loop', 'escape', 'escape.yaml']);
});

test('names in an archive are only names', async () => {
  const tar = await tarOf({
    '../../up.yaml': SERVICE_YAML,
    '/abs.yaml': SERVICE_YAML.replace('web', 'abs'),
    'no\u001b[31m.yaml': 'kind: Service\n a: [',
  });
  const { evidence } = await readSnapshot(fileOf('x.tar', tar));
  expect(namesIn(evidence)).toEqual(['Service shop/abs', 'Service shop/web']);
  expect(evidence.gaps.map((gap) => gap.what)).toEqual(['no?[31m.yaml line 2']);
});

test('an entry above the limit is a gap, and its kinds are not complete', async () => {
  const pods = JSON.stringify({
    apiVersion: 'v1',
    kind: 'PodList',
    items: Array.from({ length: 100 }, (_, i) => ({ metadata: { name: `pod-${i}` } })),
  });
  const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } });
  const root = folderOf({ 'pods.json': pods, 'pod.json': pod, 'web.yaml': SERVICE_YAML });
  const { evidence } = await readSnapshot(root, { entryLimit: 1000 });
  expect(evidence.gaps.map((gap) => gap.what)).toEqual(['pods.json']);
  expect([...evidence.complete]).toEqual(['Service']);
});

const DAMAGED: readonly (readonly [string, () => Promise<Buffer>, RegExp])[] = [
  ['a tar cut short', async () => (await tarOf({ 'web.yaml': SERVICE_YAML.padEnd(5000, '#') })).subarray(0, 2000), /it is cut short$/],
  ['a tar cut in a header', async () => (await tarOf({ 'web.yaml': SERVICE_YAML, 'b.yaml': '#' })).subarray(0, 1200), /it is cut short$/],
  ['a gzip cut short', async () => gzipSync(await tarOf({ 'web.yaml': SERVICE_YAML })).subarray(0, -20), /it is cut short$/],
  ['an xz cut short', async () => TAR_XZ.subarray(0, -40), /it is cut short$/],
  [
    'a damaged gzip',
    async () => Buffer.concat([gzipSync('x'.repeat(3000)).subarray(0, 12), Buffer.alloc(600, 0xee)]),
    /its gzip data is damaged$/,
  ],
  [
    'a damaged xz',
    async () => Buffer.concat([TAR_XZ.subarray(0, 40), Buffer.alloc(40, 0xee), TAR_XZ.subarray(80)]),
    /its xz data is damaged$/,
  ],
  [
    'a damaged tar',
    async () => Buffer.concat([(await tarOf({ 'web.yaml': SERVICE_YAML })).subarray(0, 1024), Buffer.alloc(1024, 1)]),
    /tar data is damaged$/,
  ],
  ['an empty tar', async () => tarOf({}), /is an empty archive$/],
  ['an empty file', async () => Buffer.alloc(0), /is empty$/],
  ['a zip', async () => Buffer.from('PK\u0003\u0004…'), /is packed with zip, which is not supported$/],
  ['a binary', async () => Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1]), /is a binary file of an unknown format$/],
  ['text', async () => Buffer.from('hello\n'), /holds no Kubernetes objects of use$/],
  ['other objects', async () => Buffer.from('apiVersion: batch/v1\nkind: Job\n'), /holds no Kubernetes objects of use, only 1 Job$/],
  ['a broken Service', async () => Buffer.from('kind: Service\nspec: [\n'), /line 3: malformed YAML/],
];

test.for(DAMAGED)('%s is refused in one line with a hint', async ([, content, message]) => {
  const failure = await failureOf(readSnapshot(fileOf('case', await content())));
  expect(failure.message).toMatch(message);
  expect(failure.message).not.toContain('\n');
  expect(failure.hint).toBeDefined();
});

test('a path that does not exist and an empty directory are refused', async () => {
  const root = folderOf({});
  expect((await failureOf(readSnapshot(join(root, 'none')))).message).toMatch(/none" does not exist$/);
  expect((await failureOf(readSnapshot(root))).message).toBe(`snapshot "${root}" is an empty directory`);
  expect((await failureOf(readSnapshot('\u001b]0;x', { cwd: root }))).message).toBe('snapshot "?]0;x" does not exist');
});

test('a directory without objects names what it holds', async () => {
  const failure = await failureOf(readSnapshot(folderOf({ 'a.txt': 'a', 'b.txt': 'b' })));
  expect(failure.message).toMatch(/holds no Kubernetes objects of use in 2 files \(a\.txt, b\.txt\)$/);
});

test('a named pipe is read like standard input', async () => {
  const root = folderOf({});
  const pipe = join(root, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  const [snapshot] = await Promise.all([readSnapshot(pipe), writeFile(pipe, SERVICE_YAML)]);
  expect(namesIn(snapshot.evidence)).toEqual(WEB);
});
