import { describe, expect, test } from 'vitest';
import { foldNodes } from '../../../src/analysis/verify/fold-nodes.ts';
import { type NodeVerification, verifyNode } from '../../../src/analysis/verify/verify-node.ts';
import type { Node } from '../../../src/cluster/model.ts';
import { parseCidrs } from '../../../src/net/ip.ts';
import { parseIptablesSave } from '../../../src/netfilter/iptables-save/parse-save.ts';
import { clusterOf, NODE, proxier, service } from '../../expected/sample.ts';
import { dumpText, OTHER } from './sample-dump.ts';
import { edit } from './support.ts';

const CLUSTER = service({ externalTrafficPolicy: 'Cluster', affinitySeconds: null, healthCheckNodePort: null });
const SERVICES = [CLUSTER, OTHER];

function nodeNamed(n: number): Node {
  return {
    ...NODE,
    name: `node${n}`,
    internalIPs: [`172.18.${n >> 8}.${n & 255}`],
    podCidrs: parseCidrs([`10.${n >> 8}.${n & 255}.0/24`]),
  };
}

function verified(n: number, change: (lines: string[]) => string[] = (lines) => lines, services = SERVICES): NodeVerification {
  const where = { ...proxier(34), node: nodeNamed(n) };
  const text = edit(dumpText(services, where), change);
  const dumps = { 4: parseIptablesSave(text, { file: `node${n}.iptables-save`, family: 4 }) };
  return verifyNode({
    node: where.node,
    config: where.config,
    confidence: 'observed',
    cluster: clusterOf(...SERVICES),
    services: SERVICES,
    dumps,
  });
}

const noHook = (lines: string[]): string[] => lines.filter((line) => !line.startsWith('-A PREROUTING '));
const otherMark = (lines: string[]): string[] =>
  lines.map((line) => line.replace(/^-A KUBE-MARK-MASQ .*/, '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x8000/0x8000'));

describe('one node', () => {
  test('all as it should be', () => {
    expect(verified(1)).toMatchObject({
      node: 'node1',
      compared: 2,
      worst: null,
      families: [{ family: 4, fixed: [], services: [], foreign: [], strangers: [] }],
    });
  });

  test('static differences once, Services only where they differ, foreign rules once with the Services that they concern', () => {
    const result = verified(1, (lines) =>
      noHook(lines)
        .filter((line) => !/^-A KUBE-NODEPORTS .*shop\/web/.test(line))
        .map((line) => line.replace(':FORWARD ACCEPT', ':FORWARD DROP')),
    );
    const [family] = result.families;
    expect(family?.fixed.map(({ code }) => code)).toEqual(['hook']);
    expect(family?.services.map(({ service: name, differences }) => [name, differences.map(({ code }) => code)])).toEqual([
      ['shop/web', ['node-port-jump']],
    ]);
    expect(family?.foreign.map(({ rule, services }) => [rule.act, services])).toEqual([['policy-drops', ['shop/web', 'shop/api']]]);
    expect(result.worst).toBe('error');
  });

  test('Services that only the rules know', () => {
    const gone = service({ name: 'gone', clusterIPs: ['10.96.6.6'], externalIPs: [], ingress: [] });
    expect(verified(1, (lines) => lines, [...SERVICES, gone]).families[0]?.strangers).toEqual(['shop/gone']);
  });

  test('a node without dump has no families and no judgement', () => {
    const where = proxier(34);
    expect(
      verifyNode({ node: where.node, config: where.config, cluster: clusterOf(...SERVICES), services: SERVICES, dumps: {} }),
    ).toMatchObject({ families: [], worst: null });
  });
});

describe('many nodes', () => {
  test('equal results are one group, the gravest first', () => {
    const nodes = [verified(1), verified(2, noHook), verified(3), verified(4, otherMark), verified(5, noHook), verified(6)];
    expect(foldNodes(nodes).map(({ nodes: names, identical }) => [names, identical])).toEqual([
      [['node2', 'node5'], true],
      [['node4'], true],
      [['node1', 'node3', 'node6'], true],
    ]);
  });

  test('a node’s own addresses make no other group', () => {
    const jump =
      (address: string) =>
      (lines: string[]): string[] =>
        lines.map((line) =>
          /^-A KUBE-SERVICES .* -j KUBE-NODEPORTS$/.test(line) ? `-A KUBE-SERVICES -d ${address}/32 -j KUBE-NODEPORTS` : line,
        );
    const nodes = [verified(1, jump('172.18.0.1')), verified(11, jump('172.18.0.11')), verified(12, jump('172.18.0.99'))];
    expect(foldNodes(nodes).map((group) => group.nodes)).toEqual([['node1', 'node11'], ['node12']]);
  });

  test('too many kinds of one difference become one group, which says so', () => {
    const nodes = Array.from({ length: 40 }, (_, index) =>
      verified(index + 1, (lines) =>
        lines.map((line) => line.replace('to-destination 10.244.1.5:8080', `to-destination 10.9.9.${index}:8080`)),
      ),
    );
    const groups = foldNodes([...nodes, verified(41)]);
    expect(groups.map(({ nodes: names, identical }) => [names.length, identical])).toEqual([
      [40, false],
      [1, true],
    ]);
    expect(groups[0]?.sample.node).toBe('node1');
  });
});
