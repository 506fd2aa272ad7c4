import { describe, expect, test } from 'vitest';
import { expectedStatic } from '../../src/expected/static.ts';
import type { Proxier } from '../../src/expected/types.ts';
import { linesOf, proxier } from './sample.ts';

function hooks(minor: number): string[] {
  const rules = expectedStatic(proxier(minor)).chains.flatMap((chain) => chain.rules.filter((rule) => rule.code === 'hook'));
  return rules
    .map((rule) =>
      rule.line
        .replace(/ -m .* -j /, ' → ')
        .replace(' -j ', ' → ')
        .slice(3),
    )
    .sort();
}

const jumps = (where: Proxier): string[] =>
  linesOf(expectedStatic(where)).filter((line) => line.endsWith('-j KUBE-NODEPORTS') && line.includes('KUBE-SERVICES'));

describe('hooks', () => {
  const always = [
    'FORWARD → KUBE-FORWARD',
    'FORWARD → KUBE-SERVICES',
    'INPUT → KUBE-EXTERNAL-SERVICES',
    'INPUT → KUBE-FIREWALL',
    'OUTPUT → KUBE-FIREWALL',
  ];
  const nat = ['OUTPUT → KUBE-SERVICES', 'OUTPUT → KUBE-SERVICES', 'POSTROUTING → KUBE-POSTROUTING', 'PREROUTING → KUBE-SERVICES'];
  test.for([
    [19, ['INPUT → KUBE-SERVICES']],
    [20, ['FORWARD → KUBE-EXTERNAL-SERVICES']],
    [21, ['FORWARD → KUBE-EXTERNAL-SERVICES', 'INPUT → KUBE-NODEPORTS']],
    [
      34,
      [
        'FORWARD → KUBE-EXTERNAL-SERVICES',
        'INPUT → KUBE-NODEPORTS',
        'FORWARD → KUBE-PROXY-FIREWALL',
        'INPUT → KUBE-PROXY-FIREWALL',
        'OUTPUT → KUBE-PROXY-FIREWALL',
      ],
    ],
  ] as const)('1.%i', ([minor, more]) => expect(hooks(minor)).toEqual([...always, ...nat, ...more].sort()));
});

test.for([
  [22, 4],
  [23, 3],
] as const)('1.%i: KUBE-FORWARD has %i rules', ([minor, count]) => {
  expect(linesOf(expectedStatic(proxier(minor))).filter((line) => line.startsWith('-A KUBE-FORWARD '))).toHaveLength(count);
});

test('what may be missing or stand in another form', () => {
  const rules = expectedStatic(proxier(31)).chains.flatMap((chain) => chain.rules);
  const invalid = rules.find((rule) => rule.code === 'forward-invalid');
  expect(invalid).toMatchObject({
    optional: true,
    also: ['-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP'],
  });
  expect(rules.find((rule) => rule.code === 'postrouting-masquerade')?.also).toEqual([
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE',
  ]);
  expect(
    expectedStatic(proxier(28))
      .chains.flatMap((chain) => chain.rules)
      .find((rule) => rule.code === 'forward-invalid')?.optional,
  ).toBe(false);
});

test('the drop mark belongs to kube-proxy’s rules until 1.24', () => {
  const mark = (minor: number) => expectedStatic(proxier(minor)).chains.find((chain) => chain.chain === 'KUBE-MARK-DROP');
  expect(mark(24)).toMatchObject({ optional: false, rules: [{ optional: false, writer: 'kubelet' }] });
  expect(mark(25)).toMatchObject({ optional: true, rules: [{ optional: true }] });
});

test('the masquerade bit decides every mark', () => {
  const lines = linesOf(expectedStatic({ ...proxier(34), dialect: { masqueradeBit: 20 } }));
  expect(lines.filter((line) => line.includes('0x4000'))).toEqual([]);
  expect(lines.filter((line) => line.includes('0x100000'))).toHaveLength(4);
});

describe('the jump to node ports', () => {
  const note = '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"';
  const all = `${note} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`;
  test.for([
    ['1.34', proxier(34), [`-A KUBE-SERVICES ${all}`]],
    ['without loopback', proxier(34, { localhostNodePorts: false }), [`-A KUBE-SERVICES ! -d 127.0.0.0/8 ${all}`]],
    ['1.25 knows no such setting', proxier(25, { localhostNodePorts: false }), [`-A KUBE-SERVICES ${all}`]],
    ['IPv6', { ...proxier(26), family: 6 }, [`-A KUBE-SERVICES ! -d ::1/128 ${all}`]],
    ['IPv6 in 1.25', { ...proxier(25), family: 6 }, [`-A KUBE-SERVICES ${all}`]],
    [
      'some addresses',
      proxier(34, { nodePortAddresses: ['172.18.0.0/16'] }),
      [`-A KUBE-SERVICES -d 172.18.0.11/32 ${note} -j KUBE-NODEPORTS`],
    ],
    ['primary', proxier(31, { nodePortAddresses: ['primary'] }), [`-A KUBE-SERVICES -d 172.18.0.11/32 ${note} -j KUBE-NODEPORTS`]],
    ['none of the node’s', proxier(34, { nodePortAddresses: ['192.168.0.0/16'] }), []],
    ['loopback', proxier(34, { nodePortAddresses: ['127.0.0.0/8'] }), [`-A KUBE-SERVICES -d 127.0.0.1/32 ${note} -j KUBE-NODEPORTS`]],
    ['loopback, turned off', proxier(34, { nodePortAddresses: ['127.0.0.0/8'], localhostNodePorts: false }), []],
  ] as const)('%s', ([, where, lines]) => expect(jumps(where)).toEqual(lines));
});
