import { describe, expect, test } from 'vitest';
import type { Branch, ServiceReport } from '../../src/analysis/report.ts';
import { pictureOf } from '../../src/render/picture.ts';
import { indexReport } from '../../src/render/report-index.ts';
import { renderReport } from './render.ts';
import { bigCluster, clusterThreePods, loadBalancerRanges, namedClients, nodePortLocal, noEndpoints, twentyNodes } from './samples.ts';
import { branchesTo, ending, flow, masqueraded, OPTIONS, outside, podOn, report, type Sample, target } from './support.ts';

function rows(told: ServiceReport): string[] {
  const picture = pictureOf(told, indexReport(told), 40);
  return (picture?.grid.rows ?? []).map((row) => {
    if ('across' in row) return row.across;
    return row.cells.map((cell) => cell.map((part) => part.text.replaceAll('\u00a0', ' ')).join(' / ')).join(' | ');
  });
}

function titles(told: ServiceReport): readonly string[] {
  return pictureOf(told, indexReport(told), 40)?.grid.titles ?? [];
}

describe('columns', () => {
  test('clients that meet the same share a column', () => {
    expect(titles(nodePortLocal())).toEqual(['to', 'from outside, other nodes', 'pods there', 'pods elsewhere', 'the node itself']);
    expect(titles(clusterThreePods())).toEqual(['to', 'from outside', 'any pod, any node']);
    expect(titles(noEndpoints())).toEqual(['to', 'from outside, any pod', 'any node']);
  });

  test('several external clients have a column each', () => {
    expect(titles(loadBalancerRanges())).toContain('from outside the source ranges (192.0.2.7)');
  });
});

describe('rows', () => {
  test('few nodes have a row each, with pods and addresses', () => {
    expect(rows(nodePortLocal()).slice(0, 3)).toEqual([
      'nodePort 30080/TCP',
      "  node1 172.18.0.11 | web-1, client IP | any of 2 pods, client IP | web-1, SNAT client's node IP | any of 2 pods, SNAT 10.244.1.1 | 10.244.1.0",
      '  node2 172.18.0.12 | dropped | any of 2 pods, client IP | dropped | any of 2 pods, SNAT 10.244.2.0',
    ]);
  });

  test('many nodes that behave alike are one row', () => {
    expect(rows(twentyNodes())).toEqual([
      "nodePort 30080/TCP, all 20 nodes | any of 3 pods, SNAT node's address | any of 3 pods, SNAT node's address",
      "clusterIP 10.96.10.10:80 | any of 3 pods, SNAT node's address | any of 3 pods, client IP",
    ]);
  });

  test('a representative speaks for its group, and never with its own addresses', () => {
    const [, serving, dropping] = rows(bigCluster());
    expect(serving).toContain('worker-1, worker-4 (+38 more) | its own pods, client IP');
    expect(dropping).toContain('worker-3, worker-42 (+4,958 more) | dropped');
    expect([serving, dropping].join()).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
  });

  test('nodes that a load balancer leaves out do not split its address', () => {
    const told = rows(loadBalancerRanges());
    expect(told[0]).toMatch(/^load balancer IP 203\.0\.113\.80:80 \| its own pods, client IP/);
  });

  test('ports that behave alike share their rows', () => {
    const one = twentyNodes();
    const second = one.flows.map((each) => ({ ...each, to: { ...each.to, port: each.to.port + 1, servicePort: 'https' } }));
    expect(rows({ ...one, flows: [...one.flows, ...second] }).map((row) => row.split(' | ')[0])).toEqual([
      'nodePort 30080/TCP, 30081/TCP (https), all 20 nodes',
      'clusterIP 10.96.10.10:80, 10.96.10.10:81 (https)',
    ]);
  });

  test('a pod that reaches itself is a line, and a column only where it fares differently', () => {
    const sample: Sample = { nodes: ['node1', 'node2'], pods: [podOn('node1', 1), podOn('node2', 2)], policy: 'Cluster' };
    const base = report(sample);
    const from = { kind: 'pod', name: 'web-1', namespace: 'ns1', node: 'node1', address: '10.244.1.10' } as const;
    const itself = branchesTo(sample.pods, (endpoint) =>
      endpoint.pod === 'web-1'
        ? masqueraded(sample, 'node1', endpoint)
        : { kind: 'preserved', address: from.address, interface: null, by: null },
    );
    const withFlow = (branches: readonly Branch[]): ServiceReport => ({
      ...base,
      flows: [...base.flows, flow(from, target(sample, 'clusterIP', null), branches)],
    });
    expect(titles(withFlow(itself))).toEqual(titles(base));
    expect(renderReport(withFlow(itself), 'table', OPTIONS)).toContain(
      'to itself  a pod that reaches itself through the Service sees 10.244.1.1, not its own address\n',
    );
    const lost = [...itself.slice(1), ending('dropped', null, 0.5)];
    expect(titles(withFlow(lost)).at(-1)).toBe('an endpoint pod');
    expect(rows(withFlow(lost)).at(-1)).toMatch(/50% web-2, client IP; 50% dropped$/);
  });
});

describe('shape', () => {
  test('named clients are told one by one, endings apart', () => {
    expect(titles(namedClients())).toEqual(['from', 'to', 'verdict', 'who answers', 'source seen']);
    expect(rows(namedClients())).toEqual([
      'outside 198.51.100.7 | nodePort node2 172.18.0.12:30080 | answered | any of 2 pods | SNAT 10.244.2.0',
      'pod default/cli-2 on node2 | nodePort node2 172.18.0.12:30080 | 50% answered | web-1 | SNAT 10.244.2.0',
      ' |  | 50% no reply | web-3 | client IP',
      'pod kube-system/agent-x7 on node4 (host network) | nodePort node2 172.18.0.12:30080 | answered | any of 2 pods | SNAT 10.244.2.0',
      'pod default/cli-2 on node2 | clusterIP 10.96.10.10:81 | leaves the cluster |  | ',
    ]);
  });

  test('many named flows end in a count', () => {
    const told = namedClients();
    const many = { ...told, flows: Array.from({ length: 60 }, () => told.flows).flat() };
    expect(renderReport(many, 'table', OPTIONS)).toContain('and 260 more rows');
  });

  test('a report without flows still answers', () => {
    const told = { ...nodePortLocal(), flows: [], notes: [] };
    expect(renderReport(told, 'table', { ...OPTIONS, columns: 160 }).split('\n')).toHaveLength(4);
  });
});

test('5,000 nodes fit on one screen', () => {
  for (const columns of [80, 120, 200]) {
    expect(renderReport(bigCluster(), 'table', { ...OPTIONS, columns }).split('\n').length).toBeLessThan(45);
  }
});

test('health, rotation and shares', () => {
  const lines = renderReport(loadBalancerRanges(), 'table', { ...OPTIONS, columns: 160 }).split('\n');
  expect(lines).toContain('health check :31000  node1 200 · node2 503 · node3 200 · node4 503 → a load balancer keeps 2 of 4 nodes');
  expect(lines).toContain('share per pod        web-3 50% · web-1 25% · web-2 25% (if spread evenly over the nodes it keeps)');
  expect(lines).toContain('left out             node2, node4: no ready endpoint on the node');
  const big = renderReport(bigCluster(), 'table', { ...OPTIONS, columns: 160 }).replace(/\n +/g, ' ');
  expect(big).toContain(
    '200 on 40 nodes (worker-1, worker-2, …) · 503 on 4,960 nodes (worker-3, worker-42, …) → a load balancer keeps 40 of 5,000 nodes',
  );
});

test('a load balancer without a known health check has no health line', () => {
  const told = loadBalancerRanges();
  const balancer = told.loadBalancer ?? expect.unreachable();
  const unchecked = {
    ...told,
    flows: told.flows.filter(({ to }) => to.kind !== 'healthCheckNodePort'),
    loadBalancer: { ...balancer, healthCheck: { what: 'none', port: null, path: '/' } },
  } as const;
  const output = renderReport(unchecked, 'table', { ...OPTIONS, columns: 200 }).replace(/\n +/g, ' ');
  expect(output).not.toMatch(/^health check/m);
  expect(output).toContain('no health check known · a load balancer keeps 2 of 4 nodes');
});

test('reasons of what is not answered, once each', () => {
  const output = renderReport(nodePortLocal(), 'table', { ...OPTIONS, columns: 160 });
  expect(output).toContain(
    'why:\n  ✗ dropped: externalTrafficPolicy is Local and no ready endpoint runs on node2 (and 1 more like this)\n',
  );
  expect(output).not.toContain('kube-proxy picks one');
});

test('an unnamed outside client is not mistaken for a named one', () => {
  const sample: Sample = { nodes: ['node1'], pods: [podOn('node1', 1)], policy: 'Cluster' };
  const told = report(sample, { flows: [flow({ ...outside(), name: 'external' }, target(sample, 'nodePort', 'node1'), [])] });
  expect(rows(told)).toEqual(['outside | nodePort node1 172.18.0.11:30080 | undetermined |  | ']);
});
