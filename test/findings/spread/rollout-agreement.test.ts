import { describe, expect, test } from 'vitest';
import { rolloutGapLocal } from '../../../src/findings/spread/SIP135-rollout-gap-local.ts';
import { FIRST_GONE, objectsOf, type Situation, SURGE, sleeping, update } from '../../whatif/rollout-cases.ts';
import { said } from '../scene.ts';

const finding = (situation: Situation) => said(rolloutGapLocal, objectsOf(situation))[0];
const LONG = { terminationGracePeriodSeconds: 90 };
const HOST_PORT = { ports: [{ containerPort: 80, hostPort: 80 }] };

describe('the finding and `whatif --rollout` say the same of an update', () => {
  test.for([
    ['surge 1', { strategy: SURGE }],
    ['maxUnavailable 1, no surge', { strategy: FIRST_GONE }],
    ['defaults', {}],
    ['preStop 20 s', { strategy: SURGE, container: sleeping(20) }],
    ['preStop 25 s', { strategy: SURGE, container: sleeping(25), template: LONG }],
    ['grace 10 s', { strategy: SURGE, container: sleeping(25), template: { terminationGracePeriodSeconds: 10 } }],
    ['kube-proxy 1.25', { strategy: SURGE, container: sleeping(25), proxy: 'v1.25.16' }],
    ['TCP', { service: 'hetzner', strategy: SURGE }],
    ['TCP, preStop 25 s', { service: 'hetzner', strategy: SURGE, container: sleeping(25) }],
    ['TCP, preStop 60 s', { service: 'hetzner', strategy: SURGE, container: sleeping(60), template: LONG }],
    [
      'TCP, preStop 60 s, kube-proxy 1.25',
      { service: 'hetzner', strategy: SURGE, container: sleeping(60), template: LONG, proxy: 'v1.25.16' },
    ],
    ['another workload beside', { strategy: SURGE, others: [2] }],
    ['another workload beside, no surge', { strategy: FIRST_GONE, others: [2] }],
    ['StatefulSet', { kind: 'StatefulSet' }],
    ['StatefulSet, TCP, preStop 60 s', { kind: 'StatefulSet', service: 'hetzner', container: sleeping(60), template: LONG }],
    ['StatefulSet, preStop 60 s', { kind: 'StatefulSet', container: sleeping(60), template: LONG }],
    ['Recreate', { strategy: { type: 'Recreate' } }],
    ['Recreate, preStop 60 s', { strategy: { type: 'Recreate' }, container: sleeping(60), template: LONG }],
    ['Recreate, another workload elsewhere', { strategy: { type: 'Recreate' }, others: [4] }],
    ['hostPort without surge', { strategy: FIRST_GONE, container: HOST_PORT }],
    ['one pod, no surge', { strategy: FIRST_GONE, pods: [1] }],
    ['one StatefulSet pod', { kind: 'StatefulSet', pods: [1] }],
    ['all may go at once', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } } }],
  ] as const satisfies readonly (readonly [string, Situation])[])('%s', ([, situation]) => {
    const report = update(situation);
    const said = finding(situation);
    const dropping = report.nodes.filter(({ drops }) => drops !== null);
    expect(said === undefined).toBe(dropping.length === 0);
    if (said === undefined) return;
    const seconds = new Set(dropping.map(({ drops }) => drops?.seconds));
    const told = /about (\d+) second/.exec(said.message)?.[1];
    expect(seconds).toEqual(new Set([told === undefined ? null : Number(told)]));
    expect(said.objects.filter((object) => object.startsWith('Node '))).toEqual(dropping.map(({ node }) => `Node ${node}`));
    const extent = said.message.startsWith('every update') ? (/ on one or more of /.test(said.message) ? 'some' : 'each') : 'may';
    const { least } = report.dropping;
    expect(extent).toBe(least === 0 ? 'may' : least === dropping.length ? 'each' : 'some');
  });

  test('a check by TCP: preStop is no remedy', () => {
    const of = (service: 'aws' | 'hetzner') => finding({ service, strategy: SURGE });
    expect(of('aws')?.remedy).toContain('"preStop"');
    expect(of('hetzner')?.remedy).not.toContain('"preStop"');
    expect(of('hetzner')?.why).toContain('fails only once nothing serves there');
  });
});
