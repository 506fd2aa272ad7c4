import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { trace } from '../../src/analysis/trace.ts';
import type { TracedStep, TraceReport } from '../../src/analysis/trace-report.ts';
import { Failure } from '../../src/net/failure.ts';
import { clusterWithRules, lineless, questionOf } from './support.ts';

const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  JSON.parse(readFileSync(new URL('../../schemas/trace-report.schema.json', import.meta.url), 'utf8')),
);

function traced(
  from: string,
  to: string,
  more: { readonly via?: string; readonly whyNot?: string; readonly cluster?: string } = {},
): TraceReport {
  const { via, whyNot = null, cluster = 'cluster-flannel' } = more;
  const report = trace(clusterWithRules(cluster), questionOf([from], [to], via === undefined ? [] : [via]), { whyNot });
  validate(JSON.parse(JSON.stringify(report)));
  expect(validate.errors).toBeNull();
  return report;
}

/** The decisive steps of a way's request, as `node hook chain effect`. */
function path({ ways }: TraceReport, at: number): readonly string[] {
  const text = (node: string, { kind, hook, chain, effect, text: said }: TracedStep): string =>
    kind === 'routing' ? `${node} routing ${said}` : `${node} ${hook} ${chain?.replace(/-[A-Z0-9]{16}$/, '')} ${effect}`;
  return (ways[at]?.request ?? []).flatMap(({ node, steps }) => steps.filter(({ decisive }) => decisive).map((step) => text(node, step)));
}

describe('an outside client that asks a node port, policy Cluster', () => {
  const report = traced('external', 'node/node1');

  test('both endpoints, each with its share, seen from the device towards it', () => {
    expect(report.ways.map(({ share, outcome }) => [share, outcome])).toEqual([
      [0.5, 'delivered'],
      [0.5, 'delivered'],
    ]);
    expect(report.branches.map(({ endpoint, source }) => [endpoint?.pod, source?.address, source?.by, source?.interface])).toEqual([
      ['web-1', '10.244.1.1', 'kube-proxy', 'cni0'],
      ['web-3', '10.244.1.0', 'kube-proxy', 'flannel.1'],
    ]);
    expect(report.agrees).toBe(true);
  });

  test('the way to its own pod, rule by rule', () => {
    expect(path(report, 0)).toEqual([
      'node1 PREROUTING PREROUTING jump',
      'node1 PREROUTING KUBE-SERVICES jump',
      'node1 PREROUTING KUBE-NODEPORTS jump',
      'node1 PREROUTING KUBE-EXT jump',
      'node1 PREROUTING KUBE-MARK-MASQ mark',
      'node1 PREROUTING KUBE-EXT jump',
      'node1 PREROUTING KUBE-SVC jump',
      'node1 PREROUTING KUBE-SEP dnat',
      'node1 routing 10.244.1.10 dev cni0',
      'node1 FORWARD FORWARD jump',
      'node1 FORWARD KUBE-FORWARD accept',
      'node1 POSTROUTING POSTROUTING jump',
      'node1 POSTROUTING KUBE-POSTROUTING mark',
      'node1 POSTROUTING KUBE-POSTROUTING snat',
    ]);
  });

  test('the way to the other one goes over its node, and the answer comes back over both', () => {
    const [, way] = report.ways;
    expect(way?.request.map(({ node }) => node)).toEqual(['node1', 'node3']);
    expect(way?.reply.map(({ node }) => node)).toEqual(['node3', 'node1']);
    expect(way?.reply.at(-1)?.steps.filter(({ kind }) => kind === 'undo')).toHaveLength(2);
  });
});

test('a pod that asks a node port elsewhere under policy Local, without the CNI masquerading: dropped', () => {
  const report = traced('pod@node2', 'node/node2', { cluster: 'local-forwarddrop' });
  expect(report.verdict).toBe('dropped');
  expect(report.because.map(({ code }) => code)).toEqual(['dropped-by-policy']);
  expect(report.agrees).toBe(false);
  expect(report.predicted.verdict).toBe('delivered');
});

describe('why not', () => {
  const answers = (whyNot: string, from = 'external', to = 'node/node1'): readonly string[] =>
    (traced(from, to, { whyNot }).whyNot?.answers ?? []).map(({ node, taken, text }) => `${node} ${taken}: ${text}`);

  test('a chain that it does come to is said to be taken', () => {
    expect(answers('KUBE-MARK-MASQ')).toEqual(
      expect.arrayContaining(['node1 true: the packet does come to chain KUBE-MARK-MASQ on this node']),
    );
  });

  test('the first condition that does not hold, with the packet as it was', () => {
    expect(answers('-s 10.244.3.10/32')[0]).toMatch(
      /^node1 false: .*"-s 10.244.3.10\/32" does not hold: the packet is tcp 203\.0\.113\.77/,
    );
  });

  test('an earlier rule of its chain that took the packet away', () => {
    const [answer = ''] = answers('-j MASQUERADE', 'pod@node2', '10.244.2.1:1');
    expect(answer).toMatch(/^node2 false: /);
  });

  test('a chain of another node is named as missing here', () => {
    const report = trace(clusterWithRules('local-forwarddrop'), questionOf(['external'], ['node/node2']), {
      whyNot: 'KUBE-SVL-4LVCYZMTA5CQO6SX',
    });
    expect(report.whyNot?.answers).toEqual([
      {
        node: 'node2',
        taken: false,
        text: expect.stringMatching(/^this node has no chain KUBE-SVL-4LVCYZMTA5CQO6SX: kube-proxy writes it only/),
        rule: null,
      },
    ]);
  });

  test('what no node has is refused', () => {
    expect(() => answers('KUBE-NONSENSE')).toThrow(Failure);
    expect(() => answers('')).toThrow(Failure);
  });
});

describe('one packet, or a question back', () => {
  const ask = (from: readonly string[], to: readonly string[], via: readonly string[] = []): unknown =>
    trace(clusterWithRules('cluster-flannel'), questionOf(from, to, via), { whyNot: null });

  test.for([
    ['no sender', [], ['node/node1'], []],
    ['two senders', ['external', 'node/node1'], ['node/node1'], []],
    ['no target', ['external'], [], []],
    ['every node port', ['external'], ['nodePort'], []],
    ['an LB IP from outside without entry node', ['external'], ['loadBalancer'], []],
    ['two entry nodes', ['external'], ['loadBalancer'], ['node1', 'node2']],
    ['an unknown node', ['node/nope'], ['clusterIP'], []],
  ] as const)('%s', ([, from, to, via]) => {
    expect(() => ask([...from], [...to], [...via])).toThrow(Failure);
  });

  test('with no rules at all there is nothing to follow', () => {
    const evidence = { ...clusterWithRules('cluster-flannel'), nodeFiles: [] };
    expect(() => trace(evidence, questionOf(['external'], ['node/node1']), { whyNot: null })).toThrow(/no rules of nodes were read/);
  });
});

test('a rule that cannot be decided splits the way, and the verdict stays open', () => {
  const blocked = (text: string): string => text.replace('\n:KUBE-', '\n-A FORWARD -m set --match-set blocked src -j DROP\n:KUBE-');
  const report = trace(
    clusterWithRules('cluster-flannel', { node: 'node1', change: (text) => inFilter(text, blocked) }),
    questionOf(['external'], ['node/node1']),
    { whyNot: null },
  );
  expect(report.verdict).toBe('undetermined');
  expect(report.ways.some(({ doubts }) => doubts.some(({ taken }) => taken))).toBe(true);
  expect(report.ways.some(({ doubts }) => doubts.some(({ taken }) => !taken))).toBe(true);
  expect(report.gaps.map(({ why }) => why).join()).toContain('set "blocked"');
});

function inFilter(text: string, change: (table: string) => string): string {
  const at = text.indexOf('*filter');
  return text.slice(0, at) + change(text.slice(at));
}

test('an endpoint that no EndpointSlice lists is not called delivered', () => {
  const stale = (text: string): string => text.replaceAll('--to-destination 10.244.1.10:8080', '--to-destination 10.244.1.99:8080');
  const report = trace(clusterWithRules('cluster-flannel', { node: 'node1', change: stale }), questionOf(['external'], ['node/node1']), {
    whyNot: null,
  });
  expect(report.verdict).toBe('partial');
  expect(report.branches.map(({ outcome, endpoint }) => [outcome, endpoint?.pod ?? null])).toEqual(
    expect.arrayContaining([
      ['unhandled', null],
      ['delivered', 'web-3'],
    ]),
  );
  expect(report.because.map(({ code }) => code)).toContain('stale-endpoint');
});

test('without the masquerading rule the answer of another node is lost', () => {
  const report = trace(
    clusterWithRules('cluster-flannel', { node: 'node1', change: lineless(/-j MASQUERADE/) }),
    questionOf(['external'], ['node/node1']),
    { whyNot: null },
  );
  expect(report.branches.map(({ outcome, endpoint }) => [outcome, endpoint?.pod])).toEqual([
    ['delivered', 'web-1'],
    ['no-reply', 'web-3'],
  ]);
});

describe('a dump that cannot be read whole decides nothing', () => {
  test.for([
    ['cut in the middle', (text: string): string => text.slice(0, text.length / 2)],
    [
      'a rule with an open quote',
      (text: string): string => text.replace('-A KUBE-SERVICES -d', '-A KUBE-SERVICES -m comment --comment "open -d'),
    ],
  ] as const)('%s', ([, change]) => {
    const evidence = clusterWithRules('cluster-flannel', { node: 'node1', change });
    const report = trace(evidence, questionOf(['external'], ['node/node1']), { whyNot: null });
    expect(report.verdict).toBe('undetermined');
    expect(report.gaps.map(({ why }) => why).join()).toMatch(/its dump cannot be read whole: .*iptables-save\.txt line \d+/);
  });

  test('a line that is no rule is passed over', () => {
    const change = (text: string): string => `root@node1:~# iptables-save\n${text}root@node1:~#\n`;
    const report = trace(clusterWithRules('cluster-flannel', { node: 'node1', change }), questionOf(['external'], ['node/node1']), {
      whyNot: null,
    });
    expect(report.verdict).toBe('delivered');
  });
});
