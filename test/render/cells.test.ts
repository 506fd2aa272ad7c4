import { expect, test } from 'vitest';
import type { Branch, Verdict } from '../../src/analysis/report.ts';
import { cellOf } from '../../src/render/cells.ts';
import type { Column } from '../../src/render/columns.ts';
import { mergeColumns } from '../../src/render/merge.ts';
import { indexReport } from '../../src/render/report-index.ts';
import { branchesTo, ending, flow, masqueraded, nodeClient, outside, podClient, podOn, report, type Sample, target } from './support.ts';

const SAMPLE: Sample = { nodes: ['node1', 'node2', 'node3'], pods: [podOn('node1', 1), podOn('node2', 2)], policy: 'Cluster' };
const PLACE = { entry: 'node1', index: indexReport(report(SAMPLE)) };
const TO = target(SAMPLE, 'nodePort', 'node1');

function cell(...branches: (readonly Branch[])[]): readonly { readonly verdict: Verdict; readonly text: string }[] {
  return cellOf(
    branches.map((each) => flow(outside(), TO, each)),
    PLACE,
  ).exact.map(({ verdict, text }) => ({ verdict, text: text.replaceAll('\u00a0', ' ') }));
}

test.for([
  ['rejected', [ending('rejected')], 'rejected'],
  ['dropped', [ending('dropped')], 'dropped'],
  ['unhandled', [ending('unhandled')], 'not served'],
  ['unhandled', [ending('unhandled', 'leaves-cluster')], 'leaves the cluster'],
  ['unhandled', [ending('unhandled', 'refused-by-host')], 'refused by the host'],
  ['unhandled', [ending('unhandled', 'host-listener')], 'a process of the host answers'],
  ['undetermined', [], 'undetermined'],
  ['partial', [ending('dropped', null, 0.75), ending('rejected', null, 0.25)], '75% dropped; 25% rejected'],
  ['delivered', [{ ...ending('delivered'), httpStatus: 503 }], 'HTTP 503'],
] as const)('%s: %j is %s', ([verdict, branches, text]) => {
  expect(cell(branches)).toEqual([{ verdict, text }]);
});

test('what the pod sees', () => {
  const sees = (source: Branch['source']): string => cell(branchesTo(SAMPLE.pods, () => source ?? expect.unreachable()))[0]?.text ?? '';
  expect(sees({ kind: 'preserved', address: null, interface: null, by: null })).toBe('any of 2 pods, client IP');
  expect(sees({ kind: 'masqueraded', address: null, interface: null, by: 'kube-proxy' })).toBe('any of 2 pods, SNAT unknown address');
  expect(sees({ kind: 'masqueraded', address: null, interface: 'cali1', by: 'cni' })).toBe("any of 2 pods, SNAT node's cali1");
  expect(cell(branchesTo(SAMPLE.pods, (endpoint) => masqueraded(SAMPLE, 'node1', endpoint)))[0]?.text).toBe(
    'any of 2 pods, SNAT 10.244.1.1 | 10.244.1.0',
  );
});

test('clients with different fates are named, and no verdict is lost', () => {
  const delivered = branchesTo(SAMPLE.pods, (endpoint) => masqueraded(SAMPLE, 'node1', endpoint));
  const fates = [delivered, [ending('dropped')], [ending('unhandled')], [ending('unhandled', 'leaves-cluster')], [ending('rejected')]];
  const clients = [
    podClient(SAMPLE, 'node2'),
    nodeClient(SAMPLE, 'node2'),
    podClient(SAMPLE, 'node3'),
    nodeClient(SAMPLE, 'node3'),
    outside(),
  ];
  const flows = clients.map((from, i) => flow(from, TO, fates[i] ?? []));
  const told = cellOf(flows, PLACE).exact;
  expect(told.map(({ verdict }) => verdict)).toEqual(['delivered', 'dropped', 'unhandled', 'rejected']);
  expect(told.slice(1).map(({ text }) => text)).toEqual(['dropped (node2)', '2 more cases', '1 more case']);
});

test('columns that no row compares stay apart', () => {
  const columns: Column[] = [
    { key: 'a', kind: 'outside', title: 'outside' },
    { key: 'b', kind: 'podThere', title: 'pods there' },
  ];
  const part = [{ verdict: 'dropped', text: 'dropped' }] as const;
  const apart = [
    { label: 'x', cells: [part, null] },
    { label: 'y', cells: [null, part] },
  ];
  expect(mergeColumns(columns, [apart]).titles).toEqual(['from outside', 'pods there']);
  expect(mergeColumns(columns, [[...apart, { label: 'z', cells: [part, part] }]]).titles).toEqual(['any client']);
});
