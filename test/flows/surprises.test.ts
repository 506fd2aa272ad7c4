import { describe } from 'vitest';
import { endpoint, GOING, node, nodes, service } from '../support/build.ts';
import { cidr, detector } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** Measured surprises s1 to s12 and single measurements x1 to x9, as far as API objects decide them. */

const local = service({ local: true });

describe("s1: a pod to another node's nodePort, Local, by kube-proxy's detection there", () => {
  for (const kind of ['node-cidr', 'own-pods'] as const) {
    flows(scene({ service: local, proxy: { detector: detector(kind) } }), [
      ['cli-2', 'node1:30080', 'delivered: web-1 sees 10.244.2.10', `${kind}: an outside client there`],
      ['cli-2', 'node4:30080', 'dropped', `${kind}: without endpoint`],
      ['cli-2', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.10', `${kind}: a pod on its own node`],
    ]);
  }
});

describe('s2: Local from a node, or from a pod on its own node, never prefers the local endpoint', () => {
  flows(scene({ service: local }), [
    ['node1', '192.0.2.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'node'],
    ['cli-1', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.1.11', 'pod'],
    ['cli-1', 'node1:30080', 'delivered: web-1+web-3 sees 10.244.1.11', 'pod and nodePort'],
  ]);
});

describe('s4: an address-less device lends the first global address', () => {
  flows(scene({ network: 'calico' }), [['node1', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.11 (kube-proxy)', "eth0's"]]);
});

describe('s8: iptables mode answers nodePorts on every local address', () => {
  flows(scene({ service: local }), [
    [
      'node2',
      '10.244.2.1:30080',
      'delivered: web-1+web-3 sees 10.244.2.1',
      'its own cni0 address is inside the cluster CIDR: not masqueraded',
    ],
    ['node2', '10.244.2.0:30080', 'delivered: web-1+web-3 sees 10.244.2.0', 'flannel.1 too'],
    ['cli-2', '10.244.2.0:30080', 'delivered: web-1+web-3 sees 10.244.2.10', 'a pod asks flannel.1'],
  ]);
  flows(scene(), [
    ['node2', '10.244.2.1:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'with Cluster masqueraded as always'],
    ['node1', '127.0.0.1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'route_localnet'],
  ]);
});

describe('s9: addresses and ports that nobody serves', () => {
  const serviceCidrs = [cidr('10.96.0.0/16')];
  flows(scene({ serviceCidrs }), [
    ['cli-2', '10.96.0.10:30080', 'unhandled (leaves-cluster)', 'clusterIP:nodePort'],
    ['cli-2', '10.96.0.99:80', 'unhandled (leaves-cluster)', 'unallocated clusterIP'],
    ['cli-2', '192.0.2.10:81', 'unhandled (leaves-cluster)', 'LB IP, wrong port'],
    ['node2', '203.0.113.10:81', 'unhandled (leaves-cluster)', 'externalIP, wrong port'],
    ['client', 'node2:81', 'unhandled', "node's own address: whoever listens there"],
    ['cli-2', '10.96.0.10:80/udp', 'unhandled (leaves-cluster)', 'right number, wrong protocol'],
  ]);
  flows(scene({ serviceCidrs, proxy: { mode: 'nftables' } }), [
    ['cli-2', '10.96.0.10:30080', 'rejected', 'nftables mode: clusterIP:nodePort'],
    ['cli-2', '10.96.0.99:80', 'dropped', 'nftables mode: unallocated clusterIP'],
    ['node2', '10.96.0.99:80', 'dropped', 'nftables mode: for nodes, too'],
    ['cli-2', '192.0.2.10:81', 'unhandled (leaves-cluster)', 'nftables mode: LB IP, wrong port'],
    ['node2', '203.0.113.10:81', 'unhandled (leaves-cluster)', 'nftables mode: externalIP, wrong port'],
    ['client', 'node2:81', 'unhandled', 'nftables mode: the host'],
    ['node2', '10.96.0.10:81', 'rejected', 'nftables mode: from a node'],
  ]);
  flows(scene({ proxy: { mode: 'nftables' } }), [
    ['cli-2', '10.96.0.99:80', 'unhandled (leaves-cluster)', 'no ServiceCIDR objects: kube-proxy does not know either'],
  ]);
  flows(scene({ serviceCidrs, proxy: { mode: 'nftables', version: '1.32' } }), [
    ['cli-2', '10.96.0.99:80', 'unhandled (leaves-cluster)', 'ServiceCIDRs are known since 1.33'],
  ]);
});

describe('s10: internalTrafficPolicy Local without a local endpoint', () => {
  const internal = service({ internalTrafficPolicy: 'Local' });
  for (const mode of ['iptables', 'nftables'] as const) {
    flows(scene({ service: internal, proxy: { mode } }), [
      ['cli-2', '10.96.0.10', 'dropped', `${mode}: pod`],
      ['node2', '10.96.0.10', 'dropped', `${mode}: node`],
      ['client@node2', '10.96.0.10', 'dropped', `${mode}: outside`],
      ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', `${mode}: where there is one`],
      ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', `${mode}: nodePorts do not care (x2)`],
    ]);
  }
});

describe('s12: Local uses terminating endpoints on a node without ready ones', () => {
  const mixed = service({ local: true, endpoints: [endpoint('web-1', GOING), endpoint('web-3')] });
  flows(scene({ service: mixed }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'even though node3 has a ready one'],
    ['client', 'node3:30080', 'delivered: web-3 sees 198.51.100.10', 'the ready one there'],
    ['client', 'node2:30080', 'dropped', 'nothing here'],
  ]);
});

describe('x3: LB IP with the nodePort as port', () => {
  const shared = service({ ingress: ['172.18.0.12'], sourceRanges: ['198.51.100.0/24'] });
  flows(scene(), [['client@node2', '192.0.2.10:30080', 'unhandled (leaves-cluster)', 'the LB IP is no address of the node']]);
  flows(scene({ service: shared }), [
    ['lan', '172.18.0.12:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'it is one: past the ranges'],
    ['lan', '172.18.0.12:80', 'dropped', 'the Service port is under the ranges'],
  ]);
});

describe('x4: nodePortAddresses leave addresses out', () => {
  const nodePortAddresses = ['172.18.0.0/24'];
  const restricted = { nodePortAddresses };
  flows(scene({ proxy: restricted }), [
    ['cli-2', '10.244.2.1:30080', 'unhandled (refused-by-host)', 'the bridge'],
    ['node2', '127.0.0.1:30080', 'unhandled (refused-by-host)', 'loopback'],
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'selected'],
  ]);
  flows(scene({ proxy: restricted, service: service({ endpoints: [] }) }), [
    ['cli-2', '10.244.2.1:30080', 'rejected', 'the REJECT rule asks for local addresses only'],
    ['node2', '127.0.0.1:30080', 'rejected', 'loopback is one'],
  ]);
  flows(scene({ proxy: { ...restricted, detector: detector('absent') }, service: local }), [
    ['cli-2', '10.244.2.1:30080', 'dropped', 'so does the DROP rule'],
  ]);
  for (const its of [service(), service({ endpoints: [] }), local]) {
    flows(scene({ proxy: { ...restricted, mode: 'nftables' }, service: its }), [
      ['cli-2', '10.244.2.1:30080', 'unhandled (refused-by-host)', 'nftables mode: always the host'],
      ['node2', '127.0.0.1:30080', 'unhandled (refused-by-host)', 'nftables mode: always the host'],
    ]);
  }
});

describe('x7: a node with two addresses of a family lends the one in the next hop’s subnet, which no object shows', () => {
  const [one, , three] = nodes(3);
  const two = node('node2', { internalIPs: ['172.19.0.12', '172.18.0.12'] });
  const several = [one, two, three].filter((each) => each !== undefined);
  flows(scene({ nodes: several, network: 'kindnet' }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees ? (kube-proxy)', 'never a guess'],
    ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 172.18.0.11 (kube-proxy)', 'others are sure'],
    ['client', '172.18.0.12:30080', 'delivered: web-1+web-3 sees ? (kube-proxy)', 'its second address takes node ports, too'],
  ]);
  flows(scene({ nodes: several }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', "flannel.1's is sure"],
  ]);
  flows(scene({ nodes: several, service: service({ local: true }) }), [
    ['node2', 'node1:30080', 'delivered: web-1 sees the client', 'source kept, but which of the two is not known'],
  ]);
  flows(scene({ nodes: several, service: service({ sourceRanges: ['172.18.0.0/24'] }) }), [
    ['node2', '192.0.2.10', 'undetermined', 'the ranges hold one of its addresses only'],
    [
      'node1',
      '192.0.2.10',
      'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)',
      'its only address is inside',
    ],
  ]);
  flows(scene({ nodes: several, service: service({ sourceRanges: ['172.16.0.0/12'] }) }), [
    ['node2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'both are inside'],
  ]);
});

describe('x9: nodes inside the cluster CIDR count as pods', () => {
  const inside = nodes(4).map((each, i) => ({ ...each, internalIPs: [`10.1.0.${11 + i}`] }));
  const wide = { 4: { kind: 'cidr', cidr: cidr('10.0.0.0/8') }, 6: { kind: 'absent' } } as const;
  flows(scene({ nodes: inside, service: local, proxy: { detector: wide } }), [
    ['10.1.0.201', 'node1:30080', 'partial: web-1 sees 10.1.0.201; web-3 sees 10.1.0.201 but no reply', 'a neighbour counts as a pod'],
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'outside the CIDR: as usual'],
    ['node3', 'node1:30080', 'partial: web-1 sees 10.1.0.13; dropped', 'an endpoint on the asking node gets its own address as source'],
    ['node2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.1.0.12', 'its own: not masqueraded'],
  ]);
  flows(scene({ nodes: inside, service: local, proxy: { detector: wide }, network: 'kindnet', masquerade: { style: 'kindnet' } }), [
    [
      'cli-2',
      'node1:30080',
      'partial: web-1 sees 10.1.0.12 (cni); web-3 sees 10.1.0.12 (cni) but no reply',
      "a pod behind its node's address: masqueraded on node2, which does not bring the answer back over node1",
    ],
  ]);
});
