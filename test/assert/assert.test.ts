import { describe, expect, test } from 'vitest';
import { assertExitCode } from '../../src/assert/exit-code.ts';
import { balancer, nodes, service, slice, webOn } from '../cluster/objects.ts';
import { check, cluster, document } from './support.ts';

const local = service({ spec: { externalTrafficPolicy: 'Local' } });

describe('one expected flow', () => {
  test.for([
    // Service, from, to, expect, status, what is said
    [service(), 'external', 'nodePort', '{verdict: delivered}', 'holds', ''],
    [service(), 'external', 'nodePort', '{verdict: [dropped, delivered]}', 'holds', ''],
    [service(), 'external', 'nodePort', '{verdict: dropped}', 'fails', 'expected dropped, found delivered'],
    [local, 'external', 'nodePort', '{verdict: delivered}', 'fails', 'expected delivered, found dropped'],
    [local, 'external', 'node/node1', '{verdict: delivered, source: preserved}', 'holds', ''],
    [
      service(),
      'external',
      'node/node1',
      '{source: preserved}',
      'fails',
      'expected source preserved, found masqueraded (10.244.1.1, 10.244.1.0)',
    ],
    [service(), 'external', 'node/node2', '{source: masqueraded, sourceAddress: 10.244.2.0}', 'holds', ''],
    [service(), 'external', 'node/node2', '{sourceAddress: 10.244.9.0}', 'fails', 'expected source address 10.244.9.0, found 10.244.2.0'],
    [local, 'external', 'node/node1', '{sourceAddress: 198.51.100.7}', 'undetermined', 'which address is seen is not known'],
    [local, 'external=198.51.100.7', 'node/node1', '{sourceAddress: 198.51.100.7}', 'holds', ''],
    [local, 'external', 'node/node2', '{source: preserved}', 'fails', 'no endpoint is reached'],
    [service(), 'pod@node2', 'clusterIP', '{minShare: {node/node1: 0.5, pod/web-3: 0.5, 10.244.3.10: 0.49}}', 'holds', ''],
    [service(), 'pod@node2', 'clusterIP', '{minShare: {node/node1: 0.6}}', 'fails', 'expected at least 0.6 for node/node1, found 0.5'],
    [
      service(),
      'pod@node2',
      'clusterIP',
      '{maxShare: {"10.244.1.10:8080": 0.3}}',
      'fails',
      'expected at most 0.3 for 10.244.1.10:8080, found 0.5',
    ],
    [service(), 'pod@node2', 'clusterIP', '{maxShare: {"10.244.1.10:9999": 0}}', 'holds', ''],
    [service(), 'pod/nobody', 'clusterIP', '{verdict: delivered}', 'unanswerable', 'pod "nobody" not found'],
    [service(), 'external', 'loadBalancer', '{verdict: delivered}', 'unanswerable', 'has no target of that kind'],
  ] as const)('%#: from %s', ([of, from, to, expected, status, said]) => {
    const { results } = check(document(`  - {from: ${from}, to: ${to}, expect: ${expected}}\n`), cluster(of));
    expect(results.map((result) => result.status)).toEqual([status]);
    expect(results.flatMap(({ problems }) => problems.map(({ text }) => text)).join('; ')).toContain(said);
  });
});

test('every flow of lists has to be as expected', () => {
  const text = document('  - from: [external, pod@node2]\n    to: [node/node1, node/node2]\n    expect: {verdict: delivered}\n');
  const { results } = check(text, cluster(local));
  expect(results[0]).toMatchObject({ status: 'fails', flows: 4, name: 'external, pod@node2 → node/node1, node/node2' });
  expect(results[0]?.problems.map(({ to }) => to?.node)).toEqual(['node2']);
});

test('via says where outside clients enter', () => {
  const entry = (node: string): string =>
    `  - {from: external, to: loadBalancer, via: ${node}, expect: {verdict: delivered, source: preserved}}\n`;
  const { results } = check(document(entry('node1') + entry('node2')), cluster(balancer({ spec: { externalTrafficPolicy: 'Local' } })));
  expect(results.map(({ status }) => status)).toEqual(['holds', 'fails']);
});

test('several Services, and the namespace of the question', () => {
  const other = {
    ...service({ metadata: { name: 'api' }, spec: { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], type: 'ClusterIP' } }),
  };
  const flows = '  - {from: pod@node1, to: clusterIP, expect: {verdict: rejected}}\n';
  const { results, service: only } = check(`${document(flows, 'web')}---\n${document(flows, 'ns1/api')}`, cluster(service(), [other]));
  expect(results.map(({ service: of, status }) => [`${of.namespace}/${of.name}`, status])).toEqual([
    ['ns1/web', 'fails'],
    ['ns1/api', 'holds'],
  ]);
  expect(only).toBeNull();
});

test('what the evidence does not decide is undetermined, and named', () => {
  const unknown = [...nodes(2), service(), slice([webOn(1)])];
  const report = check(document('  - {from: node/node2, to: clusterIP, expect: {source: masqueraded}}\n'), unknown);
  expect(report.results.map(({ status }) => status)).toEqual(['undetermined']);
  expect(report.gaps.length).toBeGreaterThan(0);
});

describe('exit codes', () => {
  const counts = { holds: 1, fails: 0, undetermined: 0, unanswerable: 0 };
  test.for([
    [counts, false, 0],
    [{ ...counts, fails: 1 }, true, 1],
    [{ ...counts, undetermined: 1 }, false, 1],
    [{ ...counts, undetermined: 1 }, true, 0],
    [{ ...counts, fails: 1, unanswerable: 1 }, false, 2],
  ] as const)('%o, allowed %s: %i', ([found, allowed, code]) => {
    const report = check(document('  - {from: external, to: nodePort, expect: {verdict: delivered}}\n'));
    expect(assertExitCode({ ...report, counts: found }, allowed)).toBe(code);
  });
});
