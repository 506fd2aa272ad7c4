import { describe } from 'vitest';
import { node, nodes, pod, port, service } from '../support/build.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

const BOTH = 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)';
const HOST = 'unhandled (refused-by-host)';
const none = service({ endpoints: [] });

describe('iptables mode: every local address unless restricted', () => {
  flows(scene(), [
    ['client', 'node2:30080', BOTH, 'default'],
    ['cli-2', '10.244.2.1:30080', BOTH, 'default: the bridge'],
    ['node2', '127.0.0.1:30080', BOTH, 'default: loopback'],
    ['node2', '127.8.9.1:30080', BOTH, 'default: all of 127.0.0.0/8'],
  ]);
  flows(scene({ proxy: { nodePortAddresses: ['0.0.0.0/0'] } }), [['node2', '127.0.0.1:30080', BOTH, 'a zero CIDR is everything']]);
  flows(scene({ proxy: { nodePortAddresses: ['::/0'] } }), [['cli-2', '10.244.2.1:30080', BOTH, 'no CIDR of the family: everything']]);
  flows(scene({ proxy: { nodePortAddresses: ['10.244.0.0/16'] } }), [
    ['cli-2', '10.244.2.1:30080', BOTH, 'the bridge is selected'],
    ['client', 'node2:30080', HOST, 'the node IP is not'],
    ['node2', '127.0.0.1:30080', HOST, 'nor is loopback'],
  ]);
  flows(scene({ proxy: { nodePortAddresses: ['172.0.0.0/8', '127.0.0.0/8'] } }), [
    ['client', 'node2:30080', BOTH, 'selected'],
    ['node2', '127.0.0.1:30080', BOTH, 'selected'],
    ['cli-2', '10.244.2.1:30080', HOST, 'not selected'],
  ]);
  flows(scene({ proxy: { nodePortAddresses: ['127.0.0.0/8'] } }), [
    ['client', 'node2:30080', HOST, 'loopback only'],
    ['node2', '127.0.0.1:30080', BOTH, 'loopback only'],
  ]);
  flows(scene({ proxy: { nodePortAddresses: ['172.18.0.12/32'] } }), [
    ['client', 'node2:30080', BOTH, 'one node by its address'],
    ['client', 'node1:30080', HOST, 'not the other'],
  ]);
});

describe('kindnet: the gateway address is on the veths, so only where there are pods', () => {
  flows(scene({ network: 'kindnet' }), [
    ['node2', '10.244.2.1:30080', 'delivered: web-1+web-3 sees 172.18.0.12 (kube-proxy)', 'cli-2 runs there'],
    ['node4', '10.244.4.1:30080', 'unhandled', 'no pod, no such address'],
  ]);
});

describe('the word primary', () => {
  const second = node('node2', { internalIPs: ['172.18.0.12', '172.19.0.12'] });
  const several = nodes(3).map((each) => (each.name === 'node2' ? second : each));
  describe.each(['iptables', 'nftables'] as const)('%s mode 1.31', (mode) => {
    flows(scene({ nodes: several, proxy: { mode, version: '1.31', nodePortAddresses: ['primary'] } }), [
      ['client', '172.18.0.12:30080', BOTH, 'the first InternalIP'],
      ['client', '172.19.0.12:30080', HOST, 'no other'],
      ['node2', '127.0.0.1:30080', HOST, 'not loopback'],
    ]);
  });
});

describe('localhostNodePorts', () => {
  flows(scene({ proxy: { localhostNodePorts: false } }), [
    ['node2', '127.0.0.1:30080', HOST, 'off'],
    ['node2', 'node2:30080', BOTH, 'the node IP stays'],
  ]);
  flows(scene({ proxy: { localhostNodePorts: false, version: '1.26' } }), [['node2', '127.0.0.1:30080', HOST, 'off since 1.26']]);
  flows(scene({ proxy: { localhostNodePorts: false, version: '1.25' } }), [['node2', '127.0.0.1:30080', BOTH, '1.25 has no such setting']]);
  flows(scene({ proxy: { localhostNodePorts: false, nodePortAddresses: ['127.0.0.0/8'] } }), [
    ['node2', '127.0.0.1:30080', HOST, 'off, even where it is selected'],
  ]);
  const six = service({ clusterIPs: ['fd00:10:96::a'], ingress: [], externalIPs: [], endpoints: [] });
  flows(scene({ nodes: nodes(3, '46'), service: { ...six, ports: [port(pods6())] } }), [
    ['node2', '[::1]:30080', HOST, 'IPv6 never serves loopback'],
    ['node2', '[fd00:172:18::c]:30080', 'delivered: web-1+web-3 sees fd00:10:244:2:: (kube-proxy)', 'but its other addresses'],
  ]);
});

function pods6() {
  const [http] = service().ports;
  return (http?.endpoints ?? []).map((each, i) => ({ ...each, address: `fd00:10:244:${i === 0 ? 1 : 3}::a`, family: 6 as const }));
}

describe('nftables mode: its defaults by version', () => {
  const at = (version: string) => scene({ proxy: { mode: 'nftables', version } });
  flows(at('1.29'), [
    ['client', 'node2:30080', BOTH, '1.29: every local address'],
    ['cli-2', '10.244.2.1:30080', BOTH, '1.29: the bridge'],
    ['node2', '127.0.0.1:30080', HOST, '1.29: but loopback'],
  ]);
  describe.each(['1.30', '1.31', '1.33', '1.36'])('%s', (version) => {
    flows(at(version), [
      ['client', 'node2:30080', BOTH, 'the primary node IP'],
      ['cli-2', '10.244.2.1:30080', HOST, 'not the bridge'],
      ['node2', '127.0.0.1:30080', HOST, 'not loopback'],
    ]);
  });
  flows(scene({ proxy: { mode: 'nftables', nodePortAddresses: ['0.0.0.0/0'] } }), [
    ['cli-2', '10.244.2.1:30080', BOTH, 'a zero CIDR is everything'],
    ['node2', '127.0.0.1:30080', HOST, 'but loopback'],
  ]);
  flows(scene({ proxy: { mode: 'nftables', nodePortAddresses: ['fd00::/8'] } }), [
    ['cli-2', '10.244.2.1:30080', BOTH, 'CIDRs of the other family only: everything'],
  ]);
  flows(scene({ proxy: { mode: 'nftables', nodePortAddresses: ['127.0.0.0/8', '172.18.0.0/16'] } }), [
    ['node2', '127.0.0.1:30080', HOST, 'loopback is never served'],
    ['client', 'node2:30080', BOTH, 'selected'],
  ]);
});

describe('no endpoints on addresses that are not selected', () => {
  const elsewhere = ['192.168.0.0/16'];
  describe.each(['1.23', '1.24', '1.27', '1.36'])('%s writes REJECT for every local address', (version) => {
    flows(scene({ service: none, proxy: { version, nodePortAddresses: elsewhere } }), [
      ['client', 'node2:30080', 'rejected', 'addrtype LOCAL'],
    ]);
  });
  describe.each(['1.25', '1.26'])('%s writes it only if some address is selected', (version) => {
    flows(scene({ service: none, proxy: { version, nodePortAddresses: elsewhere } }), [['client', 'node2:30080', HOST, 'none is']]);
    flows(scene({ service: none, proxy: { version, nodePortAddresses: ['127.0.0.0/8'] } }), [
      ['client', 'node2:30080', 'rejected', 'loopback is an address'],
    ]);
    flows(scene({ service: none, proxy: { version, nodePortAddresses: ['10.244.0.0/16'] } }), [
      ['client', 'node2:30080', 'rejected', 'so is the bridge'],
    ]);
  });
  describe.each(['1.19', '1.22'])('%s then leaves all chains of a Service with a node port empty', (version) => {
    flows(scene({ proxy: { version, nodePortAddresses: elsewhere } }), [
      ['cli-2', '10.96.0.10', 'undetermined', 'unless an address that is not known is selected'],
    ]);
    flows(scene({ proxy: { version, nodePortAddresses: ['172.18.0.0/16'] } }), [
      ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'one is selected'],
    ]);
  });
  flows(scene({ proxy: { version: '1.23', nodePortAddresses: elsewhere } }), [
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', '1.23: fixed'],
    ['client', 'node2:30080', HOST, '1.23: the node port itself is not served'],
  ]);
});

describe('a host that listens on the port itself', () => {
  const listener = pod('proxy', {
    node: 'node2',
    hostNetwork: true,
    addresses: ['172.18.0.12'],
    ports: [{ protocol: 'TCP', port: 30080 }],
  });
  flows(scene({ pods: [listener], proxy: { nodePortAddresses: ['10.0.0.0/8'] } }), [
    ['client', 'node2:30080', 'unhandled (host-listener)', 'no Service rule takes it'],
    ['client', 'node1:30080', HOST, 'nobody listens there'],
  ]);
  flows(scene({ pods: [listener] }), [['client', 'node2:30080', BOTH, 'a Service rule comes first']]);
});

describe('no node ports at all', () => {
  const its = service();
  flows(scene({ service: { ...its, ports: its.ports.map((each) => ({ ...each, nodePort: null })) } }), [
    ['client', 'node2:30080', 'unhandled', 'an ordinary port of the host'],
    ['client@node2', '192.0.2.10', BOTH, 'the LB IP needs none'],
  ]);
});

describe('ExternalIPs of nodes', () => {
  const natted = nodes(3).map((each, i) => ({ ...each, externalIPs: [`198.18.0.${i + 1}`] }));
  flows(scene({ nodes: natted }), [
    ['client', '198.18.0.2:30080', BOTH, 'a NAT in front turns it into the InternalIP'],
    ['cli-1', '198.18.0.2:30080', 'undetermined', 'whether it turns in-cluster traffic back is not known'],
  ]);
  const only = nodes(3).map((each, i) => ({ ...each, internalIPs: [], externalIPs: [`198.18.0.${i + 1}`] }));
  flows(scene({ nodes: only, network: 'kindnet' }), [
    ['client', 'node2:30080', 'delivered: web-1+web-3 sees 198.18.0.2 (kube-proxy)', 'the only address a node has'],
  ]);
});
