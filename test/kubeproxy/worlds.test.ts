import { expect, test } from 'vitest';
import type { ProxyConfig } from '../../src/dataplane/types.ts';
import { worldsOf } from '../../src/kubeproxy/world.ts';
import { proxy } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';

/** What each world supposes of node1 and node2, as `masqueradeAll` and mode. */
function suppositions(proxies: Readonly<Record<string, readonly ProxyConfig[]>>): readonly string[] {
  const { cluster, dataplane } = scene({ proxies });
  return worldsOf(cluster, dataplane)
    .map((world) =>
      ['node1', 'node2']
        .map((name) => {
          const node = cluster.nodeByName.get(name);
          const config = node === undefined ? null : world.configOf(node);
          return `${config?.mode} ${config?.masqueradeAll}`;
        })
        .join(', '),
    )
    .sort();
}

const OPEN = [proxy({}), proxy({ masqueradeAll: true })];

test('nodes that are open in the same way go together, whatever their versions', () => {
  expect(suppositions({ node1: OPEN, node2: [proxy({ version: '1.31' }), proxy({ version: '1.31', masqueradeAll: true })] })).toEqual([
    'iptables false, iptables false',
    'iptables true, iptables true',
  ]);
});

test('nodes that are open for different reasons are supposed in every combination', () => {
  expect(suppositions({ node1: OPEN, node2: [proxy({}), proxy({ mode: 'nftables' })] })).toEqual([
    'iptables false, iptables false',
    'iptables false, nftables false',
    'iptables true, iptables false',
    'iptables true, nftables false',
  ]);
});

test('more combinations than can be tried leave nodes open, never half tried', () => {
  const many = (count: number, localhostNodePorts: boolean): readonly ProxyConfig[] =>
    Array.from({ length: count }, (_, at) => proxy({ nodePortAddresses: [`10.${at}.0.0/16`], localhostNodePorts }));
  const { cluster, dataplane } = scene({ proxies: { node1: many(9, true), node2: many(8, false) } });
  const worlds = worldsOf(cluster, dataplane);
  const [node1, node2] = ['node1', 'node2'].map((name) => cluster.nodeByName.get(name));
  if (node1 === undefined || node2 === undefined) throw new Error('the scene has node1 and node2');
  expect(worlds).toHaveLength(9);
  expect(new Set(worlds.map((world) => world.unmodelled(node1)))).toEqual(new Set([null]));
  expect(new Set(worlds.map((world) => world.unmodelled(node2)))).toEqual(new Set(['too much is open about how the nodes are configured']));
});
