import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRules } from '../../../src/netfilter/parse-rules.ts';
import { tracePacket } from '../../../src/netfilter/trace.ts';
import { handNode, table } from '../support/dump.ts';
import { FROM_OUTSIDE, traced } from '../support/told.ts';

const OUTSIDE = '198.51.100.10 > 172.18.0.11:30080';

describe('chances', () => {
  test('-m statistic as kube-proxy writes it gives every endpoint the same share', () => {
    const chances = [0.33333333349, 0.5, 1];
    const lines = chances.map(
      (chance, i) =>
        `-A PREROUTING ${chance === 1 ? '' : `-m statistic --mode random --probability ${chance} `}-j DNAT --to-destination 10.244.1.${5 + i}`,
    );
    const { branches, certain } = tracePacket(handNode(table('nat', ...lines)), FROM_OUTSIDE);
    expect(certain).toBe(true);
    expect(branches.map((branch) => branch.packet.destination)).toEqual(['10.244.1.5', '10.244.1.6', '10.244.1.7']);
    for (const branch of branches) expect(branch.share).toBeCloseTo(1 / 3, 6);
  });

  test('nth is a share too; a negated chance is its rest', () => {
    expect(traced(handNode(table('filter', '-A INPUT -m statistic --mode nth --every 4 --packet 0 -j DROP')), FROM_OUTSIDE)).toEqual([
      `dropped in INPUT: ${OUTSIDE} (0.25)`,
      `host: ${OUTSIDE} (0.75)`,
    ]);
    expect(traced(handNode(table('filter', '-A INPUT -m statistic --mode random ! --probability 0.2 -j DROP')), FROM_OUTSIDE)).toEqual([
      `dropped in INPUT: ${OUTSIDE} (0.8)`,
      `host: ${OUTSIDE} (0.2)`,
    ]);
  });

  test('ways that come to the same are one', () => {
    expect(traced(handNode(table('filter', '-A INPUT -m statistic --mode random --probability 0.2 -j ACCEPT')), FROM_OUTSIDE)).toEqual([
      `host: ${OUTSIDE}`,
    ]);
  });

  test('shares of a certain packet sum to 1', () => {
    const chance = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
    const target = fc.constantFrom('DROP', 'ACCEPT', 'RETURN', 'K-1', 'REJECT');
    fc.assert(
      fc.property(fc.array(fc.tuple(chance, target), { maxLength: 8 }), (rules) => {
        const lines = rules.map(([probability, jump]) => `-A INPUT -m statistic --mode random --probability ${probability} -j ${jump}`);
        const { branches, certain } = tracePacket(
          handNode(table('filter', ...lines, '-A K-1 -m statistic --mode random --probability 0.5 -j DROP')),
          FROM_OUTSIDE,
        );
        expect(certain).toBe(true);
        expect(branches.reduce((sum, branch) => sum + branch.share, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('what the rules do not show', () => {
  test('both ways are kept, each with the rule that decides', () => {
    const node = handNode(table('filter', '-A INPUT -m set --match-set blocked src -j DROP'));
    expect(traced(node, FROM_OUTSIDE)).toEqual([`dropped in INPUT: ${OUTSIDE} if line 3`, `host: ${OUTSIDE} if not line 3`]);
    expect(tracePacket(node, FROM_OUTSIDE).undecided.map((doubt) => doubt.why)).toEqual([
      'the members of set "blocked" are not in the rules',
    ]);
  });

  test('a doubt that makes no difference is none', () => {
    for (const lines of [
      ['-A INPUT -m set --match-set a src -j ACCEPT'],
      ['-A INPUT -m limit --limit 3/min -j LOG'],
      ['-A INPUT -m set --match-set a src -j DROP', '-A INPUT -j DROP'].map((line) => line.replace(/-m set.*src /, '')),
      ['-A INPUT -m set --match-set a src -j K-1', '-A K-1 -p udp -j DROP'],
    ]) {
      expect(tracePacket(handNode(table('filter', ...lines)), FROM_OUTSIDE).certain).toBe(true);
    }
  });

  test('RETURN and DROP that depend on different unknowns: accepted is not certain', () => {
    const node = handNode(table('filter', '-A INPUT -m set --match-set x src -j RETURN', '-A INPUT -m set --match-set y src -j DROP'));
    expect(traced(node, FROM_OUTSIDE)).toEqual([
      `dropped in INPUT: ${OUTSIDE} if not line 3 and line 4`,
      `host: ${OUTSIDE} if line 3`,
      `host: ${OUTSIDE} if not line 3 and not line 4`,
    ]);
  });

  test('a doubt and a chance in one rule', () => {
    const node = handNode(table('filter', '-A INPUT -m set --match-set x src -m statistic --mode random --probability 0.25 -j DROP'));
    expect(traced(node, FROM_OUTSIDE)).toEqual([
      `dropped in INPUT: ${OUTSIDE} (0.25) if line 3`,
      `host: ${OUTSIDE} (0.75) if line 3`,
      `host: ${OUTSIDE} if not line 3`,
    ]);
  });

  test('never an end that the kernel could not reach is certain, whatever the sets hold', () => {
    const match = fc.constantFrom('', '-m set --match-set a src ', '-m set --match-set b src ', '-p udp ', '-p tcp ');
    const target = fc.constantFrom('ACCEPT', 'DROP', 'RETURN', 'K-1', 'K-2');
    const rules = (chain: string, targets: fc.Arbitrary<string>) =>
      fc.array(
        fc.tuple(match, targets).map(([text, jump]) => `-A ${chain} ${text}-j ${jump}`),
        { maxLength: 5 },
      );
    const any = fc.tuple(
      rules('INPUT', target),
      rules('K-1', fc.constantFrom('ACCEPT', 'DROP', 'RETURN', 'K-2')),
      rules('K-2', fc.constantFrom('ACCEPT', 'DROP', 'RETURN')),
    );
    fc.assert(
      fc.property(any, ([first, second, third]) => {
        const text = table('filter', ':K-1 -', ':K-2 -', ...first, ...second, ...third);
        const open = tracePacket(handNode(text), FROM_OUTSIDE);
        const possible = new Set(open.branches.map((branch) => branch.end.kind));
        for (const a of [true, false]) {
          for (const b of [true, false]) {
            const known = text
              .replace(/-m set --match-set a src/g, a ? '-p tcp' : '-p udp')
              .replace(/-m set --match-set b src/g, b ? '-p tcp' : '-p udp');
            const [end] = tracePacket(handNode(known), FROM_OUTSIDE).branches;
            expect(possible).toContain(end?.end.kind);
          }
        }
        if (open.certain) expect(possible.size).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('-m recent', () => {
  const ssh = (hits: number) => [
    '-A INPUT -m recent --set --name SSH --rsource',
    `-A INPUT -m recent --update --seconds 60 --hitcount ${hits} --name SSH --rsource -j DROP`,
  ];
  test('a packet finds what it noted itself, as often as it did', () => {
    expect(traced(handNode(table('filter', ...ssh(1))), FROM_OUTSIDE)).toEqual([`dropped in INPUT: ${OUTSIDE}`]);
    expect(traced(handNode(table('filter', ...ssh(4))), FROM_OUTSIDE)).toEqual([`host: ${OUTSIDE}`]);
    expect(
      traced(handNode(table('filter', '-A INPUT -p udp -m recent --set --name SSH --rsource', ssh(1)[1] ?? '')), FROM_OUTSIDE),
    ).toEqual([`host: ${OUTSIDE}`]);
  });

  test('a client that may have come before', () => {
    const node = handNode(table('filter', '-A INPUT -m recent --rcheck --name SEEN --rsource -j DROP'));
    expect(traced(node, FROM_OUTSIDE)).toEqual([`host: ${OUTSIDE}`]);
    expect(traced(node, FROM_OUTSIDE, { newClient: false })).toHaveLength(2);
  });
});

test('a listing that hides interfaces decides nothing for certain', () => {
  const text =
    'Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\nDROP       6    --  0.0.0.0/0            0.0.0.0/0            tcp dpt:30080\n';
  const node = { ...handNode(''), rulesets: { 4: parseRules(text, { file: 'paste' }).ruleset, 6: null } };
  expect(traced(node, FROM_OUTSIDE)).toEqual([`dropped in INPUT: ${OUTSIDE} if line 3`, `host: ${OUTSIDE} if not line 3`]);
  expect(traced(node, { ...FROM_OUTSIDE, destinationPort: 1 })).toEqual(['host: 198.51.100.10 > 172.18.0.11:1']);
});
