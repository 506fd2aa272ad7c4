import { describe } from 'vitest';
import { service } from '../support/build.ts';
import { detector } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** The whole matrix of client, destination and policy since 1.25, in both modes: node1 and node3 have an endpoint, node2 has none. */

const MODES = ['iptables', 'nftables'] as const;
const BOTH_FROM_NODE2 = 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)';
const BOTH_FROM_NODE1 = 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)';

describe.each(MODES)('externalTrafficPolicy Cluster, %s mode', (mode) => {
  flows(scene({ proxy: { mode } }), [
    ['client', 'node2:30080', BOTH_FROM_NODE2, 'whatever comes by an external address is masqueraded'],
    ['client', 'node1:30080', BOTH_FROM_NODE1, 'by the device towards each endpoint'],
    ['client@node2', '192.0.2.10', BOTH_FROM_NODE2, 'LB IP'],
    ['client@node2', '203.0.113.10', BOTH_FROM_NODE2, 'externalIP'],
    ['cli-2', 'node2:30080', BOTH_FROM_NODE2, 'pods, too'],
    ['cli-2', 'node1:30080', BOTH_FROM_NODE1, "at another node's nodePort by that node"],
    ['cli-2', '192.0.2.10', BOTH_FROM_NODE2, 'pod to the LB IP'],
    ['cli-2', '203.0.113.10', BOTH_FROM_NODE2, 'pod to the externalIP'],
    ['node2', 'node2:30080', BOTH_FROM_NODE2, 'a node to itself'],
    ['node2', 'node1:30080', BOTH_FROM_NODE1, 'a node to another'],
    ['node2', '192.0.2.10', BOTH_FROM_NODE2, 'node to the LB IP'],
    ['node2', '203.0.113.10', BOTH_FROM_NODE2, 'node to the externalIP'],
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'the clusterIP keeps a pod as source'],
    ['node2', '10.96.0.10', BOTH_FROM_NODE2, 'but not a node'],
    ['client@node2', '10.96.0.10', BOTH_FROM_NODE2, 'nor an outside client'],
    ['anyone', 'node2:30080', BOTH_FROM_NODE2, 'an address is not needed'],
    ['pod@node2', '10.96.0.10', 'delivered: web-1+web-3 sees the client', 'any pod: no address to show'],
  ]);
});

describe.each(MODES)('externalTrafficPolicy Local, %s mode', (mode) => {
  flows(scene({ service: service({ local: true }), proxy: { mode } }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'local endpoints only, source kept'],
    ['client', 'node2:30080', 'dropped', 'no local endpoint'],
    ['client@node1', '192.0.2.10', 'delivered: web-1 sees 198.51.100.10', 'LB IP'],
    ['client@node2', '192.0.2.10', 'dropped', 'LB IP, no local endpoint'],
    ['client@node1', '203.0.113.10', 'delivered: web-1 sees 198.51.100.10', 'externalIP'],
    ['client@node2', '203.0.113.10', 'dropped', 'externalIP, no local endpoint'],
    ['anyone', 'node1:30080', 'delivered: web-1 sees the client', 'whoever it is'],
    ['cli-2', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.10', 'pod short circuit'],
    ['cli-1', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.1.11', 'which does not prefer the local endpoint'],
    ['node2', 'node2:30080', BOTH_FROM_NODE2, 'node short circuit'],
    ['node1', '192.0.2.10', BOTH_FROM_NODE1, 'node to the LB IP'],
    ['node1', 'node2:30080', 'dropped', 'at another node it is an outside client'],
    ['client@node2', '10.96.0.10', BOTH_FROM_NODE2, 'eTP does not touch the clusterIP'],
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'eTP does not touch the clusterIP'],
  ]);
});

describe.each(MODES)('externalTrafficPolicy Local without a detector, %s mode', (mode) => {
  flows(scene({ service: service({ local: true }), proxy: { mode, detector: detector('absent') } }), [
    ['cli-2', 'node2:30080', 'dropped', 'pods are outsiders'],
    ['cli-1', 'node1:30080', 'delivered: web-1 sees 10.244.1.11', 'so the local one only'],
    ['cli-2', 'node1:30080', 'delivered: web-1 sees 10.244.2.10', "at another node's nodePort"],
    ['node2', 'node2:30080', BOTH_FROM_NODE2, 'nodes need no detector'],
  ]);
});

describe.each(MODES)('internalTrafficPolicy Local, %s mode', (mode) => {
  const here = 'delivered: web-1 sees 10.244.1.1 (kube-proxy)';
  flows(scene({ service: service({ internalTrafficPolicy: 'Local' }), proxy: { mode } }), [
    ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', 'local only, source kept'],
    ['node1', '10.96.0.10', here, 'masqueraded as ever'],
    ['client@node1', '10.96.0.10', here, 'masqueraded as ever'],
    ['cli-2', '10.96.0.10', 'dropped', 'no local endpoint'],
    ['client', 'node2:30080', BOTH_FROM_NODE2, 'iTP does not touch nodePorts'],
    ['client@node2', '192.0.2.10', BOTH_FROM_NODE2, 'nor LB IPs'],
  ]);
  flows(scene({ service: service({ internalTrafficPolicy: 'Local', local: true }), proxy: { mode } }), [
    ['cli-2', '10.96.0.10', 'dropped', 'both Local: the clusterIP by iTP'],
    ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'and the LB IP by eTP'],
    ['client', 'node2:30080', 'dropped', 'nodePort by eTP'],
  ]);
  flows(scene({ service: service({ internalTrafficPolicy: 'Local', endpoints: [] }), proxy: { mode } }), [
    ['cli-2', '10.96.0.10', 'rejected', 'none anywhere is another matter'],
    ['node2', '10.96.0.10', 'rejected', 'for nodes, too'],
  ]);
  const inside = service({ type: 'ClusterIP', internalTrafficPolicy: 'Local', externalIPs: [], ingress: [] });
  flows(scene({ service: { ...inside, ports: inside.ports.map((port) => ({ ...port, nodePort: null })) }, proxy: { mode } }), [
    ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', 'a Service without external addresses'],
    ['cli-2', '10.96.0.10', 'dropped', 'a Service without external addresses'],
  ]);
});

describe.each(MODES)('masqueradeAll, %s mode', (mode) => {
  flows(scene({ proxy: { mode, masqueradeAll: true } }), [
    ['cli-2', '10.96.0.10', BOTH_FROM_NODE2, 'pods to the clusterIP'],
    ['node2', '10.96.0.10', BOTH_FROM_NODE2, 'nodes to the clusterIP'],
  ]);
  flows(scene({ service: service({ local: true }), proxy: { mode, masqueradeAll: true } }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'it is for clusterIPs only'],
    ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'it is for clusterIPs only'],
  ]);
  flows(scene({ proxy: { mode, masqueradeAll: true, detector: detector('absent') } }), [
    ['cli-2', '10.96.0.10', BOTH_FROM_NODE2, 'needs no detector'],
  ]);
});
