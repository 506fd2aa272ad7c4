import { describe } from 'vitest';
import type { Masquerade } from '../../src/dataplane/types.ts';
import { node, nodes, service } from '../support/build.ts';
import type { NetworkName } from '../support/dataplanes.ts';
import { cidr, detector, NETWORKS } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** Which address a masqueraded packet carries, by the CNI's wiring: towards web-1 on node1 itself, towards web-3 on another node. */
describe.each([
  ['flannel', '10.244.1.1', '10.244.1.0', 'cni0, flannel.1'],
  ['flannel-host-gw', '10.244.1.1', '172.18.0.11', 'cni0, eth0'],
  ['kindnet', '10.244.1.1', '172.18.0.11', 'veth, eth0'],
  ['calico', '172.18.0.11', '172.18.0.11', 'eth0, eth0'],
  ['calico-vxlan', '172.18.0.11', '10.244.1.0', 'eth0, vxlan.calico'],
  ['calico-cross-subnet', '172.18.0.11', '10.244.1.0', 'eth0, vxlan.calico to another subnet'],
  ['unknown', '?', '?', 'not known, so not said'],
] as const satisfies readonly (readonly [NetworkName, string, string, string])[])('%s', (network, own, other, why) => {
  const split = `delivered: web-1 sees ${own} (kube-proxy); web-3 sees ${other} (kube-proxy)`;
  const outcome = own === other ? `delivered: web-1+web-3 sees ${own} (kube-proxy)` : split;
  flows(scene({ network }), [
    ['client', 'node1:30080', outcome, `Cluster: ${why}`],
    ['client@node1', '192.0.2.10', outcome, `LB IP: ${why}`],
    ['node1', '10.96.0.10', outcome, `a node's process to the clusterIP: ${why}`],
    ['cli-1', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.1.11', 'a pod keeps its address everywhere'],
  ]);
  flows(scene({ network, service: service({ local: true }) }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'Local keeps the source everywhere'],
    ['client', 'node2:30080', 'dropped', 'no local endpoint'],
  ]);
});

describe('routes between subnets only', () => {
  flows(scene({ network: 'calico-cross-subnet' }), [
    [
      'client',
      'node2:30080',
      'delivered: web-1 sees 10.244.2.0 (kube-proxy); web-3 sees 172.18.0.12 (kube-proxy)',
      'web-3 is in the same subnet',
    ],
  ]);
  const lost = { ...NETWORKS['calico-cross-subnet'](nodes(4)) };
  flows(scene({ network: { ...lost, routing: { ...lost.routing, subnets: new Map() } } }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees ? (kube-proxy)', 'subnets that are not known'],
  ]);
});

describe('devices that no object shows', () => {
  const flannel = NETWORKS.flannel(nodes(4));
  flows(scene({ network: { ...flannel, routing: { ...flannel.routing, addresses: new Map() } } }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees ? (kube-proxy)', 'no address of flannel.1'],
  ]);
  const bare = nodes(4).map((each) => (each.name === 'node2' ? node('node2', { podCidrs: [] }) : each));
  flows(scene({ nodes: bare, network: 'flannel-host-gw' }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 172.18.0.12 (kube-proxy)', 'a node without podCIDR, to others'],
  ]);
  const vpc = { ...NETWORKS.unknown(), name: 'aws-vpc', routing: { kind: 'direct' }, hairpin: true } as const;
  flows(scene({ network: vpc }), [
    ['client', 'node1:30080', 'delivered: web-1 sees ? (kube-proxy); web-3 sees 172.18.0.11 (kube-proxy)', 'only the uplink is known'],
  ]);
});

describe('hairpin', () => {
  const itself = 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.10';
  flows(scene(), [
    ['web-1', '10.96.0.10', itself, 'a bridge in hairpin mode'],
    [
      'web-1',
      'node1:30080',
      'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)',
      'Cluster masquerades both',
    ],
  ]);
  flows(scene({ service: service({ local: true }) }), [
    ['web-1', '192.0.2.10', itself, 'Local: only the branch to itself'],
    ['web-1', 'node1:30080', itself, 'Local: only the branch to itself'],
    [
      'web-1',
      'node3:30080',
      'delivered: web-1 sees 10.244.3.0 (kube-proxy); web-3 sees 10.244.1.10',
      'over node3: the other answers there, too',
    ],
  ]);
  flows(scene({ hairpin: false }), [
    ['web-1', '10.96.0.10', 'partial: dropped; web-3 sees 10.244.1.10', 'a bridge that does not send back'],
    ['web-1', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'over another node it comes from elsewhere'],
  ]);
  flows(scene({ hairpin: null }), [
    ['web-1', '10.96.0.10', 'undetermined', 'a bridge whose mode is not known'],
    ['web-3', '192.0.2.10', 'undetermined', 'a bridge whose mode is not known'],
    ['cli-1', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.1.11', 'others do not mind'],
  ]);
  flows(scene({ network: 'unknown' }), [['web-1', '10.96.0.10', 'undetermined', 'there may be a bridge']]);
  flows(scene({ network: 'kindnet', hairpin: false }), [['web-1', '10.96.0.10', itself, 'no bridge, no hairpin mode']]);
});

describe("what the CNI masquerades beside kube-proxy's rules", () => {
  const local = service({ local: true });
  const own: Masquerade = { style: 'calico', natPools: [cidr('10.244.0.0/16')], allPools: [cidr('10.244.0.0/16')] };
  const open: Masquerade = { ...own, natPools: [] };
  describe.each([
    ['flannel', 'flannel', { style: 'flannel' }],
    ['kindnet', 'kindnet', { style: 'kindnet' }],
    ['calico', 'calico with natOutgoing', own],
    ['unknown', 'pods hidden as supposed', { style: 'supposed', ingress: false }],
  ] as const satisfies readonly (readonly [NetworkName, string, Masquerade])[])('%s: %s', (network, _, masquerade) => {
    flows(scene({ network, masquerade, service: local }), [
      ['cli-2', 'node1:30080', 'delivered: web-1 sees 172.18.0.12 (cni)', "a pod at another node's nodePort comes with its node's address"],
      ['cli-2', 'node4:30080', 'dropped', 'so it is an outside client there'],
      ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'between pods nothing changes'],
      ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'nor for outside clients'],
      ['node2', 'node1:30080', 'delivered: web-1 sees 172.18.0.12', 'a node already has that address'],
    ]);
    flows(scene({ network, masquerade }), [
      ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'pod to pod by the clusterIP'],
    ]);
  });
  flows(scene({ network: 'calico', masquerade: open, service: local }), [
    [
      'cli-2',
      'node1:30080',
      'partial: web-1 sees 10.244.2.10; web-3 sees 10.244.2.10 but no reply',
      'calico without natOutgoing keeps the pod',
    ],
  ]);
  flows(scene({ masquerade: { style: 'flannel' }, proxy: { detector: detector('absent') } }), [
    [
      'client@node2',
      '10.96.0.10',
      'delivered: web-1+web-3 sees 10.244.2.0 (cni)',
      "flannel hides what comes from outside to other nodes' pods",
    ],
    ['client@node1', '10.96.0.10', 'delivered: web-1 sees 198.51.100.10; web-3 sees 10.244.1.0 (cni)', 'but not to its own'],
  ]);
  flows(scene({ network: 'kindnet', masquerade: { style: 'kindnet' }, proxy: { detector: detector('absent') } }), [
    ['client@node2', '10.96.0.10', 'no-reply: web-1+web-3 sees 198.51.100.10 but no reply', 'kindnet does not'],
  ]);
  flows(scene({ network: 'unknown', masquerade: { style: 'supposed', ingress: true }, proxy: { detector: detector('absent') } }), [
    ['client@node2', '10.96.0.10', 'delivered: web-1+web-3 sees ? (cni)', 'supposed to do so'],
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.12', 'not to its own packets'],
  ]);
});
