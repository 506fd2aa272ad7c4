import { describe, expect, test } from 'vitest';
import { endpoint, hostEndpoint, service } from '../support/build.ts';
import { detector } from '../support/dataplanes.ts';
import { codes, scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** iptables mode before 1.25, and what each release changed. node1 and node3 have an endpoint, node2 has none. */

const local = service({ local: true });
const BOTH = 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)';
const KEPT = 'delivered: web-1+web-3 sees 10.244.2.10';
const LEAKS = 'unhandled (leaves-cluster)';

describe.each(['1.19', '1.20', '1.21', '1.22', '1.23', '1.24'])(
  'the drop mark of %s counts in INPUT and OUTPUT, not in FORWARD',
  (version) => {
    flows(scene({ service: local, proxy: { version } }), [
      ['client', 'node2:30080', 'dropped', 'Local without local endpoint: INPUT'],
      ['client@node2', '192.0.2.10', LEAKS, 'Local without local endpoint: FORWARD'],
      ['client@node2', '203.0.113.10', LEAKS, 'the same at the externalIP'],
      ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'with a local endpoint'],
      ['client@node1', '192.0.2.10', 'delivered: web-1 sees 198.51.100.10', 'with a local endpoint'],
      ['cli-2', '192.0.2.10', KEPT, 'pod short circuit'],
      ['node2', '192.0.2.10', BOTH, 'node short circuit'],
      ['node2', 'node2:30080', BOTH, 'node short circuit'],
      ['node2', '127.0.0.1:30080', BOTH, 'loopback'],
      ['node1', 'node2:30080', 'dropped', 'another node is an outsider'],
    ]);
    flows(scene({ service: local, proxy: { version, detector: detector('absent') } }), [
      ['cli-2', '192.0.2.10', LEAKS, 'no detector: towards the real load balancer'],
      ['cli-1', '192.0.2.10', 'delivered: web-1 sees 10.244.1.11', 'no detector, local endpoint'],
      ['cli-2', 'node2:30080', 'dropped', 'no detector: INPUT'],
      ['node2', '192.0.2.10', BOTH, 'nodes need none'],
    ]);
    flows(scene({ service: service({ sourceRanges: ['198.51.100.0/24'] }), proxy: { version } }), [
      ['client@node2', '192.0.2.10', BOTH, 'inside the ranges'],
      ['lan@node2', '192.0.2.10', LEAKS, 'outside: FORWARD'],
      ['cli-2', '192.0.2.10', LEAKS, 'a pod outside: FORWARD'],
      ['node2', '192.0.2.10', 'dropped', 'a node outside: OUTPUT'],
      ['anyone@node2', '192.0.2.10', 'undetermined', 'an unknown address'],
    ]);
    test('the reason says so', () => {
      expect(codes(scene({ service: local, proxy: { version } }), 'client@node2', '192.0.2.10')).toEqual([
        'no-local-endpoint',
        'drop-mark-not-in-forward',
      ]);
    });
  },
);

describe.each(['1.25', '1.29', '1.36'])('%s drops in the filter table, FORWARD included', (version) => {
  flows(scene({ service: local, proxy: { version } }), [
    ['client', 'node2:30080', 'dropped', 'INPUT'],
    ['client@node2', '192.0.2.10', 'dropped', 'FORWARD'],
    ['client@node2', '203.0.113.10', 'dropped', 'FORWARD'],
  ]);
  flows(scene({ service: local, proxy: { version, detector: detector('absent') } }), [['cli-2', '192.0.2.10', 'dropped', 'no detector']]);
  flows(scene({ service: service({ sourceRanges: ['198.51.100.0/24'] }), proxy: { version } }), [
    ['lan@node2', '192.0.2.10', 'dropped', 'KUBE-PROXY-FIREWALL'],
    ['cli-2', '192.0.2.10', 'dropped', 'KUBE-PROXY-FIREWALL'],
  ]);
});

describe('no endpoints: where each version hooks its REJECT', () => {
  const none = service({ endpoints: [] });
  flows(scene({ service: none, proxy: { version: '1.19' } }), [
    ['client', 'node2:30080', 'rejected', '1.19: INPUT'],
    ['client@node2', '192.0.2.10', 'rejected', '1.19: LB IPs stand in KUBE-SERVICES, which FORWARD has'],
    ['node2', '192.0.2.10', 'rejected', '1.19: and OUTPUT has'],
    ['client@node2', '203.0.113.10', LEAKS, '1.19: KUBE-EXTERNAL-SERVICES is in INPUT only'],
    ['cli-2', '203.0.113.10', LEAKS, '1.19: KUBE-EXTERNAL-SERVICES is in INPUT only'],
    ['node2', '203.0.113.10', LEAKS, '1.19: KUBE-EXTERNAL-SERVICES is in INPUT only'],
    ['cli-2', '10.96.0.10', 'rejected', '1.19: clusterIP'],
    ['node2', '10.96.0.10', 'rejected', '1.19: clusterIP'],
  ]);
  test('what a forwarded packet meets in 1.19', () => {
    expect(codes(scene({ service: none, proxy: { version: '1.19' } }), 'cli-2', '203.0.113.10')).toEqual(['no-reject-in-forward']);
    expect(codes(scene({ service: none, proxy: { version: '1.19' } }), 'node2', '203.0.113.10')).toEqual(['no-reject-in-output']);
  });
  describe.each(['1.20', '1.23', '1.24', '1.25', '1.36'])('%s', (version) => {
    flows(scene({ service: none, proxy: { version } }), [
      ['client@node2', '203.0.113.10', 'rejected', '#95252: FORWARD has KUBE-EXTERNAL-SERVICES'],
      ['client@node2', '192.0.2.10', 'rejected', '#95252: FORWARD has KUBE-EXTERNAL-SERVICES'],
      ['cli-2', '192.0.2.10', 'rejected', '#95252: FORWARD has KUBE-EXTERNAL-SERVICES'],
      ['node2', '192.0.2.10', LEAKS, '#95252: OUTPUT has not'],
      ['node2', '203.0.113.10', LEAKS, '#95252: OUTPUT has not'],
      ['node2', '10.96.0.10', 'rejected', 'OUTPUT has KUBE-SERVICES'],
    ]);
  });
});

describe('externalIPs, Cluster', () => {
  describe.each(['1.19', '1.20'])('%s: guarded by physdev and addrtype', (version) => {
    flows(scene({ proxy: { version } }), [
      ['client@node2', '203.0.113.10', BOTH, 'outside clients'],
      ['cli-2', '203.0.113.10', LEAKS, 'bridged pods are not redirected'],
      ['node2', '203.0.113.10', LEAKS, 'nor are nodes'],
    ]);
    flows(scene({ proxy: { version }, network: 'kindnet' }), [
      ['cli-2', '203.0.113.10', 'delivered: web-1+web-3 sees 172.18.0.12 (kube-proxy)', 'pods without a bridge are, and masqueraded'],
    ]);
    flows(scene({ proxy: { version }, network: 'unknown' }), [['cli-2', '203.0.113.10', 'undetermined', 'is there a bridge?']]);
    flows(scene({ proxy: { version }, service: service({ externalIPs: ['172.18.0.12'] }) }), [
      ['cli-2', '172.18.0.12:80', BOTH, "the node's own address is redirected for everyone"],
      ['node2', '172.18.0.12:80', BOTH, "the node's own address is redirected for everyone"],
      ['cli-1', '172.18.0.12:80', BOTH, 'a pod of another node goes there, masqueraded twice'],
    ]);
    test('the reason', () => expect(codes(scene({ proxy: { version } }), 'cli-2', '203.0.113.10')).toEqual(['externalip-not-redirected']));
  });
  describe('1.20: what was not redirected carries the masquerade mark all the same', () => {
    const its = (differs: Parameters<typeof service>[0]) => service({ externalIPs: ['172.18.0.13'], ...differs });
    flows(scene({ proxy: { version: '1.20', detector: detector('absent') }, service: its({ internalTrafficPolicy: 'Cluster' }) }), [
      [
        'cli-2',
        '172.18.0.13:80',
        'delivered: web-1 sees 10.244.3.0 (kube-proxy); web-3 sees 10.244.3.1 (kube-proxy)',
        'node3 masquerades again',
      ],
    ]);
    flows(scene({ proxy: { version: '1.20' }, service: its({ endpoints: [hostEndpoint('web-3')] }) }), [
      ['cli-2', '172.18.0.13:80', 'delivered: web-3 sees 172.18.0.12 (kube-proxy)', 'node3 cannot masquerade what goes to itself'],
    ]);
    flows(scene({ proxy: { version: '1.20' }, service: its({ local: true }) }), [
      ['cli-2', '172.18.0.13:80', 'partial: web-1 sees 10.244.2.10 but no reply; web-3 sees 10.244.2.10', 'Local sets no mark'],
    ]);
  });
  describe.each(['1.21', '1.22', '1.23'])('%s: for everyone, and pods keep their address', (version) => {
    flows(scene({ proxy: { version } }), [
      ['client@node2', '203.0.113.10', BOTH, 'outside clients'],
      ['cli-2', '203.0.113.10', KEPT, 'pods by the detector'],
      ['node2', '203.0.113.10', BOTH, 'nodes'],
      ['cli-2', '192.0.2.10', BOTH, 'the LB IP masquerades everyone'],
      ['cli-2', 'node2:30080', BOTH, 'so does the nodePort'],
    ]);
    flows(scene({ proxy: { version, detector: detector('absent') } }), [['cli-2', '203.0.113.10', BOTH, 'no detector: everyone']]);
  });
  describe.each(['1.24', '1.25', '1.36'])('%s: everyone is masqueraded', (version) => {
    flows(scene({ proxy: { version } }), [['cli-2', '203.0.113.10', BOTH, '#106497']]);
  });
});

describe('≤1.23 marks for masquerading before it looks at the ranges, and the mark stays on what leaks', () => {
  const its = service({ ingress: ['172.18.0.13'], sourceRanges: ['172.18.0.11/32'] });
  flows(scene({ service: its, proxy: { version: '1.23' } }), [
    [
      'cli-1',
      '172.18.0.13:80',
      'delivered: web-1 sees 10.244.3.0 (kube-proxy); web-3 sees 10.244.3.1 (kube-proxy)',
      'it leaves node1 with 172.18.0.11, which is in range at node3',
    ],
    ['cli-2', '172.18.0.13:80', 'dropped', 'node2’s address is not'],
  ]);
  flows(scene({ service: its, proxy: { version: '1.24' } }), [['cli-1', '172.18.0.13:80', 'dropped', 'no mark: node3 sees the pod']]);
  flows(scene({ service: its, proxy: { version: '1.25' } }), [['cli-1', '172.18.0.13:80', 'dropped', 'on node1 already']]);
});

describe('internalTrafficPolicy Local', () => {
  const internal = service({ internalTrafficPolicy: 'Local' });
  const both = service({ internalTrafficPolicy: 'Local', local: true });
  flows(scene({ service: internal, proxy: { version: '1.21' } }), [['cli-2', '10.96.0.10', KEPT, '1.21: the gate is off']]);
  describe.each(['1.22', '1.23'])('%s filters the whole Service', (version) => {
    flows(scene({ service: internal, proxy: { version } }), [
      ['cli-2', '10.96.0.10', 'rejected', 'no local endpoint looks like none at all'],
      ['node2', '10.96.0.10', 'rejected', 'for nodes'],
      ['client', 'node2:30080', 'rejected', 'nodePorts, too'],
      ['client@node2', '192.0.2.10', 'rejected', 'LB IPs, too'],
      ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', 'with a local endpoint only that'],
      ['client', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy)', 'nodePorts, too'],
    ]);
    flows(scene({ service: both, proxy: { version } }), [
      ['cli-2', '10.96.0.10', KEPT, 'ignored beside eTP Local'],
      ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'ignored beside eTP Local'],
    ]);
    const pending = { ...both, ingress: [], externalIPs: [], ports: both.ports.map((port) => ({ ...port, nodePort: null })) };
    flows(scene({ service: pending, proxy: { version } }), [['cli-2', '10.96.0.10', KEPT, 'even before the LB has an address']]);
  });
  flows(scene({ service: internal, proxy: { version: '1.24' } }), [
    ['cli-2', '10.96.0.10', LEAKS, '1.24: a mark that FORWARD does not heed'],
    ['node2', '10.96.0.10', 'dropped', '1.24: OUTPUT does'],
    ['client@node2', '10.96.0.10', LEAKS, '1.24: FORWARD'],
    ['client', 'node2:30080', BOTH, '1.24: nodePorts are free of it'],
    ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', '1.24: with a local endpoint'],
  ]);
  flows(scene({ service: internal, proxy: { version: '1.25' } }), [['cli-2', '10.96.0.10', 'dropped', '1.25: the filter table']]);
});

describe('clusterIP in every era', () => {
  describe.each(['1.19', '1.21', '1.23', '1.24', '1.25', '1.36'])('%s', (version) => {
    flows(scene({ proxy: { version } }), [
      ['cli-2', '10.96.0.10', KEPT, 'pods keep their address'],
      ['node2', '10.96.0.10', BOTH, 'nodes do not'],
      ['client@node2', '10.96.0.10', BOTH, 'nor do outsiders'],
      ['web-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.10', 'hairpin'],
    ]);
    flows(scene({ proxy: { version, masqueradeAll: true } }), [['cli-2', '10.96.0.10', BOTH, 'masqueradeAll']]);
    flows(scene({ proxy: { version, detector: detector('absent') } }), [
      ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.12', 'no detector'],
    ]);
  });
});

describe('type ClusterIP with externalIPs and eTP Local is honoured since 1.29', () => {
  const its = service({ type: 'ClusterIP', local: true, ingress: [] });
  const inner = { ...its, ports: its.ports.map((port) => ({ ...port, nodePort: null })) };
  describe.each(['1.23', '1.24', '1.28'])('%s', (version) => {
    flows(scene({ service: inner, proxy: { version } }), [['client@node2', '203.0.113.10', BOTH, 'ignored: as Cluster']]);
  });
  describe.each(['1.29', '1.36'])('%s', (version) => {
    flows(scene({ service: inner, proxy: { version } }), [
      ['client@node2', '203.0.113.10', 'dropped', 'honoured'],
      ['client@node1', '203.0.113.10', 'delivered: web-1 sees 198.51.100.10', 'honoured'],
    ]);
  });
});

describe('ipMode Proxy is honoured since 1.30', () => {
  const its = service({ ingress: [{ ip: '192.0.2.10', ipMode: 'Proxy' }] });
  describe.each(['1.23', '1.28', '1.29'])('%s', (version) => {
    flows(scene({ service: its, proxy: { version } }), [['cli-2', '192.0.2.10', BOTH, 'short-circuited like any LB IP']]);
  });
  describe.each(['1.30', '1.36'])('%s', (version) => {
    const of = scene({ service: its, proxy: { version } });
    flows(of, [
      ['cli-2', '192.0.2.10', LEAKS, 'no rule: out to the load balancer'],
      ['node2', '192.0.2.10', LEAKS, 'no rule: out to the load balancer'],
      ['client', 'node2:30080', BOTH, 'the nodePort stays'],
    ]);
    test('the reason', () => expect(codes(of, 'cli-2', '192.0.2.10')).toEqual(['ipmode-proxy']));
    flows(scene({ service: service({ ingress: [{ ip: '192.0.2.10', ipMode: 'VIP' }] }), proxy: { version } }), [
      ['cli-2', '192.0.2.10', BOTH, 'VIP is as ever'],
    ]);
    flows(scene({ service: { ...its, sourceRanges: service({ sourceRanges: ['198.51.100.0/24'] }).sourceRanges }, proxy: { version } }), [
      ['cli-2', '192.0.2.10', LEAKS, 'ranges are the load balancer’s business'],
    ]);
  });
});

describe('one Service, two ports: each by its own', () => {
  const [http] = service().ports;
  const https = {
    name: 'https',
    protocol: 'TCP',
    port: 443,
    nodePort: 30443,
    targetPort: 8443,
    endpoints: [endpoint('web-3', { port: 8443 })],
  } as const;
  const of = scene({ service: service({ local: true, ports: http === undefined ? [] : [http, https] }) });
  flows(of, [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'http has an endpoint here'],
    ['client', 'node1:30443', 'dropped', 'https has none'],
    ['client', 'node3:30443', 'delivered: web-3 sees 198.51.100.10', 'but there'],
  ]);
});
