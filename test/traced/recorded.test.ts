import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { NodeFile } from '../../src/cluster/evidence.ts';
import { caseFolders, gradeTraced, loadCase, type RecordedCase } from '../support/cases.ts';

/** What the nodes' own rules make of recorded probes, held against what a real kernel did with these rules. */
const ROOT = fileURLToPath(new URL('../fixtures/rules/recorded', import.meta.url));
const loaded = caseFolders(ROOT).map((folder) => loadCase(folder, { nodeFiles: true }));
const cases = loaded.filter(({ decidable, services }) => decidable !== 'neither' && services.length > 0);

function without(recorded: RecordedCase, ...formats: readonly NodeFile['format'][]): RecordedCase {
  const nodeFiles = recorded.evidence.nodeFiles.filter(({ format }) => !formats.includes(format));
  return { ...recorded, evidence: { ...recorded.evidence, nodeFiles } };
}

test('there are cases of several CNIs and families, some that API objects alone do not decide', () => {
  expect(cases.length).toBeGreaterThanOrEqual(7);
  expect(cases.some(({ decidable }) => decidable === 'rules')).toBe(true);
});

describe('with addresses and routes as the nodes printed them', () => {
  test.for(cases.map((recorded) => [recorded.name, recorded] as const))('%s: every probe ends as traced', ([, recorded]) => {
    const grades = gradeTraced(recorded);
    expect(grades.length).toBeGreaterThan(0);
    expect(grades.filter(({ grade }) => grade !== 'agree').map(({ grade, about }) => `${grade}: ${about}`)).toEqual([]);
  });
});

describe('with addresses and routes concluded from API objects', () => {
  test.for(cases.map((recorded) => [recorded.name, recorded] as const))('%s: nothing is wrong, most is decided', ([, recorded]) => {
    const grades = gradeTraced(without(recorded, 'ip-addr', 'ip-route'));
    expect(grades.filter(({ grade }) => grade === 'disagree').map(({ about }) => about)).toEqual([]);
    expect(grades.filter(({ grade }) => grade === 'agree').length).toBeGreaterThan(grades.length / 2);
  });
});

describe('with rules of no node', () => {
  test.for(cases.slice(0, 2).map((recorded) => [recorded.name, recorded] as const))('%s: nothing is decided', ([, recorded]) => {
    const grades = gradeTraced(without(recorded, 'iptables-save', 'ip6tables-save'));
    expect(new Set(grades.map(({ grade }) => grade))).toEqual(new Set(['undetermined']));
  });
});
