import { describe, expect, test } from 'vitest';
import { normalForm, sameRule } from '../../src/netfilter/rule/normal-form.ts';
import { parseRuleWords } from '../../src/netfilter/rule/parse-rule.ts';

const same = (a: string, b: string, ignoring = {}): boolean => sameRule(parseRuleWords(a), parseRuleWords(b), ignoring);
const equal = (a: string, b: string, ignoring = {}): boolean =>
  normalForm(parseRuleWords(a), ignoring) === normalForm(parseRuleWords(b), ignoring);

describe('two ways to say the same', () => {
  test.for([
    [
      '-m comment --comment x -m tcp -p tcp -d 10.0.0.1 --dport 80 -j K',
      '-d 10.0.0.1/32 -p tcp -m comment --comment "x" -m tcp --dport 80 -j K',
    ],
    ['-p tcp --dport 80 -j ACCEPT', '-p 6 -m tcp --dport 80:80 -j ACCEPT'],
    ['-p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80', '-p tcp -j DNAT --to-destination 10.0.0.1:80'],
    ['-m state --state NEW -j ACCEPT', '-m conntrack --ctstate NEW -j ACCEPT'],
    ['-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
    ['-j MARK --or-mark 0x4000', '-j MARK --set-xmark 0x4000/0x4000'],
    ['-j MARK --xor-mark 16384', '-j MARK --set-xmark 0x4000/0x0'],
    ['-j MARK --set-mark 0x1', '-j MARK --set-xmark 0x1/0xffffffff'],
    ['-j REJECT', '-j REJECT --reject-with icmp-port-unreachable'],
    ['-m recent --rcheck --name X --rsource', '-m recent --rcheck --name X --mask 255.255.255.255 --rsource'],
    ['-s 10.1.2.3/16 -j DROP', '-s 10.1.0.0/255.255.0.0 -j DROP'],
    ['-s 0.0.0.0/0 -i + -p all -j DROP', '-j DROP'],
    ['-s ! 10.0.0.0/8 -j DROP', '! -s 10.0.0.0/8 -j DROP'],
    ['-p tcp -m tcp --dport ! 80 -j DROP', '-p tcp -m tcp ! --dport 80 -j DROP'],
    ['-p tcp --syn -j DROP', '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP'],
    ['-m multiport --destination-ports 1,2 -j DROP', '-m multiport --dports 1,2 -j DROP'],
    ['-d FD00::0:1 -j DROP', '-d fd00::1/128 -j DROP'],
  ] as const)('%s', ([a, b]) => {
    expect(normalForm(parseRuleWords(a))).toBe(normalForm(parseRuleWords(b)));
    expect(same(a, b)).toBe(true);
  });
});

describe('what is not the same', () => {
  test.for([
    ['-s 10.0.0.0/8 -j DROP', '! -s 10.0.0.0/8 -j DROP'],
    ['-j K', '-g K'],
    ['-p tcp -m tcp --dport 80 -j DROP', '-p tcp -m tcp --dport 80:81 -j DROP'],
    ['-j DNAT --to-destination 10.0.0.1:80', '-j DNAT --to-destination 10.0.0.1:81'],
    ['-j DNAT --to-destination 10.0.0.1', '-j SNAT --to-source 10.0.0.1'],
    ['-m mark --mark 0x4000/0x4000 -j ACCEPT', '-m connmark --mark 0x4000/0x4000 -j ACCEPT'],
    ['-m frobnicate --x -j DROP', '-j DROP'],
    ['-m recent --set --name X --rsource', '-m recent --set --name X --rdest'],
    ['-m statistic --mode random --probability 0.5 -j K', '-m statistic --mode random --probability 0.33333333349 -j K'],
    ['-m comment --comment a -j K', '-m comment --comment b -j K'],
  ] as const)('%s / %s', ([a, b]) => {
    expect(equal(a, b)).toBe(false);
    expect(same(a, b)).toBe(false);
  });
});

test('what the caller does not care about', () => {
  expect(equal('-m comment --comment a -j K', '-m comment --comment b -j K', { comments: true })).toBe(true);
  expect(equal('-j MASQUERADE', '-j MASQUERADE --random-fully')).toBe(false);
  expect(equal('-j MASQUERADE', '-j MASQUERADE --random-fully', { randomFully: true })).toBe(true);
  expect(equal('-m nfacct --nfacct-name x -j DROP', '-j DROP')).toBe(false);
  expect(equal('-m nfacct --nfacct-name x -j DROP', '-j DROP', { accounting: true })).toBe(true);
});

test('probabilities may differ by what the kernel rounds off', () => {
  const chance = (text: string): string => `-m statistic --mode random --probability ${text} -j K`;
  expect(same(chance('0.3333333333'), chance('0.33333333349'))).toBe(true);
  expect(same(chance('0.33333'), chance('0.33333333349'))).toBe(false);
});
