import { describe, expect, test } from 'vitest';
import { explain } from '../../src/analysis/explain.ts';
import type { Evidence } from '../../src/cluster/evidence.ts';
import { applyChanges } from '../../src/whatif/apply.ts';
import type { Change } from '../../src/whatif/change.ts';
import { parseSet } from '../../src/whatif/parse-change.ts';
import type { WhatifReport } from '../../src/whatif/report.ts';
import { whatif } from '../../src/whatif/whatif.ts';
import { caseFolders, loadCase } from '../support/cases.ts';

const folders = caseFolders(new URL('../corpus', import.meta.url).pathname).filter((_, index) => index % 6 === 0);
const cases = folders.map((folder) => [folder.slice(folder.lastIndexOf('/') + 1), loadCase(folder)] as const);

interface Named {
  readonly namespace: string;
  readonly name: string;
}

const question = ({ namespace, name }: Named) => ({ namespace, name, from: [], to: [], via: [], port: null });

function changedBy(evidence: Evidence, service: Named, changes: readonly Change[]): Evidence {
  return applyChanges(evidence, service, changes).possible[0];
}

/** Setting a field to what it is, on these recorded clusters. */
function sameValue(evidence: Evidence, { namespace, name }: Named): Change[] {
  const object = evidence.objects.find(
    (each) => each.kind === 'Service' && each.metadata.name === name && each.metadata.namespace === namespace,
  );
  const spec = object?.kind === 'Service' ? (object.spec ?? {}) : {};
  const external = spec.externalTrafficPolicy;
  return [
    parseSet(`internalTrafficPolicy=${spec.internalTrafficPolicy ?? 'Cluster'}`),
    parseSet(`type=${spec.type ?? 'ClusterIP'}`),
    ...(external === undefined ? [] : [parseSet(`externalTrafficPolicy=${external}`)]),
  ];
}

function expectNoDifference({ counts, flows, loadBalancer, notes, findings }: WhatifReport): void {
  expect(counts).toEqual({ introduced: 0, fixed: 0, changed: 0, unknown: 0, new: 0, gone: 0, unchanged: flows.length });
  expect(loadBalancer).toEqual([]);
  expect([...notes.introduced, ...notes.fixed, ...findings.introduced, ...findings.fixed]).toEqual([]);
}

describe.each(cases)('%s', (_, { evidence, services }) => {
  const names = services.map(({ metadata }) => metadata);

  test('no change makes no difference', () => {
    for (const name of names) expectNoDifference(whatif(evidence, question(name), sameValue(evidence, name)));
  });

  test('a change and its inverse make no difference', () => {
    for (const name of names) {
      const other = (policy: unknown): string => (policy === 'Local' ? 'Cluster' : 'Local');
      const object = explain(evidence, question(name)).service;
      const { internalTrafficPolicy, externalTrafficPolicy, healthCheckNodePort } = object;
      const back = [
        parseSet(`internalTrafficPolicy=${internalTrafficPolicy}`),
        ...(externalTrafficPolicy === null ? [] : [parseSet(`externalTrafficPolicy=${externalTrafficPolicy}`)]),
        ...(healthCheckNodePort === null ? [] : [parseSet(`healthCheckNodePort=${healthCheckNodePort}`)]),
      ];
      const there = [
        parseSet(`internalTrafficPolicy=${other(internalTrafficPolicy)}`),
        ...(externalTrafficPolicy === null ? [] : [parseSet(`externalTrafficPolicy=${other(externalTrafficPolicy)}`)]),
      ];
      const changed = changedBy(evidence, name, there);
      expect(explain(changedBy(changed, name, back), question(name)).flows).toEqual(explain(evidence, question(name)).flows);
    }
  });

  test('every flow is told on the sides on which it is, and counted once', () => {
    const [name] = names;
    if (name === undefined) return;
    const node = evidence.objects.find(({ kind }) => kind === 'Node')?.metadata.name ?? '';
    const report = whatif(evidence, question(name), [{ kind: 'drain', node }, parseSet('internalTrafficPolicy=Local')]);
    expect(Object.values(report.counts).reduce((sum, count) => sum + count, 0)).toBe(report.flows.length);
    for (const { change, before, after: then } of report.flows) {
      expect(before === null).toBe(change === 'new');
      expect(then === null).toBe(change === 'gone');
    }
    expect(report.answer.text).toMatch(/^After .*\.$/);
  });
});
