import { describe, expect, test } from 'vitest';
import { FIRST_GONE, type Situation, SURGE, sleeping, told, update } from './rollout-cases.ts';

const ALL = (text: string): string => ['node1', 'node2', 'node3'].map((node) => `${node} ${text}`).join(', ');

describe('seconds in which nodes drop what a load balancer still sends', () => {
  test.for([
    // what                                             situation                                          every node                 at least..most  because
    ['surge 1, no preStop', { strategy: SURGE }, ALL('may be 22'), '0..3', 'new pods may start elsewhere; 2 × 10 s and 2 s to propagate'],
    ['no spare node', { strategy: SURGE, nodes: 3 }, ALL('may be 22'), '0..2', 'the first new pod helps the node that it starts on'],
    ['maxUnavailable 1, no surge', { strategy: FIRST_GONE }, ALL('may be 22'), '1..3', 'one goes before any new pod can be ready'],
    ['defaults of three pods', {}, ALL('may be 22'), '0..3', '25% of 3: surge 1, unavailable 0'],
    ['preStop 20 s', { strategy: SURGE, container: sleeping(20) }, ALL('may be 2'), '0..3', 'it serves 20 of 22 s'],
    [
      'preStop 25 s',
      { strategy: SURGE, container: sleeping(25), template: { terminationGracePeriodSeconds: 60 } },
      ALL('may be -'),
      '0..0',
      'it serves longer than the load balancer needs',
    ],
    [
      'preStop 25 s, grace 10 s',
      { strategy: SURGE, container: sleeping(25), template: { terminationGracePeriodSeconds: 10 } },
      ALL('may be 12'),
      '0..3',
      'the grace period ends the hook',
    ],
    [
      'preStop 25 s, kube-proxy 1.25',
      { strategy: SURGE, container: sleeping(25), proxy: 'v1.25.16' },
      ALL('may be 22'),
      '0..3',
      'it does not use pods that terminate',
    ],
    [
      'preStop 25 s, kube-proxy 1.26',
      { strategy: SURGE, container: sleeping(25), proxy: 'v1.26.15' },
      ALL('may be -'),
      '0..0',
      'ProxyTerminatingEndpoints is on since 1.26',
    ],
    [
      'preStop 25 s, nftables',
      { strategy: SURGE, container: sleeping(25), mode: 'nftables' },
      ALL('may be -'),
      '0..0',
      'the mode makes no difference',
    ],
    [
      'preStop of unknown length',
      { strategy: SURGE, container: { lifecycle: { preStop: { exec: { command: ['/wait-shutdown'] } } } } },
      ALL('may be 22'),
      '0..3',
      'it may end at once',
    ],
    [
      'check by TCP',
      { service: 'hetzner', strategy: SURGE, container: sleeping(25) },
      ALL('may be 47'),
      '0..3',
      'the node port answers while the pod serves: counting starts only then',
    ],
    [
      'unknown load balancer',
      { service: 'unknown', strategy: SURGE },
      ALL('may be the load balancer takes the node out'),
      '0..3',
      'its times are not known',
    ],
    ['node ports', { service: 'nodePort', strategy: SURGE }, ALL('may be a new pod is ready'), '0..3', 'nobody checks'],
    ['Cluster', { policy: 'Cluster', strategy: SURGE }, ALL('may be -'), '0..0', 'nodes forward to each other'],
    ['two pods per node', { strategy: SURGE, pods: [1, 1, 2, 2, 3, 3] }, ALL('may be 22'), '0..3', 'both may be replaced elsewhere'],
    [
      'two pods per node, one goes first',
      { strategy: FIRST_GONE, pods: [1, 1, 2, 2, 3, 3] },
      ALL('may be 22'),
      '0..3',
      'the controller takes from nodes with two',
    ],
    [
      'another workload beside',
      { strategy: SURGE, others: [2] },
      'node1 may be 22, node2 never -, node3 may be 22',
      '0..2',
      'node2 keeps the other pod',
    ],
    [
      'one node takes pods',
      { strategy: SURGE, pods: [1, 1], cordoned: [2, 3, 4] },
      'node1 never -',
      '0..0',
      'new pods can start nowhere else',
    ],
    [
      'hostPort with surge',
      { strategy: SURGE, container: { ports: [{ containerPort: 80, hostPort: 80 }] } },
      ALL('always 22'),
      '3..3',
      'a new pod cannot start beside the old one',
    ],
    ['Recreate', { strategy: { type: 'Recreate' } }, ALL('always a new pod is ready'), '3..3', 'all go first: no load balancer helps'],
    ['StatefulSet', { kind: 'StatefulSet' }, ALL('always 22'), '3..3', 'a pod goes before its successor starts'],
    ['DaemonSet', { kind: 'DaemonSet' }, ALL('always 22'), '3..3', 'maxSurge 0'],
    [
      'DaemonSet with surge',
      { kind: 'DaemonSet', strategy: SURGE },
      ALL('never -'),
      '0..0',
      'the new pod is ready first, on the same node',
    ],
  ] as const satisfies readonly (readonly [string, Situation, string, string, string])[])(
    '%s: %j: %s, %s nodes (%s)',
    ([, situation, nodes, count]) => {
      const report = update(situation);
      expect(told(report)).toBe(nodes);
      expect(`${report.dropping.least}..${report.dropping.most}`).toBe(count);
      expect(report.answer.mood === 'good').toBe(report.dropping.most === 0);
    },
  );
});

describe('who controls how many', () => {
  test.for([
    [3, '25%', '25%', 1, 0],
    [4, '25%', '25%', 1, 1],
    [10, '25%', '25%', 3, 2],
    [10, 0, 0, 0, 1],
    [3, '0%', '10%', 0, 1],
    [2, 1, '100%', 1, 2],
  ] as const)('%i pods, maxSurge %s, maxUnavailable %s: %i and %i', ([pods, maxSurge, maxUnavailable, surge, unavailable]) => {
    const { update: rules } = update({
      pods: Array.from({ length: pods }, () => 1),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    });
    expect([rules.maxSurge, rules.maxUnavailable]).toEqual([surge, unavailable]);
  });

  test.for([SURGE, FIRST_GONE, {}] as const)('%j: never more pods than replicas and surge, never fewer ready than allowed', (strategy) => {
    const { cases, update: rules } = update({ pods: [1, 1, 1, 2, 2, 2, 3, 3, 3, 4], strategy });
    expect(cases.map((each) => each.case)).toEqual(['worst', 'best']);
    for (const { steps } of cases) {
      const known = new Map<string, (typeof steps)[number]['nodes'][number]>();
      for (const step of steps) {
        for (const node of step.nodes) known.set(node.node, node);
        const sum = (pick: (node: (typeof step.nodes)[number]) => number): number =>
          [...known.values()].reduce((total, node) => total + pick(node), 0);
        expect(sum(({ old, starting, ready }) => old + starting + ready)).toBeLessThanOrEqual(rules.replicas + rules.maxSurge);
        expect(sum(({ old, ready }) => old + ready)).toBeGreaterThanOrEqual(rules.replicas - rules.maxUnavailable);
      }
    }
  });
});

describe('step by step', () => {
  test('a pod that terminates serves on, and the health check fails already', () => {
    const { cases } = update({ strategy: SURGE, container: sleeping(20) });
    const steps = cases[0]?.steps ?? [];
    const stopping = steps.find(({ nodes }) => nodes.some(({ terminating }) => terminating > 0));
    expect(stopping?.nodes.find(({ terminating }) => terminating > 0)).toMatchObject({ healthCheck: 503, inRotation: false });
    expect(stopping?.flows).toEqual([]);
    expect(stopping?.seconds).toEqual({ least: 20, most: 20 });
    const [after] = steps.slice(steps.indexOf(stopping as never) + 1);
    expect(after).toMatchObject({ phase: 'stopped', flows: [{ from: 'outside clients', before: 'delivered', after: 'dropped' }] });
  });

  test('kube-proxy 1.25 drops at once', () => {
    const { cases } = update({ strategy: SURGE, container: sleeping(20), proxy: 'v1.25.16' });
    const stopping = cases[0]?.steps.find(({ nodes }) => nodes.some(({ terminating }) => terminating > 0));
    expect(stopping?.flows).toMatchObject([{ before: 'delivered', after: 'dropped' }]);
  });

  test('the best case drops nothing where a new pod may come first', () => {
    const best = update({ strategy: SURGE }).cases.at(-1);
    expect(best?.case).toBe('best');
    expect(best?.steps.flatMap(({ flows }) => flows)).toEqual([]);
    expect(best?.left).toBe(0);
  });

  test('readiness and minReadySeconds are the least that a step takes', () => {
    const container = { readinessProbe: { initialDelaySeconds: 15, periodSeconds: 5, successThreshold: 3 } };
    const { update: rules, cases } = update({ strategy: SURGE, container, spec: { minReadySeconds: 30 } });
    expect([rules.readyAfter, rules.minReadySeconds]).toEqual([25, 30]);
    expect(cases[0]?.steps.find(({ phase }) => phase === 'ready')?.seconds).toEqual({ least: 30, most: null });
  });

  test('hostPort, surge and no free node: it stands still', () => {
    const report = update({ nodes: 3, strategy: SURGE, container: { ports: [{ containerPort: 80, hostPort: 80 }] } });
    expect(report.cases.every(({ steps }) => steps.some(({ phase }) => phase === 'stuck'))).toBe(true);
    expect(report.answer).toMatchObject({
      mood: 'mixed',
      text: expect.stringContaining('The update stands still: no node has its ports free'),
    });
  });
});

describe('nobody is left', () => {
  test.for([
    [{ strategy: { type: 'Recreate' }, policy: 'Cluster' }, 'bad', 'nobody is answered'],
    [{ strategy: { type: 'Recreate' }, policy: 'Local' }, 'bad', 'nobody is answered'],
    [{ pods: [1], strategy: FIRST_GONE, policy: 'Cluster' }, 'bad', 'nobody is answered'],
    [{ pods: [1], strategy: SURGE, policy: 'Cluster' }, 'good', 'no node drops'],
  ] as const)('%j: %s', ([situation, mood, text]) => {
    const { answer } = update(situation);
    expect(answer.mood).toBe(mood);
    expect(answer.text).toContain(text);
  });
});

describe('pods that ask the clusterIP', () => {
  test('internalTrafficPolicy Local: those of a node without a pod are dropped', () => {
    const { answer, cases } = update({ kind: 'DaemonSet', service: 'clusterIP', internal: 'Local' });
    expect(
      cases[0]?.steps
        .flatMap(({ flows }) => flows)
        .filter(({ after }) => after !== 'delivered')
        .map(({ from, node }) => `${from} ${node}`),
    ).toEqual(['pods node1', 'pods node2', 'pods node3']);
    expect(answer.mood).toBe('mixed');
    expect(answer.text).toContain('pods on node1, node2, node3 that ask the clusterIP are dropped');
  });

  test('Cluster: nothing happens', () => {
    expect(update({ service: 'clusterIP', strategy: SURGE }).answer.mood).toBe('good');
  });
});
