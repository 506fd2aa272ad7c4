import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateCluster } from '../../scripts/generate-cluster.ts';
import type { ServiceReport } from '../../src/analysis/report.ts';
import { flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { ask } from './ask.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const base = [...kubeadm(), ...flannel()];

/** Every node in exactly one group, and flows of representatives only. */
function expectWholeAndDisjoint(report: ServiceReport, names: readonly string[]): void {
  const groups = report.nodeGroups ?? [];
  const members = groups.flatMap((group) => group.nodes);
  expect([...members].sort()).toEqual([...names].sort());
  for (const group of groups) {
    expect(group.representatives.length).toBeGreaterThan(0);
    for (const name of group.representatives) expect(group.nodes).toContain(name);
  }
  const shown = new Set(groups.flatMap((group) => group.representatives));
  for (const flow of report.flows) {
    for (const name of [flow.from.node, flow.to.node, flow.via]) expect(name === null || shown.has(name)).toBe(true);
  }
  expect(new Set(groups.map((group) => group.name)).size).toBe(groups.length);
}

function groupsOf(report: ServiceReport): Record<string, number> {
  return Object.fromEntries((report.nodeGroups ?? []).map((group) => [group.name, group.nodes.length]));
}

describe('when', () => {
  test.for([
    [24, false],
    [25, true],
  ] as const)('%i nodes: %s', ([count, grouped]) => {
    expect(ask([...base, ...nodes(count), service(), slice([webOn(1)])]).nodeGroups !== undefined).toBe(grouped);
  });

  test('what is named is told by itself', () => {
    const raw = [...base, ...nodes(40), service({ spec: LOCAL }), slice([webOn(1)])];
    const all = ask(raw, { from: ['external'], to: ['nodePort'] });
    expect(all.nodeGroups).toBeUndefined();
    expect(all.flows).toHaveLength(40);
    expect(ask(raw, { from: ['pod@node40'], to: ['node/node39'] }).flows).toMatchObject([
      { from: { node: 'node40' }, to: { node: 'node39' } },
    ]);
    expect(ask(raw, { from: ['node/node40'] }).flows.every((flow) => flow.from.node === 'node40')).toBe(true);
  });

  test('few nodes with many ports and endpoints are grouped, too: flows grow with all of them', () => {
    const ports = Array.from({ length: 10 }, (_, index) => ({ name: `p${index}`, port: 8000 + index, nodePort: 31000 + index }));
    const top = { ports: ports.map(({ name, port }) => ({ name, port })) };
    const pods = Array.from({ length: 20 }, (_, index) => webOn(index + 1));
    const report = ask([...base, ...nodes(20), service({ spec: { ports } }), slice(pods, { top })]);
    expect(report.nodeGroups).toBeDefined();
    expect(report.flows.reduce((sum, flow) => sum + flow.branches.length, 0)).toBeLessThan(60_000);
  });
});

describe('what tells nodes apart', () => {
  const many = nodes(30);
  const rest = (...changed: readonly Raw[]) => [...changed, ...many.slice(changed.length)];

  test('endpoints, health and standing', () => {
    const raw = [
      ...base,
      ...rest(
        node(1),
        node(2),
        node(3, { ready: 'False' }),
        node(4, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
        node(5, { taints: ['ToBeDeletedByClusterAutoscaler'] }),
        node(6, { deletionTimestamp: '2025-01-01T00:00:00Z' }),
        node(7, { os: 'windows' }),
      ),
      service({ spec: LOCAL }),
      slice([
        webOn(1),
        webOn(2),
        webOn(2, { ip: '10.244.2.11' }),
        webOn(8, { conditions: { ready: false, serving: true, terminating: true } }),
      ]),
    ];
    const report = ask(raw);
    expect(groupsOf(report)).toEqual({
      'with 1 local endpoint': 1,
      'with 2 local endpoints': 1,
      'without local endpoint, not ready': 1,
      'without local endpoint, excluded from load balancers': 1,
      'without local endpoint, to be deleted': 1,
      'without local endpoint, being deleted': 1,
      'without local endpoint': 1,
      'with 1 terminating endpoint': 1,
      'without local endpoint (2)': 22,
    });
    expectWholeAndDisjoint(
      report,
      Array.from({ length: 30 }, (_, index) => `node${index + 1}`),
    );
    expect(report.answer.text).toMatch(
      /^26 of 30 nodes drop .*; 1 of 30 nodes is undetermined for|^1 of 30 nodes is undetermined .*; 26 of 30 nodes drop /,
    );
  });

  test('an endpoint on the host network, and one that hints name', () => {
    const hinted = { hints: { forNodes: [{ name: 'node2' }] } };
    const pods = [webOn(2, hinted), { ip: '172.18.0.13', node: 'node3', pod: 'web-3', hints: { forNodes: [{ name: 'node3' }] } }];
    expect(groupsOf(ask([...base, ...many, service(), slice(pods)]))).toEqual({
      'without local endpoint': 28,
      'with 1 local endpoint, hinted to 1 endpoint': 1,
      'with 1 local endpoint on the host network, hinted to 1 endpoint': 1,
    });
  });

  test('node hints do not make a group of each node', () => {
    const pods = Array.from({ length: 30 }, (_, index) => webOn(index + 1, { hints: { forNodes: [{ name: `node${index + 1}` }] } }));
    expect(groupsOf(ask([...base, ...many, service(), slice(pods)]))).toEqual({ 'with 1 local endpoint, hinted to 1 endpoint': 30 });
  });

  test('addresses in the source ranges, or of the load balancer', () => {
    const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: ['172.18.0.11/32'] };
    const report = ask([...base, ...many, service({ spec, ingress: [{ ip: '172.18.0.12' }] }), slice([])]);
    expect(groupsOf(report)).toEqual({
      'without local endpoint': 1,
      'without local endpoint, with an address of the Service': 1,
      'without local endpoint (2)': 28,
    });
  });

  test('very uneven endpoints are no longer told apart by their number', () => {
    const pods = Array.from({ length: 12 }, (_, index) => index + 1).flatMap((number) =>
      Array.from({ length: number }, (_, k) => webOn(number, { ip: `10.244.${number}.${10 + k}`, pod: `web-${number}-${k}` })),
    );
    expect(groupsOf(ask([...base, ...many, service({ spec: LOCAL }), slice(pods)]))).toEqual({
      'with local endpoints': 12,
      'without local endpoint': 18,
    });
  });
});

test('groups hold every node once, whatever the cluster', () => {
  const options = fc.record({
    labels: fc.constantFrom({}, { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }, { 'topology.kubernetes.io/zone': 'a' }),
    taints: fc.constantFrom([], ['ToBeDeletedByClusterAutoscaler']),
    ready: fc.constantFrom('True' as const, 'False' as const),
    os: fc.constantFrom('linux', 'linux', 'linux', 'windows'),
    podCIDRs: fc.constantFrom(['10.244.1.0/24'], []),
  });
  fc.assert(
    fc.property(
      fc.array(options, { minLength: 25, maxLength: 60 }),
      fc.array(fc.nat(59), { maxLength: 20 }),
      fc.boolean(),
      (all, on, local) => {
        const raw = all.map((each, index) =>
          node(index + 1, { ...each, podCIDRs: each.podCIDRs.length === 0 ? [] : [`10.244.${index + 1}.0/24`] }),
        );
        const pods = on.map((number, index) => webOn((number % all.length) + 1, { ip: `10.250.0.${index + 1}`, pod: `web-${index}` }));
        const report = ask([...base, ...raw, service({ spec: local ? LOCAL : {} }), slice(pods)]);
        expectWholeAndDisjoint(
          report,
          raw.map((each) => (each['metadata'] as { name: string }).name),
        );
        expect(report.flows.length).toBeLessThan(2000);
      },
    ),
    { numRuns: 40, endOnFailure: true },
  );
});

test('representatives show the same as each node by itself would', () => {
  const pods = [webOn(1), webOn(2), webOn(2, { ip: '10.244.2.11', pod: 'web-2b' })];
  const raw = (count: number) => [...base, ...nodes(count), service({ spec: LOCAL }), slice(pods)];
  const grouped = ask(raw(25));
  const byNode = ask(raw(24));
  const verdictAt = (report: ServiceReport, name: string) =>
    report.flows
      .filter((flow) => flow.from.kind === 'external' && flow.to.kind === 'nodePort' && flow.to.node === name)
      .map((flow) => flow.verdict);
  for (const group of grouped.nodeGroups ?? []) {
    for (const member of group.nodes.filter((name) => name !== 'node25')) {
      expect(verdictAt(byNode, member)).toEqual(verdictAt(grouped, group.representatives[0] ?? ''));
    }
  }
});

describe('5,000 nodes', () => {
  const objects = [...generateCluster({ nodes: 5000, services: 20, slices: 60, pods: 0 })];
  const names = objects.flatMap((object) => {
    const { kind, metadata } = object as { kind: string; metadata: { name: string } };
    return kind === 'Node' ? [metadata.name] : [];
  });

  test.for(['bench/target', 'bench/big'])('%s: few flows, of a size that can be printed', (name) => {
    const report = ask(objects, { service: name });
    expectWholeAndDisjoint(report, names);
    expect(report.flows.length).toBeLessThan(2000);
    expect(JSON.stringify(report).length).toBeLessThan(20_000_000);
    expect(report.answer.text).toMatch(/5000 nodes/);
  });

  test('where nothing is known of the data plane it ends as well', () => {
    const bare = objects.filter((object) => ['Node', 'Service', 'EndpointSlice'].includes((object as { kind: string }).kind));
    const report = ask(bare, { service: 'bench/target' });
    expect(report.flows.length).toBeLessThan(2000);
    expect(report.dataplane).toMatchObject([{ implementation: 'unknown' }]);
  });

  test('named clients and targets are not grouped, unless that cannot be held', () => {
    expect(ask(objects, { service: 'bench/target', from: ['external'], to: ['nodePort'] }).flows).toHaveLength(5000);
    const big = ask(objects, { service: 'bench/big', from: ['external'], to: ['nodePort'] });
    expect(big.nodeGroups).toBeDefined();
    expect(big.flows.length).toBeLessThan(100);
  });
});
