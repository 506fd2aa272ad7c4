import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { verify, verifyAll } from '../../src/analysis/verify.ts';
import { verifyExitCode } from '../../src/analysis/verify-exit-code.ts';
import type { VerifyReport } from '../../src/analysis/verify-report.ts';
import { Failure } from '../../src/net/failure.ts';
import { verifyDocument } from '../../src/render/verify.ts';
import { clusterWithRules, lineless, questionOf } from './support.ts';

const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  JSON.parse(readFileSync(new URL('../../schemas/verify-report.schema.json', import.meta.url), 'utf8')),
);

function verified(name: string, edit: Parameters<typeof clusterWithRules>[1] = null): VerifyReport {
  const report = verify(clusterWithRules(name, edit), questionOf([], []));
  validate(JSON.parse(JSON.stringify(report)));
  expect(validate.errors).toBeNull();
  expect(report.answer.text).toMatch(/^[A-Z0-9].*\.$/);
  return report;
}

/** What was found on which node, and on which flows. */
function found({ nodes, flows }: VerifyReport): { readonly rules: readonly string[]; readonly flows: readonly string[] } {
  const rules = nodes.flatMap(({ node, rules: { missing, unexpected, changed, foreign } }) => [
    ...missing.map(({ code }) => `${node} missing ${code}`),
    ...unexpected.map(({ code }) => `${node} unexpected ${code}`),
    ...changed.map(({ code }) => `${node} changed ${code}`),
    ...foreign.filter(({ severity }) => severity !== 'info').map(({ act }) => `${node} foreign ${act}`),
  ]);
  const differing = flows.filter(({ agrees }) => agrees === false);
  return { rules, flows: [...new Set(differing.map(({ predicted, traced }) => `${predicted.verdict} → ${traced.verdict}`))].sort() };
}

test.for(['cluster-flannel', 'local-ipv6', 'cluster-kindnet', 'cluster-hostnetwork'])('%s as it was recorded: nothing', (name) => {
  const report = verified(name);
  expect(found(report)).toEqual({ rules: [], flows: [] });
  expect(report.answer.mood).toBe('good');
  expect(report.flows.length).toBeGreaterThan(20);
  expect(report.flows.every(({ agrees }) => agrees === true)).toBe(true);
  expect(verifyExitCode(report, 'warning')).toBe(0);
});

describe('a node that was broken', () => {
  test('the jump to the node ports is gone: node ports of that node alone are not served', () => {
    const report = verified('cluster-flannel', { node: 'node2', change: lineless(/-j KUBE-NODEPORTS$/) });
    expect(found(report).rules).toContain('node2 missing all-node-ports');
    expect(found(report).rules.filter((line) => !line.startsWith('node2 missing'))).toEqual([]);
    expect(found(report).flows).toEqual(['delivered → unhandled']);
    expect(new Set(report.flows.filter(({ agrees }) => agrees === false).map(({ to }) => to.node))).toEqual(new Set(['node2']));
    expect(report.answer).toMatchObject({ mood: 'bad', text: expect.stringContaining('1 of 4 nodes (node2) has other rules') });
    expect(verifyExitCode(report, 'error')).toBe(1);
    expect(verifyExitCode(report, 'never')).toBe(0);
  });

  test('a policy of DROP in FORWARD: foreign, and what it drops', () => {
    const report = verified('local-forwarddrop');
    expect(new Set(found(report).rules.map((line) => line.slice('node1 '.length)))).toEqual(new Set(['foreign policy-drops']));
    expect(found(report).flows).toContain('delivered → dropped');
    expect(report.nodeGroups).toEqual([{ nodes: ['node1', 'node2', 'node3', 'node4'], sample: 'node1', identical: true }]);
  });

  test('the text names rule, purpose and effect, and every differing flow', () => {
    const report = verified('cluster-flannel', { node: 'node1', change: lineless(/-j MASQUERADE/) });
    const text = JSON.stringify(verifyDocument(report, false));
    expect(text).toContain('missing in nat KUBE-POSTROUTING');
    expect(text).toContain('-j MASQUERADE');
    expect(text).toContain('no reply');
  });
});

test('half a dump is no evidence of anything', () => {
  const report = verified('cluster-flannel', { node: 'node1', change: (text) => text.slice(0, text.indexOf('-A KUBE-SEP')) });
  expect(report.gaps.map(({ what }) => what).join()).toContain('node1');
  expect(found(report).rules).toEqual([]);
});

test('every Service at once', () => {
  const report = verifyAll(clusterWithRules('cluster-flannel'), null);
  expect(report.servicesCompared).toBeGreaterThan(0);
  expect(found(report)).toEqual({ rules: [], flows: [] });
  expect(() => verifyAll(clusterWithRules('cluster-flannel'), 'nowhere')).toThrow(Failure);
});

test('without the rules of any node there is no answer', () => {
  const evidence = clusterWithRules('cluster-flannel');
  expect(() => verify({ ...evidence, nodeFiles: [] }, questionOf([], []))).toThrow(/the rules of no node could be read/);
  const gaps = [{ what: 'rules of node1', why: 'ssh: connect timed out after 10s' }];
  expect(() => verify({ ...evidence, nodeFiles: [], gaps }, questionOf([], []))).toThrow(/rules of node1: ssh: connect timed out/);
});

test('nodes whose rules were not read are named, and their flows left out', () => {
  const evidence = clusterWithRules('cluster-flannel');
  const report = verify(
    { ...evidence, nodeFiles: evidence.nodeFiles.filter(({ node }) => node === 'node1' || node === 'node3') },
    questionOf([], []),
  );
  expect(report.gaps).toContainEqual({ what: 'rules of node2, node4', why: 'they were not read' });
  expect(new Set(report.flows.map(({ from, via, to }) => from.node ?? via ?? to.node))).toEqual(new Set(['node1', 'node3']));
});
