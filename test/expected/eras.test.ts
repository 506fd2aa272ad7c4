import { describe, expect, test } from 'vitest';
import { parseCidrs } from '../../src/net/ip.ts';
import { chainLines, endpoint, proxier, rulesFor, service, WEB } from './sample.ts';

const H = '67NZLRHBNDSAWJRO';
const HERE = 'KUBE-SEP-34ZZ2QFGO32YYXXO';
const THERE = 'KUBE-SEP-DYSIX5QMVXZZP7LU';
const VIP = '-m comment --comment "shop/web:http loadbalancer IP"';
const EXTERNAL = '-p tcp -m comment --comment "shop/web:http external IP" -m tcp --dport 80';
const CLUSTER = '-d 10.96.7.7/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80';
const NODE_PORT = '-p tcp -m comment --comment "shop/web:http" -m tcp --dport 30080';
const RECENT = (sep: string): string =>
  `-m recent --rcheck --seconds 10800 --reap --name ${sep} --mask 255.255.255.255 --rsource -j ${sep}`;

const PLAIN = { externalTrafficPolicy: 'Cluster', externalIPs: ['192.0.2.9'], affinitySeconds: null, healthCheckNodePort: null } as const;
const ELSEWHERE = [endpoint('10.244.2.7', 'node2')];

describe('1.24', () => {
  test('no local endpoint: the drop mark is all that SVL holds, and EXT leads there', () => {
    const lines = rulesFor(service({}, ELSEWHERE), proxier(24));
    expect(chainLines(lines, `KUBE-SVL-${H}`)).toEqual(['-m comment --comment "shop/web:http has no local endpoints" -j KUBE-MARK-DROP']);
    expect(chainLines(lines, `KUBE-EXT-${H}`).at(-1)).toBe(`-j KUBE-SVL-${H}`);
    expect(lines.filter((line) => line.includes('EXTERNAL-SERVICES') || line.includes('PROXY-FIREWALL'))).toEqual([]);
  });

  test('internalTrafficPolicy Local without local endpoint: the jump and the masquerade mark stand all the same', () => {
    const lines = rulesFor(service({ ...PLAIN, internalTrafficPolicy: 'Local' }, ELSEWHERE), proxier(24));
    expect(chainLines(lines, 'KUBE-SERVICES')[0]).toBe(`${CLUSTER} -j KUBE-SVL-${H}`);
    expect(chainLines(lines, `KUBE-SVL-${H}`)).toEqual([
      `! -s 10.244.0.0/16 ${CLUSTER} -j KUBE-MARK-MASQ`,
      '-m comment --comment "shop/web:http has no local endpoints" -j KUBE-MARK-DROP',
    ]);
  });

  test('FW repeats ranges and drop mark for every VIP', () => {
    const two = ['203.0.113.10', '203.0.113.11'].map((ip) => ({ ip, hostname: null, ipMode: null }));
    const lines = rulesFor(service({ ingress: two, sourceRanges: parseCidrs(['172.18.0.0/16']) }), proxier(24));
    expect(chainLines(lines, `KUBE-FW-${H}`)).toEqual([
      `-s 172.18.0.0/16 ${VIP} -j KUBE-EXT-${H}`,
      `-s 203.0.113.10/32 ${VIP} -j KUBE-EXT-${H}`,
      `${VIP} -j KUBE-MARK-DROP`,
      `-s 172.18.0.0/16 ${VIP} -j KUBE-EXT-${H}`,
      `-s 203.0.113.11/32 ${VIP} -j KUBE-EXT-${H}`,
      `${VIP} -j KUBE-MARK-DROP`,
    ]);
    expect(chainLines(rulesFor(service({ sourceRanges: [] }), proxier(24)), `KUBE-FW-${H}`)).toEqual([]);
  });
});

describe('1.22 and 1.23', () => {
  test('Cluster policy: masquerade marks at the head of SVC, FW for every VIP', () => {
    const lines = rulesFor(service({ ...PLAIN, sourceRanges: [] }), proxier(23));
    expect(chainLines(lines, `KUBE-SVC-${H}`)).toEqual([
      `! -s 10.244.0.0/16 ${CLUSTER} -j KUBE-MARK-MASQ`,
      `! -s 10.244.0.0/16 -d 192.0.2.9/32 ${EXTERNAL} -j KUBE-MARK-MASQ`,
      `${NODE_PORT} -j KUBE-MARK-MASQ`,
      `-m comment --comment "shop/web:http" -m statistic --mode random --probability 0.50000000000 -j ${HERE}`,
      `-m comment --comment "shop/web:http" -j ${THERE}`,
    ]);
    expect(chainLines(lines, `KUBE-FW-${H}`)).toEqual([`${VIP} -j KUBE-MARK-MASQ`, `${VIP} -j KUBE-SVC-${H}`, `${VIP} -j KUBE-MARK-DROP`]);
    expect(chainLines(lines, 'KUBE-SERVICES')).toEqual([
      `${CLUSTER} -j KUBE-SVC-${H}`,
      `-d 192.0.2.9/32 ${EXTERNAL} -j KUBE-SVC-${H}`,
      `-d 203.0.113.10/32 -p tcp ${VIP} -m tcp --dport 80 -j KUBE-FW-${H}`,
    ]);
    expect(chainLines(lines, 'KUBE-NODEPORTS')).toEqual([`${NODE_PORT} -j KUBE-SVC-${H}`]);
  });

  test('Local policy: XLB with three head rules, affinity and balancing', () => {
    const lines = rulesFor(WEB, proxier(23));
    expect(chainLines(lines, `KUBE-XLB-${H}`)).toEqual([
      `-s 10.244.0.0/16 -m comment --comment "Redirect pods trying to reach external loadbalancer VIP to clusterIP" -j KUBE-SVC-${H}`,
      '-m comment --comment "masquerade LOCAL traffic for shop/web:http LB IP" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      `-m comment --comment "route LOCAL traffic for shop/web:http LB IP to service chain" -m addrtype --src-type LOCAL -j KUBE-SVC-${H}`,
      `-m comment --comment "shop/web:http" ${RECENT(HERE)}`,
      `-m comment --comment "shop/web:http" -j ${HERE}`,
    ]);
    expect(chainLines(lines, `KUBE-FW-${H}`)).toEqual([`-s 198.51.100.0/24 ${VIP} -j KUBE-XLB-${H}`, `${VIP} -j KUBE-MARK-DROP`]);
    expect(chainLines(lines, 'KUBE-NODEPORTS')).toEqual(
      [
        '-p tcp -m comment --comment "shop/web:http health check node port" -m tcp --dport 32000 -j ACCEPT',
        `-s 127.0.0.0/8 ${NODE_PORT} -j KUBE-MARK-MASQ`,
        `${NODE_PORT} -j KUBE-XLB-${H}`,
      ].sort((a, b) => Number(a.includes('health')) - Number(b.includes('health'))),
    );
    expect(chainLines(rulesFor(WEB, proxier(22)), `KUBE-XLB-${H}`).at(-1)).toBe(
      `-m comment --comment "Balancing rule 0 for shop/web:http" -j ${HERE}`,
    );
    expect(chainLines(rulesFor(service({}, ELSEWHERE), proxier(23)), `KUBE-XLB-${H}`).at(-1)).toBe(
      '-m comment --comment "shop/web:http has no local endpoints" -j KUBE-MARK-DROP',
    );
  });

  test('internalTrafficPolicy Local filters every way in, and looks like no endpoints', () => {
    const lines = rulesFor(service({ ...PLAIN, internalTrafficPolicy: 'Local' }, ELSEWHERE), proxier(22));
    expect(lines.filter((line) => !line.endsWith('REJECT --reject-with icmp-port-unreachable'))).toEqual([]);
    expect(lines).toHaveLength(4);
  });

  test('until 1.22.3 endpoints that are not ready have chains and affinity, but no share', () => {
    const unready = [endpoint('10.244.1.5', 'node1'), endpoint('10.244.2.7', 'node2', { ready: false, serving: false })];
    const chain = (patch: number): string[] =>
      chainLines(rulesFor(service({ externalTrafficPolicy: 'Cluster' }, unready), proxier(22, { patch })), `KUBE-SVC-${H}`).slice(-3);
    expect(chain(3)).toEqual([
      `-m comment --comment "shop/web:http" ${RECENT(HERE)}`,
      `-m comment --comment "shop/web:http" ${RECENT(THERE)}`,
      `-m comment --comment "shop/web:http" -j ${HERE}`,
    ]);
    expect(chain(4).join()).not.toContain(THERE);
  });

  test('until 1.22 node ports that no address serves leave the Service without endpoints', () => {
    const nowhere = { nodePortAddresses: ['192.168.0.0/24'] };
    const balanced = (minor: number): number => rulesFor(WEB, proxier(minor, nowhere)).filter((line) => line.includes('KUBE-SEP-')).length;
    expect(balanced(22)).toBe(0);
    expect(balanced(23)).toBeGreaterThan(0);
  });
});

describe('until 1.21', () => {
  test('1.21: marks stand in front of the jump', () => {
    const lines = rulesFor(service({ ...PLAIN, ingress: [] }), proxier(21));
    expect(chainLines(lines, 'KUBE-SERVICES')).toEqual([
      `! -s 10.244.0.0/16 ${CLUSTER} -j KUBE-MARK-MASQ`,
      `${CLUSTER} -j KUBE-SVC-${H}`,
      `! -s 10.244.0.0/16 -d 192.0.2.9/32 ${EXTERNAL} -j KUBE-MARK-MASQ`,
      `-d 192.0.2.9/32 ${EXTERNAL} -j KUBE-SVC-${H}`,
    ]);
    expect(chainLines(lines, 'KUBE-NODEPORTS')).toEqual([`${NODE_PORT} -j KUBE-MARK-MASQ`, `${NODE_PORT} -j KUBE-SVC-${H}`]);
    expect(chainLines(lines, `KUBE-SVC-${H}`).join()).not.toContain('MARK-MASQ');
  });

  test('1.20: externalIPs are masqueraded for all, and guarded', () => {
    const lines = rulesFor(service({ ...PLAIN, ingress: [] }), proxier(20));
    expect(chainLines(lines, 'KUBE-SERVICES').slice(2)).toEqual([
      `-d 192.0.2.9/32 ${EXTERNAL} -j KUBE-MARK-MASQ`,
      `-d 192.0.2.9/32 ${EXTERNAL} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j KUBE-SVC-${H}`,
      `-d 192.0.2.9/32 ${EXTERNAL} -m addrtype --dst-type LOCAL -j KUBE-SVC-${H}`,
    ]);
    expect(rulesFor(WEB, proxier(20)).filter((line) => line.includes('health check'))).toEqual([]);
    expect(rulesFor(WEB, proxier(21)).filter((line) => line.includes('health check'))).toHaveLength(1);
  });

  test('1.19 refuses load balancer addresses in KUBE-SERVICES, 1.20 in KUBE-EXTERNAL-SERVICES', () => {
    const where = (minor: number): string | undefined =>
      rulesFor(service({}, []), proxier(minor))
        .find((line) => line.includes('203.0.113.10'))
        ?.split(' ')[1];
    expect([where(19), where(20)]).toEqual(['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES']);
  });
});
