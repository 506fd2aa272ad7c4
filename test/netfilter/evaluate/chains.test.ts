import { describe, expect, test } from 'vitest';
import { handNode, table } from '../support/dump.ts';
import { FROM_OUTSIDE, FROM_POD, FROM_PROCESS, traced } from '../support/told.ts';

const OUTSIDE = '198.51.100.10 > 172.18.0.11:30080';

function input(...lines: readonly string[]): readonly string[] {
  return traced(handNode(table('filter', ...lines)), FROM_OUTSIDE);
}

describe('chains of one table', () => {
  test.for([
    ['an empty table accepts', ['-A OUTPUT -j DROP'], `host: ${OUTSIDE}`],
    ['the first verdict counts', ['-A INPUT -j ACCEPT', '-A INPUT -j DROP'], `host: ${OUTSIDE}`],
    ['no verdict: the policy', [':INPUT DROP', '-A INPUT -p udp -j ACCEPT'], `dropped in INPUT: ${OUTSIDE}`],
    ['a rule without a target goes on', [':INPUT DROP', '-A INPUT -p tcp', '-A INPUT -p tcp -j ACCEPT'], `host: ${OUTSIDE}`],
    [
      'a jump comes back at the end of the chain',
      [':INPUT DROP', '-A INPUT -j K-a', '-A INPUT -j ACCEPT', '-A K-a -p udp -j DROP'],
      `host: ${OUTSIDE}`,
    ],
    ['RETURN comes back before it', ['-A INPUT -j K-a', '-A K-a -j RETURN', '-A K-a -j DROP'], `host: ${OUTSIDE}`],
    ['RETURN in a built-in chain: the policy', [':INPUT DROP', '-A INPUT -j RETURN', '-A INPUT -j ACCEPT'], `dropped in INPUT: ${OUTSIDE}`],
    [
      'ACCEPT in a called chain ends the table',
      [':INPUT DROP', '-A INPUT -j K-a', '-A INPUT -j DROP', '-A K-a -j ACCEPT'],
      `host: ${OUTSIDE}`,
    ],
    [
      'behind a goto the policy follows, not the next rule',
      [':INPUT DROP', '-A INPUT -g K-a', '-A INPUT -j ACCEPT', '-A K-a -p udp -j ACCEPT'],
      `dropped in INPUT: ${OUTSIDE}`,
    ],
    [
      'a goto from a called chain comes back to the caller of that chain',
      [':INPUT DROP', '-A INPUT -j K-a', '-A INPUT -j ACCEPT', '-A K-a -g K-b', '-A K-a -j DROP', '-A K-b -j RETURN'],
      `host: ${OUTSIDE}`,
    ],
    ['REJECT says how', ['-A INPUT -p tcp -j REJECT --reject-with tcp-reset'], `rejected in INPUT with tcp-reset: ${OUTSIDE}`],
    ['REJECT has a default', ['-A INPUT -j REJECT'], `rejected in INPUT with icmp-port-unreachable: ${OUTSIDE}`],
    [
      'targets without a verdict go on',
      [':INPUT DROP', '-A INPUT -j LOG --log-prefix "x "', '-A INPUT -j NFLOG', '-A INPUT -j ACCEPT'],
      `host: ${OUTSIDE}`,
    ],
    ['QUEUE is decided elsewhere', ['-A INPUT -j QUEUE'], `unknown (a program on the node decides (QUEUE)): ${OUTSIDE}`],
    ['NFQUEUE too', ['-A INPUT -j NFQUEUE --queue-num 1'], `unknown (a program on the node decides (NFQUEUE)): ${OUTSIDE}`],
    [
      'a target that nobody knows',
      ['-A INPUT -j MARK --frobnicate'],
      `unknown (target "-j MARK --frobnicate" is not understood): ${OUTSIDE}`,
    ],
  ] as const)('%s', ([, lines, expected]) => {
    expect(input(...lines)).toEqual([expected]);
  });

  test('a chain that is not there is not passed over', () => {
    const rules = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j GONE\nCOMMIT\n';
    expect(traced(handNode(rules), FROM_OUTSIDE)).toEqual([`unknown (chain "GONE" is not in table filter): ${OUTSIDE}`]);
  });

  test('chains that call each other without end are noticed', () => {
    expect(input('-A INPUT -j K-a', '-A K-a -j K-b', '-A K-b -j K-a')).toEqual([
      `unknown (chains call each other without end at "K-a"): ${OUTSIDE}`,
    ]);
    expect(input('-A INPUT -g K-a', '-A K-a -g K-a')).toEqual([`unknown (chains call each other without end at "K-a"): ${OUTSIDE}`]);
  });

  test('a loop behind a doubt does not hide the way without it', () => {
    const told = input('-A INPUT -m set --match-set x src -j K-a', '-A K-a -j K-a');
    expect(told).toEqual([`host: ${OUTSIDE} if not line 4`, `unknown (chains call each other without end at "K-a"): ${OUTSIDE} if line 4`]);
  });

  test('rules that fork at every turn are given up, not followed for ever', () => {
    const calls = Array.from({ length: 40 }, (_, i) => [
      `-A K-c${i} -m limit --limit ${i + 1}/sec -j MARK --set-xmark ${i + 1}/0`,
      `-A K-c${i} -m quota --quota ${i + 1} -j K-c${i + 1}`,
      `-A K-c${i} -j K-c${i + 1}`,
    ]);
    expect(
      input('-A INPUT -j K-c0', ...calls.flat(), '-A K-c40 -j DROP').some((line) =>
        line.startsWith('unknown (too many rules cannot be decided)'),
      ),
    ).toBe(true);
  });
});

describe('hooks and tables', () => {
  const drops = (name: string, chain: string): string => table(name, `-A ${chain} -j DROP`);
  test.for([
    ['raw PREROUTING', drops('raw', 'PREROUTING'), 'dropped in PREROUTING'],
    ['mangle PREROUTING', drops('mangle', 'PREROUTING'), 'dropped in PREROUTING'],
    ['mangle INPUT', drops('mangle', 'INPUT'), 'dropped in INPUT'],
    ['security INPUT', drops('security', 'INPUT'), 'dropped in INPUT'],
    ['filter FORWARD is not asked', drops('filter', 'FORWARD'), 'host'],
    ['filter OUTPUT is not asked', drops('filter', 'OUTPUT'), 'host'],
    ['mangle POSTROUTING is not asked', drops('mangle', 'POSTROUTING'), 'host'],
  ] as const)('a packet to the host: %s', ([, rules, expected]) => {
    expect(traced(handNode(rules), FROM_OUTSIDE)).toEqual([`${expected}: ${OUTSIDE}`]);
  });

  test.for([
    ['filter FORWARD', drops('filter', 'FORWARD'), 'dropped in FORWARD'],
    ['mangle POSTROUTING', drops('mangle', 'POSTROUTING'), 'dropped in POSTROUTING'],
    ['filter INPUT is not asked', drops('filter', 'INPUT'), 'sent eth0 via 172.18.0.1'],
  ] as const)('a packet through the node: %s', ([, rules, expected]) => {
    expect(traced(handNode(rules), FROM_POD)).toEqual([`${expected}: 10.244.1.10 > 10.96.0.10:80`]);
  });

  test('a packet of the node to itself goes out and comes in again by lo', () => {
    const itself = { ...FROM_PROCESS, destination: '172.18.0.11' };
    for (const [name, chain] of [
      ['raw', 'OUTPUT'],
      ['filter', 'OUTPUT'],
      ['mangle', 'POSTROUTING'],
      ['mangle', 'PREROUTING'],
      ['filter', 'INPUT'],
    ] as const) {
      expect(traced(handNode(drops(name, chain)), itself)).toEqual([`dropped in ${chain}: 172.18.0.11 > 172.18.0.11:80`]);
    }
    expect(traced(handNode(drops('filter', 'FORWARD')), itself)).toEqual(['host: 172.18.0.11 > 172.18.0.11:80']);
    expect(traced(handNode(table('filter', ':INPUT DROP', '-A INPUT -i lo -j ACCEPT')), itself)).toEqual([
      'host: 172.18.0.11 > 172.18.0.11:80',
    ]);
  });

  test('mangle comes before nat, nat before filter', () => {
    const rules =
      table('mangle', '-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff') +
      table('nat', '-A PREROUTING -m mark --mark 0x1 -j DNAT --to-destination 10.244.1.5:8080') +
      table('filter', '-A FORWARD ! -d 10.244.1.5/32 -j DROP');
    expect(traced(handNode(rules), FROM_OUTSIDE)).toEqual(['sent cni0: 198.51.100.10 > 10.244.1.5:8080']);
  });

  test('rules that were not read decide nothing', () => {
    const node = { ...handNode(''), rulesets: { ...handNode('').rulesets, 4: null } };
    expect(traced(node, FROM_OUTSIDE)).toEqual([`unknown (the node's iptables rules are not known): ${OUTSIDE}`]);
  });
});

describe('sources that the kernel does not let in', () => {
  const spoofed = { ...FROM_OUTSIDE, source: '10.244.1.1' };
  test("a node's own address", () => {
    expect(traced(handNode(''), spoofed)).toEqual(['unroutable (martian): 10.244.1.1 > 172.18.0.11:30080']);
    expect(traced(handNode(table('raw', '-A PREROUTING -j DROP')), spoofed)).toEqual([
      'dropped in PREROUTING: 10.244.1.1 > 172.18.0.11:30080',
    ]);
  });

  test.for([
    ['off', 'host'],
    ['loose', 'host'],
    ['strict', 'unroutable (reverse-path)'],
  ] as const)('rp_filter %s and a pod address on the wrong device', ([reversePath, expected]) => {
    expect(traced(handNode(''), { ...FROM_OUTSIDE, source: '10.244.1.9' }, { reversePath })).toEqual([
      `${expected}: 10.244.1.9 > 172.18.0.11:30080`,
    ]);
  });
});
