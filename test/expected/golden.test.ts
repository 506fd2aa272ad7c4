import { describe, expect, test } from 'vitest';
import { probabilityText, saveLine } from '../../src/expected/line.ts';
import { expectedRules } from '../../src/expected/rules.ts';
import { parseCidrs } from '../../src/net/ip.ts';
import { chainLines, clusterOf, endpoint, proxier, rulesFor, service, WEB } from './sample.ts';

const H = '67NZLRHBNDSAWJRO';
const HERE = 'KUBE-SEP-34ZZ2QFGO32YYXXO';
const THERE = 'KUBE-SEP-DYSIX5QMVXZZP7LU';
const RECENT = '--mask 255.255.255.255 --rsource';

/** Printed by iptables-save 1.8.9 for an invented Service. */
const GOLDEN = `-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:http health check node port" -m tcp --dport 32000 -j ACCEPT
-A KUBE-PROXY-FIREWALL -d 203.0.113.10/32 -p tcp -m comment --comment "shop/web:http traffic not accepted by KUBE-FW-${H}" -m tcp --dport 80 -j DROP
-A KUBE-EXT-${H} -s 10.244.0.0/16 -m comment --comment "pod traffic for shop/web:http external destinations" -j KUBE-SVC-${H}
-A KUBE-EXT-${H} -m comment --comment "masquerade LOCAL traffic for shop/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-${H} -m comment --comment "route LOCAL traffic for shop/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-${H}
-A KUBE-EXT-${H} -j KUBE-SVL-${H}
-A KUBE-FW-${H} -s 198.51.100.0/24 -m comment --comment "shop/web:http loadbalancer IP" -j KUBE-EXT-${H}
-A KUBE-FW-${H} -m comment --comment "other traffic to shop/web:http will be dropped by KUBE-PROXY-FIREWALL"
-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:http" -m tcp --dport 30080 -j KUBE-EXT-${H}
-A ${HERE} -s 10.244.1.5/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ
-A ${HERE} -p tcp -m comment --comment "shop/web:http" -m recent --set --name ${HERE} ${RECENT} -m tcp -j DNAT --to-destination 10.244.1.5:8080
-A ${THERE} -s 10.244.2.7/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ
-A ${THERE} -p tcp -m comment --comment "shop/web:http" -m recent --set --name ${THERE} ${RECENT} -m tcp -j DNAT --to-destination 10.244.2.7:8080
-A KUBE-SERVICES -d 10.96.7.7/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-${H}
-A KUBE-SERVICES -d 203.0.113.10/32 -p tcp -m comment --comment "shop/web:http loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-${H}
-A KUBE-SVC-${H} ! -s 10.244.0.0/16 -d 10.96.7.7/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-${H} -m comment --comment "shop/web:http -> 10.244.1.5:8080" -m recent --rcheck --seconds 10800 --reap --name ${HERE} ${RECENT} -j ${HERE}
-A KUBE-SVC-${H} -m comment --comment "shop/web:http -> 10.244.2.7:8080" -m recent --rcheck --seconds 10800 --reap --name ${THERE} ${RECENT} -j ${THERE}
-A KUBE-SVC-${H} -m comment --comment "shop/web:http -> 10.244.1.5:8080" -m statistic --mode random --probability 0.50000000000 -j ${HERE}
-A KUBE-SVC-${H} -m comment --comment "shop/web:http -> 10.244.2.7:8080" -j ${THERE}
-A KUBE-SVL-${H} -m comment --comment "shop/web:http -> 10.244.1.5:8080" -m recent --rcheck --seconds 10800 --reap --name ${HERE} ${RECENT} -j ${HERE}
-A KUBE-SVL-${H} -m comment --comment "shop/web:http -> 10.244.1.5:8080" -j ${HERE}`.split('\n');

test('the golden example, chain by chain in order', () => {
  const lines = rulesFor(WEB, proxier(34));
  expect([...lines].sort()).toEqual([...GOLDEN].sort());
  for (const chain of [`KUBE-EXT-${H}`, `KUBE-FW-${H}`, HERE, THERE, `KUBE-SVC-${H}`, `KUBE-SVL-${H}`]) {
    expect(chainLines(lines, chain)).toEqual(chainLines(GOLDEN, chain));
  }
});

test('every rule says what it does, and whose it is', () => {
  const { chains } = expectedRules({ ...proxier(34), service: WEB, cluster: clusterOf(WEB) });
  const rules = chains.flatMap((chain) => chain.rules);
  expect(rules.every((rule) => rule.meaning !== '' && rule.port === 'shop/web:http' && rule.writer === 'kube-proxy')).toBe(true);
  expect(rules.find((rule) => rule.code === 'dnat')?.meaning).toBe('DNAT to endpoint 10.244.1.5:8080');
  expect(chains.filter((chain) => chain.shared).map((chain) => `${chain.table} ${chain.chain} ${chain.order}`)).toEqual([
    'nat KUBE-SERVICES per-port-then-node-ports',
    'filter KUBE-PROXY-FIREWALL per-port',
    'nat KUBE-NODEPORTS per-port',
    'filter KUBE-NODEPORTS per-port',
  ]);
});

describe('differences since 1.25', () => {
  test.for([
    [26, false, 'no note at the end of FW'],
    [27, true, 'a note at the end of FW'],
  ] as const)('1.%i: %s: %s', ([minor, noted]) => {
    expect(rulesFor(WEB, proxier(minor)).some((line) => line.endsWith('dropped by KUBE-PROXY-FIREWALL"'))).toBe(noted);
  });

  test('1.31 may count node ports on loopback with nfacct; 1.30 not', () => {
    const codes = (minor: number): string[] =>
      expectedRules({ ...proxier(minor), service: WEB, cluster: clusterOf(WEB) }).chains.flatMap((chain) =>
        chain.rules.filter((rule) => rule.optional).map((rule) => rule.line),
      );
    expect(codes(30)).toEqual([]);
    expect(codes(31)).toEqual([
      `-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment "shop/web:http" -m tcp --dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-${H}`,
    ]);
  });

  test('until 1.26 node ports that no address serves have no rule, since 1.27 they have', () => {
    const nowhere = { nodePortAddresses: ['192.168.0.0/24'] };
    const nodePorts = (minor: number): string[] => rulesFor(WEB, proxier(minor, nowhere)).filter((line) => line.includes('--dport 30080'));
    expect(nodePorts(26)).toEqual([]);
    expect(nodePorts(27)).toHaveLength(1);
  });

  test('no endpoint anywhere: rejected by every way in; none here: dropped, but for the clusterIP', () => {
    const refused = (lines: readonly string[]): string[] => lines.filter((line) => /(?:DROP|unreachable)$/.test(line));
    const open = { sourceRanges: [], affinitySeconds: null, healthCheckNodePort: null };
    expect(rulesFor(service(open, []), proxier(34))).toEqual([
      '-A KUBE-SERVICES -d 10.96.7.7/32 -p tcp -m comment --comment "shop/web:http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
      '-A KUBE-EXTERNAL-SERVICES -d 203.0.113.10/32 -p tcp -m comment --comment "shop/web:http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
      '-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "shop/web:http has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j REJECT --reject-with icmp-port-unreachable',
    ]);
    expect(refused(rulesFor(service(open, [endpoint('10.244.2.7', 'node2')]), proxier(34)))).toEqual([
      '-A KUBE-EXTERNAL-SERVICES -d 203.0.113.10/32 -p tcp -m comment --comment "shop/web:http has no local endpoints" -m tcp --dport 80 -j DROP',
      '-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "shop/web:http has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP',
    ]);
  });

  test('a range that holds everything: a rule without source until 1.33, no ranges at all since 1.34', () => {
    const open = service({ sourceRanges: parseCidrs(['0.0.0.0/0', '198.51.100.0/24']) });
    expect(chainLines(rulesFor(open, proxier(33)), `KUBE-FW-${H}`)[0]).toBe(
      `-m comment --comment "shop/web:http loadbalancer IP" -j KUBE-EXT-${H}`,
    );
    expect(chainLines(rulesFor(open, proxier(34)), `KUBE-FW-${H}`)).toEqual([]);
  });

  test('the node’s own address in a range lets its VIPs in', () => {
    const own = service({ sourceRanges: parseCidrs(['172.18.0.0/16']) });
    expect(chainLines(rulesFor(own, proxier(34)), `KUBE-FW-${H}`)).toContain(
      `-s 203.0.113.10/32 -m comment --comment "shop/web:http loadbalancer IP" -j KUBE-EXT-${H}`,
    );
  });

  test('ipMode Proxy: no rule for the address since 1.30', () => {
    const proxied = service({ ingress: [{ ip: '203.0.113.10', hostname: null, ipMode: 'Proxy' }] });
    const about = (minor: number): number => rulesFor(proxied, proxier(minor)).filter((line) => line.includes('203.0.113.10')).length;
    expect([about(29), about(30)]).toEqual([2, 0]);
  });

  test.for([
    ['masqueradeAll', { masqueradeAll: true }, '-d 10.96.7.7/32 -p tcp'],
    ['a device', { detector: { 4: { kind: 'own-pods' }, 6: { kind: 'absent' } } }, '-d 10.96.7.7/32 ! -i cali+ -p tcp'],
    ['NodeCIDR', { detector: { 4: { kind: 'node-cidr' }, 6: { kind: 'absent' } } }, '! -s 10.244.1.0/24 -d 10.96.7.7/32 -p tcp'],
  ] as const)('clusterIP mark with %s', ([, more, match]) => {
    const where = { ...proxier(34, more), dialect: { device: 'cali+' } };
    expect(chainLines(rulesFor(WEB, where), `KUBE-SVC-${H}`)[0]).toBe(
      `${match} -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ`,
    );
  });

  test('no detector: no mark and no short circuit for pods; an unknown device is said to be unknown', () => {
    const none = rulesFor(WEB, proxier(34, { detector: { 4: { kind: 'absent' }, 6: { kind: 'absent' } } }));
    expect(none.filter((line) => line.includes('cluster IP') || line.includes('pod traffic'))).toHaveLength(1);
    const device = proxier(34, { detector: { 4: { kind: 'own-pods' }, 6: { kind: 'absent' } } });
    expect(expectedRules({ ...device, service: WEB, cluster: clusterOf(WEB) }).unknown).toHaveLength(1);
  });
});

describe('large clusters', () => {
  const many = Array.from({ length: 1001 }, (_, i) => endpoint(`10.244.${2 + Math.floor(i / 250)}.${1 + (i % 250)}`, 'node2'));
  const dnat = '-p tcp -m recent --set';
  const rules = (count: number) => {
    const crowd = service({ namespace: 'other' }, many.slice(0, count));
    return expectedRules({ ...proxier(34), service: WEB, cluster: clusterOf(crowd, WEB) }).chains.flatMap((chain) => chain.rules);
  };

  test('more than 1,000 endpoints: balancing and endpoint rules have no comment, the others keep theirs', () => {
    const bare = rules(999)
      .filter((rule) => !rule.line.includes('--comment'))
      .map((rule) => rule.code);
    expect(new Set(bare)).toEqual(new Set(['affinity', 'balance', 'hairpin', 'dnat', 'policy-jump']));
    expect(
      rules(998)
        .filter((rule) => !rule.line.includes('--comment'))
        .map((rule) => rule.code),
    ).toEqual(['policy-jump']);
  });

  test('either form is right', () => {
    const [rule] = rules(998).filter((candidate) => candidate.code === 'dnat');
    expect(rule?.also).toEqual([expect.stringContaining(dnat)]);
    expect(rule?.line).toContain('--comment');
  });
});

test('IPv6: masks, brackets and the reject of the family', () => {
  const six = service({ clusterIPs: ['fd00:96::7'], ingress: [], sourceRanges: [] }, [endpoint('fd00:10:244:1::5', 'node1')]);
  const lines = rulesFor(six, { ...proxier(34), family: 6 });
  expect(lines.find((line) => line.includes('DNAT'))).toMatch(
    / -m recent --set --name KUBE-SEP-\w{16} --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource -m tcp -j DNAT --to-destination \[fd00:10:244:1::5\]:8080$/,
  );
  expect(rulesFor({ ...six, ports: six.ports.map((port) => ({ ...port, endpoints: [] })) }, { ...proxier(34), family: 6 })[0]).toBe(
    '-A KUBE-SERVICES -d fd00:96::7/128 -p tcp -m comment --comment "shop/web:http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp6-port-unreachable',
  );
  expect(rulesFor(six, proxier(34))).toEqual([]);
});

test.for([
  [2, '0.50000000000'],
  [3, '0.33333333349'],
  [7, '0.14285714272'],
  [1000, '0.00100000016'],
] as const)('1/%i is printed as %s', ([n, text]) => expect(probabilityText(n)).toBe(text));

test('a match of everything is not printed', () => {
  expect(saveLine('X', { source: '0.0.0.0/0', target: 'ACCEPT' })).toBe('-A X -j ACCEPT');
});
