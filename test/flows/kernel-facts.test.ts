import { describe } from 'vitest';
import { endpoint, GOING, hostEndpoint, node, nodes, port, service, UNREADY } from '../support/build.ts';
import { detector } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** Measured facts (a) to (n), as far as API objects decide them. What a row says is what a kernel did. */

const local = service({ local: true });
const six = {
  clusterIPs: ['fd00:10:96::a'],
  externalIPs: ['2001:db8:3::a'],
  ingress: ['2001:db8:2::a'],
  ports: [port([endpoint('web-1', { six: true }), endpoint('web-3', { six: true })])],
};

describe('(a) Local, node without endpoints: an outside client gets no answer', () => {
  const rows = [
    ['client', 'node2:30080', 'dropped', 'no local endpoint'],
    ['client@node2', '192.0.2.10', 'dropped', 'the same at the LB IP'],
    ['client@node2', '203.0.113.10', 'dropped', 'and at the externalIP'],
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'this node has one: source kept'],
  ] as const;
  describe('iptables mode', () => flows(scene({ service: local }), rows));
  describe('nftables mode', () => flows(scene({ service: local, proxy: { mode: 'nftables' } }), rows));
  describe('UDP', () => flows(scene({ service: service({ local: true, protocol: 'UDP' }) }), rows));
  describe('IPv6', () => {
    flows(scene({ nodes: nodes(4, '46'), service: service({ local: true, ...six }) }), [
      ['client', 'node2:30080', 'dropped', 'as in IPv4'],
      ['client', 'node1:30080', 'delivered: web-1 sees 2001:db8:100::a', 'source kept'],
    ]);
  });
});

describe('(b) Local, a node to its own nodePort: cluster-wide and masqueraded', () => {
  flows(scene({ service: local }), [
    ['node2', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'no local endpoint'],
    ['node1', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'with one, too'],
    ['node1', 'node2:30080', 'dropped', '(b2) at another node it is an outside client'],
    ['node2', 'node1:30080', 'delivered: web-1 sees 172.18.0.12', '(b2) local endpoints only, source kept'],
  ]);
  flows(scene({ service: local, network: 'kindnet' }), [
    ['node2', 'node2:30080', 'delivered: web-1+web-3 sees 172.18.0.12 (kube-proxy)', 'kindnet'],
  ]);
  flows(scene({ service: local, proxy: { mode: 'nftables' } }), [
    ['node2', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'nftables mode'],
  ]);
});

describe('(b3) which addresses of a node serve nodePorts', () => {
  flows(scene({ service: local }), [
    ['node2', '127.0.0.1:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'iptables mode: loopback'],
    ['cli-2', '10.244.2.1:30080', 'delivered: web-1+web-3 sees 10.244.2.10', 'and the bridge'],
  ]);
  flows(scene({ service: local, proxy: { mode: 'nftables' } }), [
    ['node2', '127.0.0.1:30080', 'unhandled (refused-by-host)', 'nftables mode: the primary address only'],
    ['cli-2', '10.244.2.1:30080', 'unhandled (refused-by-host)', 'nor the bridge'],
  ]);
});

describe('(c) Local, a pod of the cluster CIDR to an external or LB IP: cluster-wide, its own IP kept', () => {
  const rows = [
    ['cli-2', '203.0.113.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'pod short circuit'],
    ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'the same at the LB IP'],
    ['cli-2', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.10', "and at its own node's nodePort"],
  ] as const;
  describe('flannel', () => flows(scene({ service: local }), rows));
  describe('kindnet, masquerading', () => flows(scene({ service: local, network: 'kindnet', masquerade: { style: 'kindnet' } }), rows));
  describe('nftables mode', () => flows(scene({ service: local, proxy: { mode: 'nftables' } }), rows));
});

describe("(c2) Local, a pod to another node's port", () => {
  flows(scene({ service: local, masquerade: { style: 'flannel' } }), [
    ['cli-2', 'node1:30080', 'delivered: web-1 sees 172.18.0.12 (cni)', 'CNI masquerading makes it an outside client there'],
    ['cli-2', 'node4:30080', 'dropped', 'which has no endpoint'],
  ]);
  flows(scene({ service: local }), [
    [
      'cli-2',
      'node1:30080',
      'partial: web-1 sees 10.244.2.10; web-3 sees 10.244.2.10 but no reply',
      'the short circuit applies there, unmasqueraded',
    ],
    ['cli-2', 'node4:30080', 'no-reply: web-1+web-3 sees 10.244.2.10 but no reply', 'no answer passes node4'],
    [
      'web-1',
      'node2:30080',
      'partial: web-1 sees 10.244.2.0 (kube-proxy); web-3 sees 10.244.1.10 but no reply',
      'its own branch is a hairpin',
    ],
  ]);
});

describe('(d) as (c), but kube-proxy cannot tell pods', () => {
  for (const mode of ['iptables', 'nftables'] as const) {
    flows(scene({ service: local, proxy: { mode, detector: detector('absent') } }), [
      ['cli-2', '203.0.113.10', 'dropped', `${mode}: no local endpoint`],
      ['cli-2', '192.0.2.10', 'dropped', `${mode}: nor at the LB IP`],
      ['cli-1', '203.0.113.10', 'delivered: web-1 sees 10.244.1.11', `${mode}: the local one only`],
    ]);
  }
});

describe('(e) a pod that reaches itself', () => {
  flows(scene(), [['web-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.10', "flannel: cni0's"]]);
  flows(scene({ network: 'kindnet' }), [
    ['web-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.10', "kindnet: the veth's"],
  ]);
  flows(scene({ network: 'calico' }), [
    ['web-1', '10.96.0.10', 'delivered: web-1 sees 172.18.0.11 (kube-proxy); web-3 sees 10.244.1.10', "calico: the node's"],
  ]);
  flows(scene({ hairpin: false }), [
    ['web-1', '10.96.0.10', 'partial: dropped; web-3 sees 10.244.1.10', 'without hairpin mode the bridge drops it'],
    ['cli-1', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.1.11', 'others do not mind'],
  ]);
});

describe('(f) Cluster: an address of the device towards the endpoint, on the node that was asked', () => {
  flows(scene(), [
    ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'cni0, flannel.1'],
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'flannel.1'],
  ]);
  flows(scene({ network: 'flannel-host-gw' }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 172.18.0.11 (kube-proxy)', 'cni0, eth0'],
  ]);
  flows(scene({ network: 'kindnet' }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 172.18.0.11 (kube-proxy)', 'veth, eth0'],
  ]);
  flows(scene({ network: 'calico' }), [
    ['client', 'node1:30080', 'delivered: web-1+web-3 sees 172.18.0.11 (kube-proxy)', "veths lend eth0's"],
  ]);
  flows(scene({ network: 'calico-vxlan' }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 172.18.0.11 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'eth0, vxlan.calico'],
  ]);
});

describe('(g) no endpoints at all: refused at once, whatever the policy', () => {
  for (const eTP of ['Cluster', 'Local'] as const) {
    const none = service({ endpoints: [], externalTrafficPolicy: eTP });
    flows(scene({ service: none }), [
      ['client', 'node2:30080', 'rejected', `${eTP}: INPUT`],
      ['client@node2', '192.0.2.10', 'rejected', `${eTP}: FORWARD`],
      ['client@node2', '10.96.0.10', 'rejected', `${eTP}: the clusterIP from outside`],
      ['cli-2', '10.96.0.10', 'rejected', `${eTP}: the clusterIP`],
      ['cli-2', '203.0.113.10', 'rejected', `${eTP}: the externalIP`],
      ['node2', '10.96.0.10', 'rejected', `${eTP}: OUTPUT has KUBE-SERVICES`],
      ['node2', 'node2:30080', 'rejected', `${eTP}: over lo into INPUT`],
      ['node2', '203.0.113.10', 'unhandled (leaves-cluster)', `(g2) ${eTP}: OUTPUT has no KUBE-EXTERNAL-SERVICES`],
      ['node2', '192.0.2.10', 'unhandled (leaves-cluster)', `(g2) ${eTP}: nor for LB IPs`],
    ]);
    flows(scene({ service: none, proxy: { mode: 'nftables' } }), [
      ['client', 'node2:30080', 'rejected', `${eTP}, nftables mode: INPUT`],
      ['node2', '203.0.113.10', 'rejected', `(g2) ${eTP}, nftables mode: OUTPUT too`],
      ['node2', '192.0.2.10', 'rejected', `(g2) ${eTP}, nftables mode: OUTPUT too`],
      ['node2', 'node2:30080', 'rejected', `${eTP}, nftables mode: over lo into input`],
    ]);
  }
});

describe('(h) hostNetwork endpoint: the real client on the node that was asked, the node IP on others', () => {
  const endpoints = [hostEndpoint('web-1'), hostEndpoint('web-3')];
  for (const mode of ['iptables', 'nftables'] as const) {
    flows(scene({ service: service({ endpoints }), proxy: { mode } }), [
      [
        'client',
        'node1:30080',
        'delivered: web-1 sees 198.51.100.10; web-3 sees 172.18.0.11 (kube-proxy)',
        `${mode}: INPUT has no POSTROUTING`,
      ],
      ['client', 'node2:30080', 'delivered: web-1+web-3 sees 172.18.0.12 (kube-proxy)', `${mode}: both are elsewhere`],
      [
        'client@node1',
        '10.96.0.10',
        'delivered: web-1 sees 198.51.100.10; web-3 sees 172.18.0.11 (kube-proxy)',
        `${mode}: the clusterIP alike`,
      ],
    ]);
    flows(scene({ service: service({ endpoints, local: true }), proxy: { mode } }), [
      ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', `${mode}: Local`],
    ]);
  }
});

describe('(i) loadBalancerSourceRanges: out of range is dropped at the LB IP; nodePorts and externalIPs are exempt', () => {
  const sourceRanges = ['198.51.100.0/24', '10.244.2.0/24'];
  for (const mode of ['iptables', 'nftables'] as const) {
    flows(scene({ service: service({ sourceRanges }), proxy: { mode } }), [
      ['client@node2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', `${mode}: in range`],
      ['lan@node2', '192.0.2.10', 'dropped', `${mode}: out of range`],
      ['lan', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', `${mode}: exempt`],
      ['lan@node2', '203.0.113.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', `${mode}: exempt`],
      ['cli-1', '192.0.2.10', 'dropped', `${mode}: pods are not`],
      ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', `${mode}: this pod is in range`],
      ['node1', '192.0.2.10', 'dropped', `${mode}: nodes are not`],
    ]);
  }
  flows(scene({ service: service({ sourceRanges: ['172.18.0.0/24'] }) }), [
    ['node2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'the node IP is in range'],
  ]);
});

describe('(j) clusterIP from outside the cluster CIDR or from a node: masqueraded; from a pod: source kept', () => {
  flows(scene(), [
    ['client@node2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'outside'],
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'a node'],
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'a pod'],
    ['cli-2', '10.96.0.10:81', 'unhandled (leaves-cluster)', '(j3) a port it does not have'],
  ]);
  flows(scene({ proxy: { mode: 'nftables' } }), [['cli-2', '10.96.0.10:81', 'rejected', '(j3) nftables mode knows its clusterIPs']]);
  flows(scene({ proxy: { detector: detector('absent') } }), [
    ['client@node1', '10.96.0.10', 'partial: web-1 sees 198.51.100.10; web-3 sees 198.51.100.10 but no reply', '(j2) no detector'],
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.12', '(j2) no detector'],
  ]);
});

describe('(k) UDP goes the way of TCP', () => {
  flows(scene({ service: service({ protocol: 'UDP' }) }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'Cluster'],
  ]);
  flows(scene({ service: service({ protocol: 'UDP', local: true }) }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'Local'],
  ]);
  flows(scene({ service: service({ protocol: 'UDP', endpoints: [] }) }), [['client', 'node2:30080', 'rejected', 'no endpoints']]);
  flows(scene({ service: service({ protocol: 'UDP', internalTrafficPolicy: 'Local' }) }), [
    ['node2', '10.96.0.10', 'dropped', 'EPERM in the sender'],
    ['cli-2', '10.96.0.10', 'dropped', 'time-out'],
  ]);
});

describe('(n) terminating endpoints count only where there is no ready one', () => {
  const going = [endpoint('web-1', GOING), endpoint('web-3')];
  const allGoing = [endpoint('web-1', GOING), endpoint('web-3', UNREADY)];
  flows(scene({ service: service({ local: true, endpoints: going }) }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'the only one of this node'],
    ['cli-1', '192.0.2.10', 'delivered: web-3 sees 10.244.1.11', 'cluster set: ready only'],
  ]);
  flows(scene({ service: service({ endpoints: allGoing }) }), [
    ['client', 'node2:30080', 'delivered: web-1 sees 10.244.2.0 (kube-proxy)', 'no ready one anywhere'],
  ]);
});

describe('recorded articles in small: one pod on the third of four flannel nodes', () => {
  const four = ['198', '201', '202', '203'].map((last, i) =>
    node(`node-${last}`, { internalIPs: [`172.19.120.${last}`], podCidrs: node(`node${i}`).podCidrs }),
  );
  const echo = endpoint('echo', { address: '10.244.2.2', node: 'node-202' });
  flows(scene({ nodes: four, service: service({ endpoints: [echo] }), masquerade: { style: 'flannel' } }), [
    ['node-198', 'node-198:30080', 'delivered: echo sees 10.244.0.0 (kube-proxy)', 'flannel.1 of the node that was asked'],
    ['node-198', 'node-201:30080', 'delivered: echo sees 10.244.1.0 (kube-proxy)', 'and of every other'],
    ['node-198', 'node-202:30080', 'delivered: echo sees 10.244.2.1 (kube-proxy)', 'cni0 where the pod is'],
    ['node-198', 'node-203:30080', 'delivered: echo sees 10.244.3.0 (kube-proxy)', 'flannel.1'],
  ]);
  flows(scene({ nodes: four, service: service({ endpoints: [echo], local: true }), masquerade: { style: 'flannel' } }), [
    ['node-198', 'node-198:30080', 'delivered: echo sees 10.244.0.0 (kube-proxy)', 'its own nodePort: cluster-wide'],
    ['node-198', 'node-201:30080', 'dropped', 'no endpoint there'],
    ['node-198', 'node-202:30080', 'delivered: echo sees 172.19.120.198', 'source kept'],
  ]);
});
