import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compareCase, isRecorded, type KernelCase, loadKernelCase, recordedNow } from '../support/kernel-trace.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const TRACES = join(FIXTURES, 'kernel-traces');

const cases: readonly KernelCase[] = readdirSync(TRACES).flatMap((name) => {
  const path = join(TRACES, name);
  if (name.endsWith('.json')) return [loadKernelCase(join(FIXTURES, 'rules', 'recorded', basename(name, '.json')), path)];
  return isRecorded(path) ? [recordedNow(path)] : [];
});

describe('the path of a packet and of its answer, rule by rule on every node, is what the kernel reported', () => {
  test.for(cases.map((each) => [each.name, each] as const))('%s', ([, recorded]) => {
    const compared = compareCase(recorded);
    expect(compared).toHaveLength(recorded.records.length);
    expect(compared.filter(({ grade }) => grade !== 'equal')).toEqual([]);
    expect(compared.every(({ steps }) => steps > 0)).toBe(true);
  });
});

test('the packets cover both families and protocols, answers, jumps, gotos, returns, drops and policies', () => {
  const records = cases.flatMap((each) => each.records);
  const steps = records.flatMap(({ kernel }) => Object.values(kernel).flatMap(({ request, answer }) => [...request, ...answer]));
  expect(records.length).toBeGreaterThanOrEqual(40);
  expect(new Set(records.map(({ family, protocol }) => `${family} ${protocol}`))).toEqual(new Set(['4 tcp', '4 udp', '6 tcp', '6 udp']));
  const verdicts = new Set(steps.map((step) => step.split(' ')[3]?.split(':')[0]));
  expect(verdicts).toEqual(new Set(['JUMP', 'GOTO', 'RETURN', 'CONTINUE', 'ACCEPT', 'DROP']));
  expect(new Set(steps.map((step) => step.split(' ')[0]))).toEqual(new Set(['raw', 'mangle', 'nat', 'filter']));
  expect(steps.filter((step) => step.endsWith(' policy DROP')).length).toBeGreaterThan(0);
  expect(cases.flatMap(compareCase).filter(({ answer }) => answer).length).toBeGreaterThan(20);
});

describe('a path that is not the kernel’s is noticed', () => {
  const [recorded] = cases.filter(({ name }) => name === 'cluster-flannel');
  const changed = (change: (path: readonly string[]) => readonly string[]): KernelCase => {
    if (recorded === undefined) throw new Error('cluster-flannel is gone');
    const records = recorded.records.map((record) => ({
      ...record,
      kernel: Object.fromEntries(Object.entries(record.kernel).map(([node, path]) => [node, { ...path, request: change(path.request) }])),
    }));
    return { ...recorded, records };
  };

  test.for([
    ['a rule more', (path: readonly string[]) => [...path, 'nat KUBE-POSTROUTING 99 ACCEPT']],
    ['a rule less', (path: readonly string[]) => path.slice(1)],
    ['another order', (path: readonly string[]) => [...path].reverse()],
    ['another verdict', (path: readonly string[]) => path.map((step) => step.replace('ACCEPT', 'DROP'))],
  ] as const)('%s', ([, change]) => {
    const compared = compareCase(changed(change));
    expect(compared.every(({ grade }) => grade === 'different')).toBe(true);
  });
});
