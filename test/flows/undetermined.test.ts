import { describe, expect, test } from 'vitest';
import { endpoint, nodes, service } from '../support/build.ts';
import { detector, proxy } from '../support/dataplanes.ts';
import { ask, scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** What the evidence does not decide is never guessed; what it decides all the same is said. */

describe('two Services that claim one address and port', () => {
  const other = service({ name: 'other', clusterIPs: ['10.96.0.11'], ingress: [], endpoints: [endpoint('web-3')] });
  const of = scene({ others: [{ ...other, ports: other.ports.map((port) => ({ ...port, nodePort: 30081 })) }] });
  flows(of, [
    ['client@node2', '203.0.113.10', 'undetermined', "kube-proxy's order is random"],
    ['client@node2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'only one claims the LB IP'],
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'nor the clusterIP'],
  ]);
  test('both are named', () => {
    expect(ask(of, 'client@node2', '203.0.113.10').because[0]?.text).toContain('ns1/web:http and ns1/other:http');
  });
});

describe('an outside client and an address that no node owns', () => {
  flows(scene(), [
    ['client', '192.0.2.10', 'undetermined', 'the node through which it enters'],
    ['client', '10.96.0.10', 'undetermined', 'the node through which it enters'],
    ['client@node2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'named'],
  ]);
});

describe('endpoints on no known node', () => {
  const external = endpoint('db-1', { address: '198.18.5.5', node: null });
  flows(scene({ service: service({ endpoints: [external] }), masquerade: { style: 'flannel' } }), [
    ['client', 'node2:30080', 'delivered: db-1 sees 172.18.0.12 (kube-proxy)', 'by the uplink'],
    ['node2', '10.96.0.10', 'delivered: db-1 sees 172.18.0.12 (kube-proxy)', 'by the uplink'],
    ['cli-2', '10.96.0.10', 'delivered: db-1 sees 172.18.0.12 (cni)', 'pods leave masqueraded by the CNI'],
  ]);
  flows(scene({ service: service({ endpoints: [external] }) }), [
    ['cli-2', '10.96.0.10', 'undetermined', 'whether its network knows pods'],
    ['client', 'node2:30080', 'delivered: db-1 sees 172.18.0.12 (kube-proxy)', 'masqueraded: sure'],
  ]);
  flows(scene({ service: service({ endpoints: [external], local: true }) }), [
    ['client', 'node2:30080', 'dropped', 'it is local to no node'],
  ]);
  const gone = endpoint('web-9', { address: '10.244.9.10', node: 'node9' });
  flows(scene({ service: service({ endpoints: [gone] }) }), [
    ['client', 'node2:30080', 'delivered: web-9 sees 172.18.0.12 (kube-proxy)', 'a node that was not read'],
    ['cli-2', '10.96.0.10', 'undetermined', 'a node that was not read'],
  ]);
  const nameless = endpoint('web-3', { node: null });
  flows(scene({ service: service({ endpoints: [nameless], local: true }) }), [
    ['client', 'node3:30080', 'dropped', 'its podCIDR does not make it local, only its word does'],
    ['cli-2', '192.0.2.10', 'delivered: web-3 sees 10.244.2.10', 'but it is reachable there'],
  ]);
  const misnamed = endpoint('web-3', { node: 'NODE3.example.com' });
  flows(scene({ service: service({ endpoints: [misnamed], local: true }) }), [
    ['client', 'node3:30080', 'dropped', 'a node by another name'],
  ]);
});

describe('several configurations that the evidence allows', () => {
  const open = [proxy({}), proxy({ detector: detector('absent') })];
  flows(scene({ candidates: open, service: service({ local: true }) }), [
    ['client', 'node2:30080', 'dropped', 'all agree'],
    ['node2', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'all agree'],
    ['cli-2', '192.0.2.10', 'undetermined', 'the detector decides'],
  ]);
  flows(scene({ candidates: [proxy({ version: '1.24' }), proxy({})], service: service({ local: true }) }), [
    ['client', 'node2:30080', 'dropped', 'mark or filter rule: dropped in INPUT'],
    ['client@node2', '192.0.2.10', 'undetermined', 'but not in FORWARD'],
  ]);
  test('what is missing is named', () => {
    const of = scene({ candidates: open, service: service({ local: true }) });
    expect(ask(of, 'cli-2', '192.0.2.10').because.map(({ text }) => text)).toEqual(['configuration of kube-proxy: not read']);
  });
});

describe('a node whose data plane is not modelled', () => {
  const of = scene({ proxies: { node2: 'kube-proxy runs in ipvs mode' }, service: service({ local: true }) });
  flows(of, [
    ['client', 'node2:30080', 'undetermined', 'asked there'],
    ['cli-2', '10.96.0.10', 'undetermined', 'asked there'],
    ['node2', 'node1:30080', 'undetermined', 'sent from there'],
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'others are not concerned'],
    ['client', 'node4:30080', 'dropped', 'others are not concerned'],
  ]);
  test('the reason is passed on', () => expect(ask(of, 'client', 'node2:30080').because[0]?.text).toContain('ipvs'));
});

describe('nodes of two kinds in one cluster', () => {
  const of = scene({
    proxies: { node2: [proxy({ mode: 'nftables' })], node3: [proxy({ version: '1.24' })] },
    service: service({ endpoints: [] }),
  });
  flows(of, [
    ['node1', '192.0.2.10', 'unhandled (leaves-cluster)', 'iptables mode'],
    ['node2', '192.0.2.10', 'rejected', 'nftables mode'],
  ]);
});

test.each([
  ['cli-2', '127.0.0.1:30080', "a pod's loopback is its own"],
  ['203.0.113.7', '[fd00:172:18::c]:30080', 'another family'],
])('%s → %s: undetermined (%s)', (from, to) => {
  expect(ask(scene({ nodes: nodes(4, '46') }), from, to).verdict).toBe('undetermined');
});

describe('a CNI that serves clusterIPs of pods itself', () => {
  flows(scene({ servesClusterIPs: true }), [
    ['cli-2', '10.96.0.10', 'undetermined', 'it is asked before kube-proxy'],
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', "a process meets kube-proxy's rules"],
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'so does the world outside'],
  ]);
});
