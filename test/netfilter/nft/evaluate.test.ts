import { describe, expect, test } from 'vitest';
import { parseNft } from '../../../src/netfilter/nft/parse-nft.ts';
import { emptyRuleset } from '../../../src/netfilter/ruleset.ts';
import { type Arriving, type Branch, tracePacket } from '../../../src/netfilter/trace.ts';
import { handNode } from '../support/dump.ts';

const CLIENT: Arriving = {
  protocol: 'tcp',
  source: '203.0.113.7',
  sourcePort: 40000,
  destination: '172.18.0.11',
  destinationPort: 30080,
  from: { device: 'eth0' },
};

function ways(text: string, arriving: Partial<Arriving> = {}, iptables = ''): readonly Branch[] {
  const nft = parseNft(text, { file: 'hand' });
  const sets = new Map(nft.tables.flatMap((table) => [...table.sets]));
  const base = handNode(iptables);
  const node = { ...base, nft, sets, ...(iptables === '' ? { rulesets: { 4: emptyRuleset(4), 6: emptyRuleset(6) } } : {}) };
  return tracePacket(node, { ...CLIENT, ...arriving }).branches;
}

/** How each way ends: its share, its end, and where the packet is then. */
function ends(text: string, arriving: Partial<Arriving> = {}, iptables = ''): readonly string[] {
  return ways(text, arriving, iptables)
    .map(
      ({ share, end, packet, doubts }) =>
        `${share.toFixed(2)} ${end.kind}${doubts.length > 0 ? ' perhaps' : ''} ${packet.source} → ${packet.destination}:${packet.destinationPort}`,
    )
    .sort();
}

const HERE = '1.00 host 203.0.113.7 → 172.18.0.11:30080';
const DROPPED = '1.00 dropped 203.0.113.7 → 172.18.0.11:30080';

function input(...rules: readonly string[]): string {
  return `table inet t {\n\tchain in {\n\t\ttype filter hook input priority filter; policy accept;\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;
}

function prerouting(rules: readonly string[], more = ''): string {
  return `table ip t {\n${more}\tchain pre {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;
}

describe('conditions', () => {
  test.for([
    ['ip saddr 203.0.113.0/24 drop', DROPPED],
    ['ip saddr != 203.0.113.0/24 drop', HERE],
    ['ip saddr 203.0.113.1-203.0.113.9 drop', DROPPED],
    ['ip saddr { 198.51.100.1, 203.0.113.0/24 } drop', DROPPED],
    ['ip saddr != { 198.51.100.1, 203.0.113.0/24 } drop', HERE],
    ['ip6 saddr fd00::/8 drop', HERE],
    ['tcp dport 30080 drop', DROPPED],
    ['tcp dport 30000-32767 drop', DROPPED],
    ['udp dport 30080 drop', HERE],
    ['meta l4proto tcp th dport { 80, 30080 } drop', DROPPED],
    ['meta l4proto != tcp drop', HERE],
    ['iifname "eth0" drop', DROPPED],
    ['iifname "eth*" drop', DROPPED],
    ['iifname != "eth0" drop', HERE],
    ['ct state new drop', DROPPED],
    ['ct state established,related drop', HERE],
    ['ct state vmap { established : accept, new : drop }', DROPPED],
    ['fib daddr type local drop', DROPPED],
    ['fib saddr type local drop', HERE],
    ['meta mark & 0x00004000 == 0x00000000 drop', DROPPED],
    ['meta mark & 0x00004000 != 0x00000000 drop', HERE],
    ['counter packets 5 bytes 300 drop comment "with { braces } and ; marks"', DROPPED],
    ['ip daddr . meta l4proto . th dport vmap { 172.18.0.11 . tcp . 30080 : drop }', DROPPED],
    ['ip daddr . meta l4proto . th dport vmap { 172.18.0.11 . udp . 30080 : drop }', HERE],
  ] as const)('%s', ([rule, end]) => {
    expect(ends(input(rule))).toEqual([end]);
  });

  test('what is not understood is neither taken nor passed over', () => {
    for (const rule of ['ip dscp ef drop', 'socket cgroupv2 level 1 "x" drop', 'ip saddr @unknown drop'])
      expect(ends(input(rule)), rule).toEqual([DROPPED.replace('dropped', 'dropped perhaps'), HERE.replace('host', 'host perhaps')]);
  });
});

describe('verdicts', () => {
  test('return ends a chain, jump comes back, goto does not', () => {
    const text = (via: string): string =>
      `table ip t {\n\tchain in {\n\t\ttype filter hook input priority 0; policy accept;\n\t\t${via} other\n\t\tdrop\n\t}\n\tchain other {\n\t\ttcp dport 30080 return\n\t\tdrop\n\t}\n}\n`;
    expect(ends(text('jump'))).toEqual([DROPPED]);
    expect(ends(text('goto'))).toEqual([HERE]);
  });

  test('accept ends one base chain only; a drop anywhere is final', () => {
    const early = 'table ip a {\n\tchain in {\n\t\ttype filter hook input priority -10; policy accept;\n\t\taccept\n\t}\n}\n';
    expect(ends(early + input('drop'))).toEqual([DROPPED]);
  });

  test('a policy of drop', () => {
    expect(ends(input('udp dport 1 accept').replace('policy accept', 'policy drop'))).toEqual([DROPPED]);
    expect(ends(input('tcp dport 30080 accept').replace('policy accept', 'policy drop'))).toEqual([HERE]);
  });

  test('reject', () => {
    expect(ways(input('reject'))[0]?.end).toMatchObject({ kind: 'rejected', hook: 'INPUT' });
  });
});

describe('rewriting', () => {
  test('dnat by chance, each endpoint with its share', () => {
    const rules = ['tcp dport 30080 numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }'];
    const chains = ['a', 'b', 'c'].map((name, i) => `\tchain ${name} {\n\t\tmeta l4proto tcp dnat to 10.244.1.1${i}:8080\n\t}\n`).join('');
    expect(ends(prerouting(rules, chains))).toEqual(['10', '11', '12'].map((last) => `0.33 sent 203.0.113.7 → 10.244.1.${last}:8080`));
  });

  test('a named map of verdicts, its set of node addresses, and masquerading by mark', () => {
    const maps =
      '\tmap ports {\n\t\ttype inet_proto . inet_service : verdict\n\t\telements = { tcp . 30081 : goto wrong,\n\t\t\t     tcp . 30080 comment "ns/web" : goto right }\n\t}\n\tset ips {\n\t\ttype ipv4_addr\n\t\telements = { 172.18.0.11 }\n\t}\n\tchain right {\n\t\tmeta mark set meta mark | 0x00004000\n\t\tdnat to 10.244.2.9:80\n\t}\n\tchain wrong {\n\t\tdrop\n\t}\n\tchain post {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\tmeta mark & 0x00004000 == 0x00000000 return\n\t\tmasquerade fully-random\n\t}\n';
    expect(ends(prerouting(['ip daddr @ips meta l4proto . th dport vmap @ports'], maps))).toEqual([
      '1.00 sent 172.18.0.11 → 10.244.2.9:80',
    ]);
    expect(ends(prerouting(['ip daddr @ips meta l4proto . th dport vmap @ports'], maps), { destinationPort: 30082 })).toEqual([
      HERE.replace('30080', '30082'),
    ]);
  });

  test('what drops before the rewriting is asked first, by its priority', () => {
    const guard =
      'table ip g {\n\tchain pre {\n\t\ttype filter hook prerouting priority dstnat - 10; policy accept;\n\t\ttcp dport 30080 drop\n\t}\n}\n';
    expect(ends(prerouting(['dnat to 10.244.1.10:80']) + guard)).toEqual([DROPPED]);
    expect(ends(prerouting(['dnat to 10.244.1.10:80']) + guard.replace('dstnat - 10', 'dstnat + 10'))).toEqual([
      '1.00 sent 203.0.113.7 → 10.244.1.10:80',
    ]);
  });

  test('a new client is in no set that packets fill', () => {
    const set = '\tset sticky {\n\t\ttype ipv4_addr\n\t\tflags dynamic,timeout\n\t\ttimeout 3h\n\t}\n';
    expect(ends(prerouting(['ip saddr @sticky dnat to 10.244.1.10:80', 'dnat to 10.244.1.11:80'], set))).toEqual([
      '1.00 sent 203.0.113.7 → 10.244.1.11:80',
    ]);
  });
});

describe('beside iptables', () => {
  const IPTABLES = (rule: string): string => `*nat\n:PREROUTING ACCEPT [0:0]\n${rule}\nCOMMIT\n`;

  test('the first that rewrites decides; at one priority nobody knows which is first', () => {
    const native = prerouting(['dnat to 10.244.1.10:80']);
    const both = ends(native, {}, IPTABLES('-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.11:80'));
    expect(both.join()).toContain('unknown');
    expect(
      ends(
        native.replace('priority dstnat', 'priority dstnat - 5'),
        {},
        IPTABLES('-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.11:80'),
      ),
    ).toEqual(['1.00 sent 203.0.113.7 → 10.244.1.10:80']);
    expect(ends(native, {}, IPTABLES('-A PREROUTING -p udp -j DNAT --to-destination 10.244.1.11:80'))).toEqual([
      '1.00 sent 203.0.113.7 → 10.244.1.10:80',
    ]);
  });
});

test('chains of one priority: what their order decides is not decided, the rest is', () => {
  const other = (rule: string): string => input(rule).replace('table inet t', 'table inet other');
  expect(ends(input('drop') + other('udp dport 1 reject'))).toEqual([DROPPED]);
  expect(ends(input('drop') + other('reject')).join()).toContain('unknown');
  expect(ends(input('drop') + other('reject').replace('priority filter', 'priority 10'))).toEqual([DROPPED]);
});

test('a text that ends inside a table is a problem, and bridge tables are named', () => {
  const cut = parseNft('table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy accept;\n', { file: 'x.nft' });
  expect(cut.problems).toEqual([{ file: 'x.nft', line: 1, reason: 'the text ends inside this table: it is cut off', text: '' }]);
  expect(
    parseNft('table bridge b {\n\tchain c {\n\t\ttype filter hook forward priority 0; policy drop;\n\t}\n}\n', { file: 'x' }).others,
  ).toEqual(['bridge b']);
});
