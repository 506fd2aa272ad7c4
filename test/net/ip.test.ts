import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { addressAt, canonicalIp, commonPrefix, familyOf, hostPort, isLoopback, overlaps, parseCidr, parseCidrs } from '../../src/net/ip.ts';
import { cidr } from '../support/dataplanes.ts';

const V4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((bytes) => bytes.join('.'));
const V6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }).map((groups) => groups.map((group) => group.toString(16)).join(':'));
const IP = fc.oneof(V4, V6).map((text) => canonicalIp(text) ?? '');
const CIDR = fc.oneof(
  fc.tuple(V4, fc.nat(32)).map(([ip, prefix]) => cidr(`${ip}/${prefix}`)),
  fc.tuple(V6, fc.nat(128)).map(([ip, prefix]) => cidr(`${ip}/${prefix}`)),
);

describe('canonicalIp', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['FD00:0:0::A', 'fd00::a'],
    ['fd00:172:18:0:0:0:0:b', 'fd00:172:18::b'],
    ['::', '::'],
    ['::1', '::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ])('%s → %s', (text, expected) => expect(canonicalIp(text)).toBe(expected));

  test.each([
    ['010.0.0.1', 'octal'],
    ['10.1', 'a short form'],
    ['167772161', 'one number'],
    ['0x0a000001', 'hexadecimal'],
    ['10.0.0.256', 'a byte too big'],
    ['10.0.0.1.2', 'a byte too many'],
    ['10.0.0.1/24', 'a network'],
    ['10.0.0.1:80', 'with a port'],
    ['[fd00::1]', 'in brackets'],
    ['fd00::1::2', 'two gaps'],
    [':::', 'colons'],
    [' 10.0.0.1', 'a blank in front'],
    ['10.0.0.1\n', 'a line break behind'],
    ['', 'nothing'],
    ['%eth0', 'a zone alone'],
    ['None', 'a word'],
  ])('%j is none: %s', (text) => expect(canonicalIp(text)).toBeNull());

  test('is its own fixed point', () => {
    fc.assert(fc.property(IP, (ip) => canonicalIp(ip) === ip));
  });

  test('takes any text without a crash', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ip = canonicalIp(text);
        return ip === null || canonicalIp(ip) === ip;
      }),
    );
  });

  test('two spellings of one address become one', () => {
    fc.assert(fc.property(V6, (text) => canonicalIp(text) === canonicalIp(text.toUpperCase())));
  });
});

describe('parseCidr', () => {
  test.each([
    ['10.244.3.7/16', '10.244.0.0/16', 4, 16],
    ['10.0.0.1', '10.0.0.1/32', 4, 32],
    ['0.0.0.0/0', '0.0.0.0/0', 4, 0],
    ['::/0', '::/0', 6, 0],
    ['fd00::1', 'fd00::1/128', 6, 128],
    ['FD00:10:244:1::7/64', 'fd00:10:244:1::/64', 6, 64],
    [' 10.0.0.0/8 ', '10.0.0.0/8', 4, 8],
    ['10.0.0.255/31', '10.0.0.254/31', 4, 31],
    ['10.0.0.0/08', '10.0.0.0/8', 4, 8],
  ])('%s → %s', (text, expected, family, prefix) => {
    expect(parseCidr(text)).toMatchObject({ text: expected, family, prefix });
  });

  test.each(['10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/a', '10.0.0/8', 'primary', '', '/8'])(
    '%j is none',
    (text) => expect(parseCidr(text)).toBeNull(),
  );

  test('texts that are no networks are left out', () => {
    expect(parseCidrs(['10.0.0.0/8', 'primary', 'fd00::/8']).map(({ text }) => text)).toEqual(['10.0.0.0/8', 'fd00::/8']);
  });

  test('its text is a fixed point', () => {
    fc.assert(fc.property(CIDR, ({ text }) => parseCidr(text)?.text === text));
  });
});

describe('contains', () => {
  test.each([
    ['10.244.0.0/16', '10.244.255.255', true],
    ['10.244.0.0/16', '10.245.0.0', false],
    ['10.0.0.0/31', '10.0.0.1', true],
    ['10.0.0.0/31', '10.0.0.2', false],
    ['0.0.0.0/0', '203.0.113.7', true],
    ['0.0.0.0/0', '2001:db8::7', false],
    ['::/0', '203.0.113.7', false],
    ['fd00:10:244::/48', 'fd00:10:244:ffff::1', true],
    ['fd00:10:244::/48', 'fd00:10:245::1', false],
  ])('%s, %s: %s', (network, address, expected) => expect(cidr(network).contains(address)).toBe(expected));

  test('a network holds the addresses that share its prefix, and no others', () => {
    fc.assert(
      fc.property(CIDR, IP, (network, address) => {
        const [first = ''] = network.text.split('/');
        const shares = network.family === familyOf(address) && commonPrefix(first, address) >= network.prefix;
        return network.contains(address) === shares;
      }),
    );
  });

  test('IPv4 networks are those of a library that counts in bytes', () => {
    const near = fc.tuple(V4, V4, fc.nat(32)).map(([one, other, shared]) => {
      const bits = (text: string): number[] => ipaddr.parse(text).toByteArray();
      const mask = (i: number): number => (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - shared))) & 0xff;
      return [
        one,
        bits(one)
          .map((byte, i) => (byte & mask(i)) | ((bits(other)[i] ?? 0) & ~mask(i) & 0xff))
          .join('.'),
        shared,
      ] as const;
    });
    fc.assert(
      fc.property(near, fc.nat(32), ([one, other], prefix) => {
        const network = parseCidr(`${one}/${prefix}`);
        expect(network?.text).toBe(`${ipaddr.IPv4.networkAddressFromCIDR(`${one}/${prefix}`).toString()}/${prefix}`);
        expect(network?.contains(other)).toBe(ipaddr.IPv4.parse(other).match(ipaddr.IPv4.parse(one), prefix));
      }),
      { numRuns: 500 },
    );
  });
});

describe('addressAt', () => {
  test.each([
    ['10.244.1.0/24', 0, '10.244.1.0'],
    ['10.244.1.0/24', 1, '10.244.1.1'],
    ['10.244.1.0/24', 255, '10.244.1.255'],
    ['10.244.1.0/24', 256, null],
    ['10.244.0.0/16', 257, '10.244.1.1'],
    ['10.0.0.7/32', 1, null],
    ['255.255.255.255/32', 1, null],
    ['0.0.0.0/0', 65536, '0.1.0.0'],
    ['fd00:10:244:1::/64', 1, 'fd00:10:244:1::1'],
    ['fd00::ff/128', 0, 'fd00::ff'],
    ['fd00::/120', 256, null],
  ])('%s, %i: %s', (network, n, expected) => expect(addressAt(cidr(network), n)).toBe(expected));

  test('lies in the network, or is null', () => {
    fc.assert(
      fc.property(CIDR, fc.nat(100_000), (network, n) => {
        const address = addressAt(network, n);
        return address === null || (network.contains(address) && canonicalIp(address) === address);
      }),
    );
  });

  test('different numbers are different addresses', () => {
    fc.assert(
      fc.property(CIDR, fc.nat(1000), fc.nat(1000), (network, a, b) => {
        const [one, other] = [addressAt(network, a), addressAt(network, b)];
        return a === b || one === null || other === null || one !== other;
      }),
    );
  });
});

describe('commonPrefix', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1', 32],
    ['10.0.0.0', '10.0.0.1', 31],
    ['0.0.0.0', '128.0.0.0', 0],
    ['10.244.1.0', '10.244.2.0', 22],
    ['fd00::1', 'fd00::1', 128],
    ['fd00:10:244:1::', 'fd00:10:244:1::a', 124],
  ])('%s, %s: %i', (a, b, expected) => {
    expect(commonPrefix(a, b)).toBe(expected);
    expect(commonPrefix(b, a)).toBe(expected);
  });
});

describe('overlaps', () => {
  test.each([
    ['10.0.0.0/8', '10.244.0.0/16', true],
    ['10.244.1.0/24', '10.244.2.0/24', false],
    ['127.0.0.0/8', '127.0.0.1/32', true],
    ['0.0.0.0/0', '::/0', false],
  ])('%s, %s: %s', (a, b, expected) => expect(overlaps(cidr(a), cidr(b))).toBe(expected));

  test('is symmetric, and two overlapping networks nest', () => {
    fc.assert(
      fc.property(CIDR, CIDR, (a, b) => {
        if (overlaps(a, b) !== overlaps(b, a)) return false;
        const [wide, narrow] = a.prefix <= b.prefix ? [a, b] : [b, a];
        const first = addressAt(narrow, 0);
        return overlaps(a, b) === (first !== null && wide.contains(first));
      }),
    );
  });
});

test('addresses with ports are written as URLs write them', () => {
  expect(hostPort('10.0.0.1', 80)).toBe('10.0.0.1:80');
  expect(hostPort('fd00::1', 80)).toBe('[fd00::1]:80');
});

test.each([
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['::1', true],
  ['128.0.0.1', false],
  ['::', false],
])('loopback %s: %s', (address, expected) => expect(isLoopback(address)).toBe(expected));
