import { describe } from 'vitest';
import { endpoint, nodes, port, service } from '../support/build.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

const V4 = [endpoint('web-1'), endpoint('web-3')];
const V6 = [endpoint('web-1', { six: true }), endpoint('web-3', { six: true })];
const dual = (endpoints: typeof V4) =>
  service({
    clusterIPs: ['10.96.0.10', 'fd00:10:96::a'],
    ingress: ['192.0.2.10', '2001:db8:2::a'],
    externalIPs: ['203.0.113.10', '2001:db8:3::a'],
    endpoints,
  });
const both = nodes(4, '46');

describe('dual stack: each family by itself', () => {
  flows(scene({ nodes: both, service: dual([...V4, ...V6]) }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'IPv4'],
    ['client', '[fd00:172:18::c]:30080', 'delivered: web-1+web-3 sees fd00:10:244:2:: (kube-proxy)', 'IPv6: flannel-v6.1'],
    [
      'client',
      '[fd00:172:18::b]:30080',
      'delivered: web-1 sees fd00:10:244:1::1 (kube-proxy); web-3 sees fd00:10:244:1:: (kube-proxy)',
      'IPv6: cni0',
    ],
    ['cli-2', '[fd00:10:96::a]:80', 'delivered: web-1+web-3 sees fd00:10:244:2::a', 'IPv6: clusterIP'],
    ['cli-2', '[2001:db8:2::a]:80', 'delivered: web-1+web-3 sees fd00:10:244:2:: (kube-proxy)', 'IPv6: LB IP'],
    ['client@node2', '[2001:db8:3::a]:80', 'delivered: web-1+web-3 sees fd00:10:244:2:: (kube-proxy)', 'IPv6: externalIP'],
  ]);
  flows(scene({ nodes: both, service: dual(V4) }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'IPv4 has endpoints'],
    ['client', '[fd00:172:18::c]:30080', 'rejected', 'IPv6 has none'],
    ['cli-2', '[fd00:10:96::a]:80', 'rejected', 'IPv6 has none'],
    ['node2', '[2001:db8:2::a]:80', 'unhandled (leaves-cluster)', 'IPv6: OUTPUT has no KUBE-EXTERNAL-SERVICES either'],
  ]);
  flows(scene({ nodes: both }), [
    ['client', '[fd00:172:18::c]:30080', 'unhandled', 'a Service without IPv6 clusterIP has no rule in IPv6'],
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'IPv4 as ever'],
  ]);
  flows(
    scene({ nodes: both, service: { ...dual([...V4, ...V6]), sourceRanges: service({ sourceRanges: ['198.51.100.0/24'] }).sourceRanges } }),
    [
      ['lan@node2', '192.0.2.10', 'dropped', 'ranges of IPv4'],
      ['lan@node2', '[2001:db8:2::a]:80', 'delivered: web-1+web-3 sees fd00:10:244:2:: (kube-proxy)', 'leave IPv6 open'],
    ],
  );
  flows(scene({ nodes: nodes(4), service: dual([...V4, ...V6]) }), [
    ['node2', '[fd00:10:96::a]:80', 'undetermined', 'a node without IPv6 address'],
  ]);
  flows(scene({ nodes: both, service: dual(V4), network: 'calico-vxlan' }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 172.18.0.11 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)', 'calico, IPv4: eth0'],
  ]);
  flows(scene({ nodes: both, service: dual(V6), network: 'calico-vxlan' }), [
    [
      'client',
      '[fd00:172:18::b]:30080',
      'delivered: web-1+web-3 sees fd00:10:244:1:: (kube-proxy)',
      'calico, IPv6: the nearest address of the node',
    ],
  ]);
  flows(scene({ nodes: both, service: dual(V6), network: 'calico' }), [
    ['client', '[fd00:172:18::b]:30080', 'delivered: web-1+web-3 sees fd00:172:18::b (kube-proxy)', 'calico without tunnel, IPv6'],
  ]);
});

describe.each(['TCP', 'UDP', 'SCTP'] as const)('%s goes by the same rules', (protocol) => {
  flows(scene({ service: service({ protocol }) }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)', 'Cluster'],
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'clusterIP'],
  ]);
  flows(scene({ service: service({ protocol, local: true }) }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'Local'],
    ['client', 'node2:30080', 'dropped', 'Local, no local endpoint'],
  ]);
  flows(scene({ service: service({ protocol, endpoints: [] }) }), [['cli-2', '10.96.0.10', 'rejected', 'no endpoints']]);
});

describe('one number, two protocols', () => {
  const dns = service({
    type: 'ClusterIP',
    ingress: [],
    externalIPs: [],
    ports: [
      port([endpoint('web-1', { port: 53 })], { name: 'dns', protocol: 'UDP', port: 53, nodePort: null }),
      port([endpoint('web-3', { port: 53 })], { name: 'dns-tcp', protocol: 'TCP', port: 53, nodePort: null }),
    ],
  });
  flows(scene({ service: dns }), [
    ['cli-2', '10.96.0.10:53/udp', 'delivered: web-1 sees 10.244.2.10', 'UDP'],
    ['cli-2', '10.96.0.10:53/tcp', 'delivered: web-3 sees 10.244.2.10', 'TCP'],
    ['cli-2', '10.96.0.10:53/sctp', 'unhandled (leaves-cluster)', 'no SCTP'],
  ]);
  flows(scene({ service: dns, proxy: { mode: 'nftables' } }), [['cli-2', '10.96.0.10:53/sctp', 'rejected', 'nftables mode: no SCTP']]);
});
