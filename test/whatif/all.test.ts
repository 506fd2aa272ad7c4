import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/net/failure.ts';
import { whatifAll } from '../../src/whatif/all/all.ts';
import type { WhatifAllReport } from '../../src/whatif/all/report.ts';
import type { Change } from '../../src/whatif/change.ts';
import { parseUpgrade } from '../../src/whatif/parse-change.ts';
import { whatif } from '../../src/whatif/whatif.ts';
import { evidenceOf, flannel, kubeadm, nodes, type Raw } from '../cluster/objects.ts';
import { change, webPod } from './ask.ts';

interface Written {
  readonly name: string;
  readonly spec?: Raw;
  /** Nodes of its endpoints; those behind `~` terminate. */
  readonly on: readonly string[];
}

/** Services ns1/NAME of four nodes, each with numbers and addresses of its own. */
function cluster(written: readonly Written[], more: readonly Raw[] = kubeadm()): Raw[] {
  return [...nodes(4), ...written.flatMap(objectsOf), ...more, ...flannel()];
}

function objectsOf({ name, spec, on }: Written, index: number): Raw[] {
  const clusterIP = `10.96.0.${20 + index}`;
  const ports = [{ port: 80, targetPort: 8080, protocol: 'TCP', ...(spec?.['type'] === 'ClusterIP' ? {} : { nodePort: 30100 + index }) }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'ns1' },
      spec: { type: 'NodePort', clusterIP, clusterIPs: [clusterIP], ipFamilies: ['IPv4'], selector: { app: name }, ports, ...spec },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-x`, namespace: 'ns1', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: on.map((word, each) => {
        const [at, going] = [word.replace('~', ''), word.startsWith('~')];
        return {
          addresses: [`10.244.${at}.${30 + index * 5 + each}`],
          nodeName: `node${at}`,
          targetRef: { kind: 'Pod', name: `${name}-${each}`, namespace: 'ns1' },
          conditions: { ready: !going, serving: true, terminating: going },
        };
      }),
    },
  ];
}

function ask(raw: readonly Raw[], changes: readonly Change[]): WhatifAllReport {
  return whatifAll(evidenceOf(raw), { namespace: 'ns1', all: true }, changes);
}

const MANY: readonly Written[] = [
  { name: 'a', on: ['1', '3'] },
  { name: 'b', on: ['2', '3'] },
  { name: 'local', spec: { externalTrafficPolicy: 'Local' }, on: ['1', '2'] },
  { name: 'local-too', spec: { externalTrafficPolicy: 'Local' }, on: ['3', '4'] },
  { name: 'lone', spec: { externalTrafficPolicy: 'Local' }, on: ['1'] },
  { name: 'inner', spec: { type: 'ClusterIP' }, on: ['4'] },
  { name: 'empty', on: [] },
  { name: 'going', spec: { externalTrafficPolicy: 'Local' }, on: ['~1', '2'] },
];

const named = (report: WhatifAllReport): Record<string, string> =>
  Object.fromEntries(report.groups.flatMap(({ change: kind, services }) => services.map(({ name }) => [name, kind])));

describe('every Service fares as whatif says of it alone', () => {
  test.for([
    ['drain node1', [change('drain:node1')], kubeadm()],
    ['nftables', parseUpgrade('nftables@1.36'), kubeadm()],
    ['1.25 → 1.26', parseUpgrade('1.26'), kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.25.16')],
    ['1.33 → 1.25', parseUpgrade('1.25'), kubeadm()],
    ['no local detection by CIDR', [change('detect-local:ClusterCIDR=10.0.0.0/16')], kubeadm()],
    ['ipvs', [change('proxy-mode:ipvs')], kubeadm()],
    ['two drains', [change('drain:node1'), change('drain:node4')], kubeadm()],
  ] as const)('%s', ([, changes, proxy]) => {
    const raw = cluster(MANY, [...proxy, webPod(1)]);
    const found = named(ask(raw, changes));
    for (const { name } of MANY) {
      const alone = whatif(evidenceOf(raw), { namespace: 'ns1', name, from: [], to: [], via: [], port: null }, changes);
      const { introduced, unknown, fixed, changed } = alone.counts;
      const expected = introduced > 0 ? 'introduced' : unknown > 0 ? 'unknown' : fixed > 0 ? 'fixed' : changed > 0 ? 'changed' : undefined;
      expect(`${name}: ${found[name]}`).toBe(`${name}: ${expected}`);
    }
  });
});

describe('what it says', () => {
  test('an upgrade to 1.26 lets nodes answer whose pods terminate', () => {
    const report = ask(cluster(MANY, kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.25.16')), parseUpgrade('1.26'));
    expect(named(report)).toEqual({ going: 'fixed' });
    expect(report.answer.mood).toBe('good');
    expect(report.answer.text).toContain(
      'of 8 Services 7 are unchanged; 1 (ns1/going) fares better: outside clients → node ports: dropped → answered, client IP',
    );
  });

  test('Services of the same cause are one group, and one that nobody answers any more is bad', () => {
    const report = ask(cluster(MANY), [change('drain:node1')]);
    expect(report.answer.mood).toBe('bad');
    expect(report.groups.find(({ isLost }) => isLost)?.services).toEqual([{ namespace: 'ns1', name: 'lone' }]);
    expect(report.counts).toMatchObject({ 'not-served': 0 });
    expect(Object.values(report.counts).reduce((sum, each) => sum + each, 0)).toBe(MANY.length);
  });

  test('one namespace alone', () => {
    const report = whatifAll(evidenceOf(cluster(MANY)), { namespace: 'ns1', all: false }, [change('drain:node2')]);
    expect(report.namespace).toBe('ns1');
    expect(() => whatifAll(evidenceOf(cluster(MANY)), { namespace: 'ns2', all: false }, [change('drain:node2')])).toThrow(
      /did you mean|no Services in namespace "ns2"/,
    );
  });

  test('a node that takes no new pods changes nothing', () => {
    expect(ask(cluster(MANY), [change('cordon:node1')]).answer).toMatchObject({
      mood: 'good',
      text: expect.stringContaining('nothing changes'),
    });
  });

  test('headless and other unproxied Services are counted apart', () => {
    const report = ask(
      cluster([...MANY, { name: 'headless', spec: { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] }, on: ['1'] }]),
      [change('drain:node2')],
    );
    expect(report.counts['not-served']).toBe(1);
  });
});

describe('what is refused', () => {
  test.for(['set:type=NodePort', 'scale:3'])('%s is about one Service', (word) => {
    expect(() => ask(cluster(MANY), [change(word)])).toThrow(/changes one Service, and none was named/);
  });

  test.for(['1.x', 'nftable', '1.36@nftables', 'nftables@', 'nftables@1.36@2', ''])('--upgrade %j is no kube-proxy', (text) => {
    expect(() => parseUpgrade(text)).toThrow(Failure);
  });

  test.for([
    ['1.33', ['kube-version']],
    ['v1.33.4', ['kube-version']],
    ['ipvs', ['proxy-mode']],
    ['nftables@1.36', ['kube-version', 'proxy-mode']],
  ] as const)('--upgrade %s is %j', ([text, kinds]) => {
    expect(parseUpgrade(text).map(({ kind }) => kind)).toEqual(kinds);
  });
});
