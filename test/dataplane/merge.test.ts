import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCidrs } from '../../src/net/ip.ts';
import { mergeCidrs } from '../../src/net/merge.ts';

const merged = (...texts: readonly string[]): string[] => mergeCidrs(parseCidrs(texts)).map((cidr) => cidr.text);

test.for([
  [['10.244.0.0/24', '10.244.1.0/24'], ['10.244.0.0/23']],
  [
    ['10.244.1.0/24', '10.244.2.0/24'],
    ['10.244.1.0/24', '10.244.2.0/24'],
  ],
  [['10.244.3.0/24', '10.244.0.0/24', '10.244.2.0/24', '10.244.1.0/24'], ['10.244.0.0/22']],
  [['10.244.0.0/16', '10.244.7.0/24'], ['10.244.0.0/16']],
  [['10.244.7.0/24', '10.244.7.0/24'], ['10.244.7.0/24']],
  [['0.0.0.0/1', '128.0.0.0/1'], ['0.0.0.0/0']],
  [
    ['fd00:0:0:1::/64', 'fd00::/64', '10.0.0.0/8'],
    ['10.0.0.0/8', 'fd00::/63'],
  ],
  [[], []],
] as const)('%j is %j', ([texts, expected]) => {
  expect(merged(...texts)).toEqual(expected);
});

test('5,000 podCIDRs in a row are a few networks', () => {
  const texts = Array.from({ length: 5000 }, (_, index) => `10.${100 + (index >> 8)}.${index & 255}.0/24`);
  expect(merged(...texts).length).toBeLessThan(20);
});

test('the same addresses are inside, before and after', () => {
  const low = fc.tuple(fc.nat(3), fc.nat(255));
  const cidr = fc.tuple(low, fc.integer({ min: 20, max: 32 })).map(([[c, d], prefix]) => `10.0.${c}.${d}/${prefix}`);
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 12 }), fc.array(low, { minLength: 20, maxLength: 20 }), (texts, hosts) => {
      const before = parseCidrs(texts);
      const after = mergeCidrs(before);
      expect(after.length).toBeLessThanOrEqual(new Set(before.map(({ text }) => text)).size);
      for (const [c, d] of hosts) {
        const address = `10.0.${c}.${d}`;
        expect(after.some((net) => net.contains(address))).toBe(before.some((net) => net.contains(address)));
        expect(after.filter((net) => net.contains(address)).length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 500, endOnFailure: true },
  );
});
