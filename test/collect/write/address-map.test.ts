import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAddressMap } from '../../../src/collect/write/redact/address-map.ts';
import { createNames } from '../../../src/collect/write/redact/names.ts';
import type { Pen } from '../../../src/collect/write/redact/pen.ts';
import { redactText } from '../../../src/collect/write/redact/text.ts';
import { canonicalIp, commonPrefix, parseCidr } from '../../../src/net/ip.ts';
import { chainHash } from './support/hash.ts';

const key = fc.string().map((text) => createHash('sha256').update(text).digest());
const four = fc.ipV4().map((text) => canonicalIp(text) ?? '');
const six = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((words) => canonicalIp(words.map((word) => word.toString(16)).join(':')) ?? '')
  .filter((text) => text.includes(':'));
/** Pairs that share a few bits, as addresses of one cluster do. */
const near = fc.tuple(fc.constantFrom('10.', '172.20.', '192.168.', '100.64.', '10.244.1.'), four, four).map(([head, a, b]) => {
  const join = (tail: string): string =>
    head +
    tail
      .split('.')
      .slice(0, 5 - head.split('.').length)
      .join('.');
  return [join(a), join(b)] as const;
});

test('two addresses share as long a prefix after as before, and so stay two', () => {
  const pairs = fc.oneof(near, fc.tuple(four, four), fc.tuple(six, six));
  fc.assert(
    fc.property(key, pairs, (secret, [a, b]) => {
      const { address } = createAddressMap(secret);
      expect(commonPrefix(address(a), address(b))).toBe(commonPrefix(a, b));
      expect(address(a)).toBe(canonicalIp(address(a)));
    }),
    { numRuns: 500 },
  );
});

const KEPT = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/8',
  'fd00::/8',
  'fe80::/10',
  '2000::/3',
  '127.0.0.0/8',
  '224.0.0.0/4',
];

test('private stays private, public stays public, everybody’s stays what it is, everything else changes', () => {
  const networks = KEPT.map((text) => parseCidr(text)).filter((network) => network !== null);
  fc.assert(
    fc.property(
      key,
      fc.oneof(
        four,
        six,
        near.map(([a]) => a),
      ),
      (secret, original) => {
        const mapped = createAddressMap(secret).address(original);
        expect(networks.map((network) => network.contains(mapped))).toEqual(networks.map((network) => network.contains(original)));
        const isFixed = /^(?:0|127|169\.254|22[4-9]|23\d|24\d|25[0-5])\.|^(?:::|[0-9a-f]{1,2}:|ff)/.test(original);
        expect(mapped === original).toBe(isFixed);
      },
    ),
    { numRuns: 500 },
  );
});

test('a network is mapped to where its addresses are mapped to', () => {
  fc.assert(
    fc.property(key, near, fc.integer({ min: 8, max: 30 }), (secret, [a, b], prefix) => {
      const map = createAddressMap(secret);
      const network = parseCidr(`${a}/${prefix}`);
      const moved = parseCidr(`${map.network(network?.text.split('/')[0] ?? '', prefix)}/${prefix}`);
      expect(moved?.contains(map.address(b))).toBe(network?.contains(b));
    }),
    { numRuns: 500 },
  );
});

describe('addresses in text', () => {
  const names = createNames();
  const swapped: Record<string, string> = { '10.1.2.3': '10.9.9.9', '10.1.0.0': '10.9.0.0', 'fd00::1': 'fd77::1' };
  const swap = (text: string): string => swapped[text] ?? text;
  const pen: Pen = { names, addresses: { address: swap, network: swap }, key: Buffer.alloc(32), chainHash };
  test.for([
    ['10.1.2.3', '10.9.9.9'],
    ['-d 10.1.0.0/16 --to-destination 10.1.2.3:80', '-d 10.9.0.0/16 --to-destination 10.9.9.9:80'],
    ['[fd00::1]:8080', '[fd77::1]:8080'],
    ['FD00::1/128,10.1.2.3', 'fd77::1/128,10.9.9.9'],
    ['10.1.2.3-10.1.2.3', '10.9.9.9-10.9.9.9'],
    ['https://10.1.2.3:6443/x', 'https://10.9.9.9:6443/x'],
    ['::ffff:10.1.2.3', '::ffff:10.9.9.9'],
    ['64:ff9b::10.1.2.3', '64:ff9b::10.9.9.9'],
    ['10.1.0.0/255.255.0.0', '10.9.0.0/255.255.0.0'],
    ['key:10.1.2.3.', 'key:10.9.9.9.'],
    // None of these is an address.
    ['v10.1.2.3', 'v10.1.2.3'],
    ['1.3.6.1.4.1.311', '1.3.6.1.4.1.311'],
    ['12:34:56', '12:34:56'],
    ['kube-proxy:v1.33.4', 'kube-proxy:v1.33.4'],
  ] as const)('%s', ([before, after]) => expect(redactText(before, pen)).toBe(after));

  test('hardware addresses keep their kind and nothing else', () => {
    expect(redactText('ff:ff:ff:ff:ff:ff 00:00:00:00:00:00', pen)).toBe('ff:ff:ff:ff:ff:ff 00:00:00:00:00:00');
    const redacted = redactText('5a:1c:0e:9b:40:10', pen);
    expect(redacted).toMatch(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/);
    expect(redacted).not.toBe('5a:1c:0e:9b:40:10');
    expect(Number.parseInt(redacted, 16) & 3).toBe(2);
    expect(redactText('dev cali0123456789a', pen)).toMatch(/^dev cali(?!0123456789a)[0-9a-f]{11}$/);
  });
});

test('names keep their order, and no replacement is a name that was there', () => {
  const names = createNames();
  for (const name of ['web', 'api', 'db', 'svc-01', '']) names.of('service', name);
  names.of('node', 'web');
  names.settle();
  expect(['api', 'db', 'svc-01', 'web'].map((name) => names.of('service', name))).toEqual(['svc-x-01', 'svc-02', 'svc-03', 'svc-04']);
  expect([names.of('node', 'web'), names.of('service', ''), names.of('service', 'late')]).toEqual(['node-01', '', 'svc-05']);
});
