import { describe } from 'vitest';
import { node, nodes, service } from '../support/build.ts';
import { BY_CIDR, cidr, detector } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

const MASQUERADED = 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)';
const KEPT = 'delivered: web-1+web-3 sees 10.244.2.10';

describe.each(['iptables', 'nftables'] as const)('who is taken for a pod at the clusterIP and at the LB IP (Local), %s mode', (mode) => {
  const of = (kind: Parameters<typeof detector>[0]) =>
    scene({ service: service({ local: true }), proxy: { mode, detector: detector(kind) } });
  flows(scene({ service: service({ local: true }), proxy: { mode, detector: BY_CIDR } }), [
    ['cli-2', '10.96.0.10', KEPT, 'ClusterCIDR: pod'],
    ['node2', '10.96.0.10', MASQUERADED, 'ClusterCIDR: node'],
    ['client@node2', '10.96.0.10', MASQUERADED, 'ClusterCIDR: outsider'],
    ['10.244.9.9@node2', '192.0.2.10', 'no-reply: web-1+web-3 sees 10.244.9.9 but no reply', 'ClusterCIDR: any address inside counts'],
  ]);
  flows(of('node-cidr'), [
    ['cli-2', '10.96.0.10', KEPT, 'NodeCIDR: its own pod'],
    ['node2', '10.96.0.10', MASQUERADED, 'NodeCIDR: node'],
    ['10.244.1.77@node2', '10.96.0.10', MASQUERADED, "NodeCIDR: another node's pod is an outsider"],
    ['10.244.1.77@node2', '192.0.2.10', 'dropped', "NodeCIDR: another node's pod is an outsider"],
    ['cli-2', '192.0.2.10', KEPT, 'NodeCIDR: pod short circuit'],
  ]);
  flows(of('own-pods'), [
    ['cli-2', '10.96.0.10', KEPT, 'interface of pods: its own pod'],
    ['node2', '10.96.0.10', MASQUERADED, 'interface of pods: OUTPUT has no input device'],
    ['client@node2', '10.96.0.10', MASQUERADED, 'interface of pods: outsider'],
    ['10.244.1.77@node2', '192.0.2.10', 'dropped', "interface of pods: another node's pod"],
    ['cli-2', '192.0.2.10', KEPT, 'interface of pods: pod short circuit'],
  ]);
  flows(of('nobody'), [
    ['cli-2', '10.96.0.10', MASQUERADED, 'interface that no packet comes by: everyone is masqueraded'],
    ['cli-2', '192.0.2.10', 'dropped', 'interface that no packet comes by: no short circuit'],
  ]);
  flows(of('absent'), [
    ['cli-2', '10.96.0.10', KEPT, 'none: nobody is masqueraded'],
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.12', 'none: nobody is masqueraded'],
    ['client@node2', '10.96.0.10', 'no-reply: web-1+web-3 sees 198.51.100.10 but no reply', 'none: nobody is masqueraded'],
    ['client@node1', '10.96.0.10', 'partial: web-1 sees 198.51.100.10; web-3 sees 198.51.100.10 but no reply', 'none: its own pods answer'],
  ]);
  flows(of('any-pod'), [
    ['cli-2', '10.96.0.10', KEPT, 'a supposed network of all pods'],
    ['10.244.1.77@node2', '192.0.2.10', 'no-reply: web-1+web-3 sees 10.244.1.77 but no reply', 'a supposed network of all pods'],
    ['node2', '10.96.0.10', MASQUERADED, 'no node is in it'],
  ]);
});

describe('an interface detector and a process with the bridge’s address', () => {
  flows(scene({ service: service({ local: true }), proxy: { detector: detector('own-pods') } }), [
    ['node2', '10.244.2.1:30080', MASQUERADED, 'OUTPUT has no input device, so it is no pod'],
  ]);
});

describe('NodeCIDR on a node without podCIDR is no detector at all', () => {
  const bare = nodes(3).map((each) => (each.name === 'node2' ? node('node2', { podCidrs: [] }) : each));
  const of = scene({ nodes: bare, service: service({ local: true }), proxy: { detector: detector('node-cidr') }, network: 'kindnet' });
  flows(of, [
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.12', 'rule absent: not masqueraded'],
    ['client@node2', '10.96.0.10', 'no-reply: web-1+web-3 sees 198.51.100.10 but no reply', 'nor outsiders'],
    ['node1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 172.18.0.11 (kube-proxy)', 'node1 has one'],
  ]);
});

describe('only the family with a CIDR has a detector', () => {
  const half = { 4: { kind: 'cidr', cidr: cidr('10.244.0.0/16') }, 6: { kind: 'absent' } } as const;
  const dual = service({ clusterIPs: ['fd00:10:96::a', '10.96.0.10'], endpoints: [] });
  const [port] = dual.ports;
  const endpoints = [1, 3].map((n) => ({
    address: `fd00:10:244:${n}::a`,
    family: 6 as const,
    port: 8080,
    node: `node${n}`,
    pod: { namespace: 'ns1', name: `web-${n}` },
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
  }));
  const its = { ...dual, ports: port === undefined ? [] : [{ ...port, endpoints }] };
  flows(scene({ nodes: nodes(4, '46'), service: its, proxy: { detector: half } }), [
    ['node2', '[fd00:10:96::a]:80', 'delivered: web-1+web-3 sees fd00:172:18::c', 'IPv6: nobody is masqueraded'],
    ['node2', '10.96.0.10', 'rejected', 'IPv4 has no endpoint'],
  ]);
});
