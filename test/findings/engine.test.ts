import { describe, expect, test } from 'vitest';
import type { Kind } from '../../src/cluster/objects.ts';
import { type CheckQuestion, check } from '../../src/findings/check.ts';
import { checkExitCode } from '../../src/findings/check-exit-code.ts';
import type { CheckReport } from '../../src/findings/check-report.ts';
import { createClusterScene, type SceneExtras } from '../../src/findings/scene.ts';
import { ref } from '../../src/findings/suppress.ts';
import { balancer, configMap, daemonSet, evidenceOf, flannel, kubeadm, node, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { objectsOf, READ } from './scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };

interface Differs extends Partial<CheckQuestion> {
  readonly read?: readonly Kind[];
  readonly extras?: SceneExtras;
}

function checked(raw: readonly Raw[], { read = READ, extras = {}, ...question }: Differs = {}): CheckReport {
  const scene = createClusterScene(evidenceOf(objectsOf(raw), read), extras);
  return check(scene, { services: scene.cluster.services, ...question });
}

function ids({ findings }: CheckReport): string[] {
  return findings.map(({ id }) => id);
}

describe('folding', () => {
  test('a selector that picks nothing is the cause: what follows is named under it', () => {
    const report = checked([service({ spec: LOCAL }), slice([])]);
    const [first] = report.findings;
    expect(first).toMatchObject({ code: 'SIP108', id: 'selector-matches-nothing', severity: 'error' });
    expect(first?.folded.map(({ id }) => id)).toContain('no-usable-endpoints');
    expect(ids(report)).not.toContain('no-usable-endpoints');
  });

  test('nobody is reached: that single nodes drop goes without saying', () => {
    const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
    const report = checked([node(1, { labels: excluded }), node(2), balancer({ spec: LOCAL }), slice([webOn(1)])]);
    expect(ids(report)).toContain('local-no-reachable-target');
    expect(ids(report)).not.toContain('local-node-without-endpoint');
    expect(report.findings.find(({ id }) => id === 'local-no-reachable-target')?.folded.map(({ id }) => id)).toContain(
      'local-node-without-endpoint',
    );
  });
});

describe('confidence', () => {
  const unreachable = [
    node(1, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
    node(2),
    balancer({ spec: LOCAL }),
    slice([webOn(1)]),
  ];

  test('what rests on a data plane that is not modelled is a hint, and no error', () => {
    const ipvs = kubeadm('mode: ipvs\n');
    const severity = (raw: readonly Raw[]) => checked(raw).findings.find(({ id }) => id === 'local-no-reachable-target');
    expect(severity(unreachable)).toMatchObject({ severity: 'error', confidence: 'derived' });
    expect(severity([...ipvs, ...flannel(), ...unreachable])).toMatchObject({ severity: 'warning', confidence: 'hint' });
  });

  test('endpoints that nobody can take are an error on any data plane', () => {
    const report = checked([daemonSet('cilium'), configMap('cilium-config', { 'kube-proxy-replacement': 'true' }), service(), slice([])]);
    expect(report.findings.find(({ id }) => id === 'selector-matches-nothing')).toMatchObject({ severity: 'error' });
  });
});

describe('what was not read', () => {
  test('is not checked, and never all right', () => {
    const read: readonly Kind[] = READ.filter((kind) => kind !== 'Pod');
    const report = checked([service(), slice([])], { read });
    expect(ids(report)).not.toContain('selector-matches-nothing');
    expect(report.notChecked).toContainEqual({
      code: 'SIP108',
      id: 'selector-matches-nothing',
      why: 'Pod objects were not all read',
      services: null,
    });
    expect(ids(report)).toContain('no-usable-endpoints');
  });

  test('endpoints that do not exist yet are no finding', () => {
    const report = checked([service({ spec: LOCAL }), slice([])], { extras: { endpointsUnknown: new Map([['ns1/web', 'not applied']]) } });
    expect(ids(report)).not.toContain('no-usable-endpoints');
    expect(report.notChecked.filter(({ why }) => why === 'not applied').map(({ id }) => id)).toContain('no-usable-endpoints');
  });
});

describe('suppressions', () => {
  const annotated = (text: string): Raw[] => [
    service({ spec: LOCAL, metadata: { annotations: { 'srcip.io/ignore': text } } }),
    slice([webOn(1), webOn(2)]),
  ];

  test('by annotation, with a reason', () => {
    const report = checked(annotated('SIP103: our F5 checks each node; SIP201: nothing hides'));
    expect(ids(report)).not.toContain('local-node-without-endpoint');
    expect(report.suppressed).toMatchObject([
      { id: 'local-node-without-endpoint', suppression: { reason: 'our F5 checks each node', from: 'annotation' } },
    ]);
    expect(report.unusedSuppressions).toEqual([{ code: 'SIP201', service: 'ns1/web', reason: 'nothing hides', from: 'annotation' }]);
  });

  test.each(['SIP103', 'SIP103:', 'SIP103:   '])('%j has no reason and does not hold', (text) => {
    const report = checked(annotated(text));
    expect(ids(report)).toContain('local-node-without-endpoint');
    expect(report.unusedSuppressions).toMatchObject([{ code: 'SIP103', reason: null }]);
  });

  test('several codes before one reason, ids as well', () => {
    const report = checked(annotated('sip103, self-test-misleads: known'));
    expect(report.suppressed.map(({ id }) => id).sort()).toEqual(['local-node-without-endpoint', 'self-test-misleads']);
  });

  test.each([
    ['ns1/web', 1],
    ['ns*/w*b', 1],
    ['*/*', 1],
    ['ns1/web2', 0],
    ['ns1/*x', 0],
    [null, 1],
  ])('of a file, for %s', (pattern, count) => {
    const suppressions = [ref('SIP103', pattern, 'known', 'file')];
    const report = checked([service({ spec: LOCAL }), slice([webOn(1)])], { suppressions });
    expect(report.suppressed).toHaveLength(count);
    // For a Service that is not checked it is neither used nor unused.
    expect(report.unusedSuppressions).toEqual([]);
  });
});

describe('select, ignore, baseline, exit code', () => {
  const raw = [service({ spec: LOCAL }), slice([webOn(1), webOn(2)])];

  test('select and ignore', () => {
    expect(ids(checked(raw, { select: new Set(['SIP103']) }))).toEqual(['local-node-without-endpoint']);
    expect(ids(checked(raw, { ignore: new Set(['SIP103']) }))).not.toContain('local-node-without-endpoint');
  });

  test('only what is new, or has become graver, counts', () => {
    const before = checked(raw);
    const baseline = new Map(before.findings.map(({ fingerprint, severity }) => [fingerprint, severity]));
    const again = checked(raw, { baseline });
    expect(again.findings.every(({ isNew }) => isNew === false)).toBe(true);
    expect([checkExitCode(before, 'warning'), checkExitCode(again, 'info')]).toEqual([1, 0]);
    // Another node lacks an endpoint now: the same finding. No endpoint at all: another one.
    expect(checkExitCode(checked([service({ spec: LOCAL }), slice([webOn(1), webOn(3)])], { baseline }), 'warning')).toBe(0);
    expect(checkExitCode(checked([service({ spec: LOCAL }), slice([])], { baseline }), 'warning')).toBe(1);
    const lighter = new Map([...baseline].map(([print]) => [print, 'info' as const]));
    expect(checkExitCode(checked(raw, { baseline: lighter }), 'warning')).toBe(1);
  });

  test('exit code by level', () => {
    const report = checked(raw);
    expect((['never', 'error', 'warning', 'info'] as const).map((level) => checkExitCode(report, level))).toEqual([0, 0, 1, 1]);
  });
});

test('the gravest first, and the same order each time', () => {
  const raw = [service({ spec: { ...LOCAL, publishNotReadyAddresses: true } }), slice([])];
  const severities = checked(raw).findings.map(({ severity }) => severity);
  expect(severities).toEqual(
    [...severities].sort((a, b) => ['error', 'warning', 'info'].indexOf(a) - ['error', 'warning', 'info'].indexOf(b)),
  );
});
