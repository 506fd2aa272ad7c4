import { describe, expect, test } from 'vitest';
import { parseRules, printerOf } from '../../src/netfilter/parse-rules.ts';
import { printRule } from '../../src/netfilter/rule/print-rule.ts';
import type { Ruleset } from '../../src/netfilter/ruleset.ts';

function read(text: string): Ruleset {
  const { ruleset, problems } = parseRules(text, { file: 'paste.txt' });
  expect(problems).toEqual([]);
  return ruleset;
}

/** `table CHAIN: rule`, as iptables-save would print the rule. */
function shown(ruleset: Ruleset): readonly string[] {
  return [...ruleset.tables.values()].flatMap((table) =>
    [...table.chains.values()].flatMap((chain) => chain.rules.map((rule) => `${table.name} ${printRule(chain.name, rule.spec)}`)),
  );
}

const HEADING = 'target     prot opt source               destination         ';
const VERBOSE = ' pkts bytes target     prot opt in     out     source               destination         ';

test('names of protocols, services and "anywhere", as iptables -L prints them without -n', () => {
  const text = `Chain INPUT (policy DROP)\n${HEADING}
ACCEPT     tcp  --  anywhere             10.96.0.10           tcp dpt:http
ACCEPT     udp  --  10.0.0.0/8           anywhere             multiport dports domain,ntp
DROP       all  --  anywhere             anywhere             ctstate INVALID
`;
  expect(shown(read(text))).toEqual([
    'filter -A INPUT -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j ACCEPT',
    'filter -A INPUT -s 10.0.0.0/8 -p udp -m multiport --dports 53,123 -j ACCEPT',
    'filter -A INPUT -m conntrack --ctstate INVALID -j DROP',
  ]);
});

test('a name instead of an address stays unrecognised', () => {
  const [rule] =
    read(`Chain INPUT (policy DROP)\n${HEADING}\nACCEPT     all  --  node1.example.org    anywhere\n`)
      .tables.get('filter')
      ?.chains.get('INPUT')?.rules ?? [];
  expect(rule?.spec.matches).toContainEqual({ kind: 'unrecognised', words: ['-s', 'node1.example.org'] });
});

test('older ip6tables leave the column "opt" blank', () => {
  const text = `Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)\n${VERBOSE}
    0     0 ACCEPT     all      cni0   *       fd00:10:244::/56     ::/0                
    0     0            all      *      *       ::/0                 ::/0                
    2   160 KUBE-MARK-MASQ  tcp      *      *      !fd00:10:244::/56     fd00:10:96::a        /* ns/web cluster IP */ tcp dpt:80
`;
  const ruleset = read(text);
  expect(ruleset.family).toBe(6);
  expect(shown(ruleset)).toEqual([
    'filter -A FORWARD -s fd00:10:244::/56 -i cni0 -j ACCEPT',
    'filter -A FORWARD',
    'filter -A FORWARD ! -s fd00:10:244::/56 -d fd00:10:96::a/128 -p tcp -m comment --comment "ns/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
  ]);
});

test('commands that were pasted along name the tables, for listings and for -S', () => {
  const row = 'DROP       0    --  0.0.0.0/0            0.0.0.0/0';
  const listing = `root@node1:~# iptables -t mangle -nL FORWARD\nChain FORWARD (policy ACCEPT)\n${HEADING}\n${row}\n$ sudo iptables -nL FORWARD\nChain FORWARD (policy ACCEPT)\n${HEADING}\n${row}\n`;
  expect(shown(read(listing))).toEqual(['mangle -A FORWARD -j DROP', 'filter -A FORWARD -j DROP']);
  const dashS =
    '# iptables -S -t raw\n-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-A OUTPUT -j ACCEPT\n# iptables -S\n-P OUTPUT DROP\n-A OUTPUT -j RETURN\n';
  expect(shown(read(dashS))).toEqual(['raw -A OUTPUT -j ACCEPT', 'filter -A OUTPUT -j RETURN']);
  expect(read('$ ip6tables -S\n-P INPUT ACCEPT\n').family).toBe(6);
});

test('"Table: nat" headings, as service scripts print them', () => {
  const text = `Table: nat\nChain PREROUTING (policy ACCEPT)\nnum  ${HEADING}\n1    REDIRECT   tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:80 redir ports 8080\n\nTable: filter\nChain INPUT (policy ACCEPT)\nnum  ${HEADING}\n`;
  expect(shown(read(text))).toEqual(['nat -A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080']);
  expect([...read(text).tables.keys()]).toEqual(['nat', 'filter']);
});

test('a comment that ends itself and pretends to be a match is not believed', () => {
  const text = `Chain INPUT (policy ACCEPT)\n${HEADING}\nDROP       6    --  0.0.0.0/0            0.0.0.0/0            /* a */ tcp dpt:80 /* b */\n`;
  const [rule] = read(text).tables.get('filter')?.chains.get('INPUT')?.rules ?? [];
  expect(rule?.spec.matches.some((match) => match.kind === 'unrecognised')).toBe(true);
});

test('words that are not understood make the rule unknown, and nothing behind them is taken for a match', () => {
  const text = `Chain INPUT (policy ACCEPT)\n${HEADING}\nREJECT     6    --  0.0.0.0/0            0.0.0.0/0            newmatch is here tcp dpt:80 reject-with tcp-reset\n`;
  const [rule] = read(text).tables.get('filter')?.chains.get('INPUT')?.rules ?? [];
  expect(rule?.spec).toEqual({
    matches: [
      { kind: 'protocol', negated: false, protocol: 'tcp' },
      { kind: 'unrecognised', words: ['newmatch', 'is', 'here', 'tcp', 'dpt:80'] },
      { kind: 'hidden', what: 'interfaces' },
    ],
    target: { kind: 'reject', with: 'tcp-reset' },
  });
});

describe('the program that printed a text', () => {
  test.for([
    ['# Generated by iptables-save v1.8.9 on …\n*nat\nCOMMIT\n', 'iptables-save'],
    ['\n  *filter\n  :INPUT ACCEPT [0:0]\n  COMMIT\n', 'iptables-save'],
    [':INPUT ACCEPT [0:0]\n', 'iptables-save'],
    ['-P INPUT ACCEPT\n', 'iptables -S'],
    ['-N KUBE-SERVICES\n', 'iptables -S'],
    ['# Warning: iptables-legacy tables present, use iptables-legacy to see them\nChain INPUT (policy ACCEPT)\n', 'iptables -L'],
    ['Chain KUBE-SERVICES (2 references)\n', 'iptables -L'],
    ['table ip nat {\n', null],
    ['', null],
  ] as const)('%j: %s', ([text, printer]) => {
    expect(printerOf(text)).toBe(printer);
  });
});
