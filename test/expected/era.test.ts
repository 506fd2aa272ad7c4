import { describe, expect, test } from 'vitest';
import { configuredBy } from '../../src/expected/configured.ts';
import { eraOf } from '../../src/expected/era.ts';
import { parseCidrs } from '../../src/net/ip.ts';
import { config, dumpFor, endpoint, proxier, rulesFor, service, WEB } from './sample.ts';

const CLUSTER = service({ name: 'api', externalTrafficPolicy: 'Cluster', externalIPs: ['192.0.2.9'], affinitySeconds: null });
const BARE = service({
  name: 'dns',
  type: 'ClusterIP',
  externalTrafficPolicy: null,
  ingress: [],
  sourceRanges: [],
  healthCheckNodePort: null,
});
const SERVICES = [WEB, CLUSTER, BARE];

describe('version range of rendered dumps', () => {
  test.for([
    [19, 0, 19],
    [20, 20, 20],
    [21, 21, 21],
    [22, 22, 22],
    [23, 23, 23],
    [24, 24, 24],
    [25, 25, null],
    [27, 27, null],
    [34, 27, null],
  ] as const)('1.%i: between %i and %s', ([minor, low, high]) => {
    const era = eraOf(dumpFor(SERVICES, proxier(minor)));
    expect({ low: era.minMinor ?? 0, high: era.maxMinor }).toEqual({ low, high });
    expect(era.iptablesMode).toBe(true);
  });

  test('1.25 and 1.26 differ from 1.27 by what is missing, which decides nothing', () => {
    expect(eraOf(dumpFor(SERVICES, proxier(26))).evidence).toContainEqual(expect.objectContaining({ maxMinor: 26, weak: true }));
  });

  test('IPv6 tells 1.25 from 1.26', () => {
    const six = service({ clusterIPs: ['fd00:96::7'] }, [endpoint('fd00:10:244:1::5', 'node1')]);
    const read = (minor: number) => eraOf(dumpFor([six], { ...proxier(minor), family: 6 }));
    expect(read(25)).toMatchObject({ minMinor: 25, maxMinor: 25, localhostNodePorts: null });
    expect(read(26)).toMatchObject({ minMinor: 26, maxMinor: null, localhostNodePorts: null });
  });

  test('a range that holds everything: until 1.33', () => {
    expect(eraOf(dumpFor([service({ sourceRanges: parseCidrs(['0.0.0.0/0']) })], proxier(30)))).toMatchObject({
      minMinor: 27,
      maxMinor: 33,
    });
  });

  test('rules of two versions contradict each other', () => {
    const [old, young] = [dumpFor(SERVICES, proxier(23)), dumpFor(SERVICES, proxier(34))];
    const era = eraOf({ nat: [...old.nat, ...young.nat], filter: young.filter });
    expect(era.minMinor ?? 0).toBeGreaterThan(era.maxMinor ?? 99);
  });

  test('a deleted rule makes no other version of it', () => {
    const { nat, filter } = dumpFor(SERVICES, proxier(34));
    const without = eraOf({ nat, filter: filter.filter((line) => !line.includes('INVALID')) });
    expect(without.minMinor).toBe(27);
    expect(without.evidence).toContainEqual(expect.objectContaining({ minMinor: 29, weak: true, line: null }));
  });
});

describe('configuration of rendered dumps', () => {
  const source = { detector: { kind: 'source', network: '10.244.0.0/16' }, masqueradeAll: false };
  test.for([
    ['a network', proxier(34), source],
    ['a network in 1.23', proxier(23), source],
    ['a network in 1.20', proxier(20), source],
    [
      'no detector',
      proxier(34, { detector: { 4: { kind: 'absent' }, 6: { kind: 'absent' } } }),
      { detector: { kind: 'none' }, masqueradeAll: false },
    ],
    ['masqueradeAll', proxier(34, { masqueradeAll: true }), { ...source, masqueradeAll: true }],
    ['masqueradeAll in 1.21', proxier(21, { masqueradeAll: true }), { ...source, masqueradeAll: true }],
    [
      'a device',
      { ...proxier(34, { detector: { 4: { kind: 'own-pods' }, 6: { kind: 'absent' } } }), dialect: { device: 'cali+' } },
      { detector: { kind: 'device', device: 'cali+' }, masqueradeAll: false },
    ],
    ['a masquerade bit', { ...proxier(34), dialect: { masqueradeBit: 20, randomFully: false } }, { masqueradeBit: 20, randomFully: false }],
    ['node ports everywhere', proxier(34), { nodePortAddresses: [], localhostNodePorts: true }],
    ['node ports but on loopback', proxier(34, { localhostNodePorts: false }), { nodePortAddresses: [], localhostNodePorts: false }],
    [
      'node ports on one address',
      proxier(34, { nodePortAddresses: ['172.18.0.0/16'] }),
      { nodePortAddresses: ['172.18.0.11'], localhostNodePorts: null },
    ],
  ] as const)('%s', ([, where, read]) => {
    const era = eraOf(dumpFor(SERVICES, where));
    expect(era).toMatchObject(read);
    const again = configuredBy(era, {
      config: config(where.config.minor, { detector: { 4: { kind: 'absent' }, 6: { kind: 'absent' } } }),
      family: 4,
    });
    expect(rulesFor(WEB, { ...where, ...again })).toEqual(rulesFor(WEB, where));
  });

  test('with masqueradeAll and without Local policy no rule shows the detector', () => {
    expect(eraOf(dumpFor([CLUSTER], proxier(34, { masqueradeAll: true })))).toMatchObject({ detector: null, masqueradeAll: true });
  });

  test('the supposed version gives way to what the dump shows', () => {
    const minor = (dump: number, supposed: number): number =>
      configuredBy(eraOf(dumpFor(SERVICES, proxier(dump))), { config: config(supposed), family: 4 }).config.minor;
    expect([minor(24, 34), minor(34, 20), minor(34, 31), minor(23, 23)]).toEqual([24, 27, 31, 23]);
  });

  test('a dump without kube-proxy says nothing', () => {
    expect(eraOf({ nat: ['-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE'], filter: [] })).toMatchObject({
      iptablesMode: null,
      minMinor: null,
      maxMinor: null,
      detector: null,
      evidence: [],
    });
  });

  test('ipvs mode has chains of these names and no node port chain of them', () => {
    const lines = ['-A INPUT -j KUBE-PROXY-FIREWALL', '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP'];
    expect(eraOf({ nat: ['-A KUBE-SERVICES -j KUBE-LOAD-BALANCER'], filter: lines })).toMatchObject({
      iptablesMode: false,
      minMinor: null,
    });
  });

  test('counters in front of rules do not matter', () => {
    const { nat, filter } = dumpFor(SERVICES, proxier(23));
    const counted = (lines: readonly string[]): string[] => lines.map((line) => (line.startsWith('-A') ? `[12:3456] ${line}` : line));
    expect(eraOf({ nat: counted(nat), filter: counted(filter) })).toEqual(eraOf({ nat, filter }));
  });
});
