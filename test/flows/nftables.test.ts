import { describe } from 'vitest';
import { endpoint, service } from '../support/build.ts';
import { detector } from '../support/dataplanes.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** What changed within nftables mode. Its differences from iptables mode stand in the other tables. */

const local = service({ local: true });
const none = service({ endpoints: [] });
const BOTH = 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)';
const at = (version: string, its = service()) => scene({ service: its, proxy: { mode: 'nftables', version } });

describe.each(['1.29', '1.30', '1.31', '1.32', '1.33.5'])('%s judges what a process sends before it redirects', (version) => {
  flows(at(version, local), [
    ['node2', '192.0.2.10', 'dropped', '#131765: no local endpoint'],
    ['node2', '203.0.113.10', 'dropped', '#131765: no local endpoint'],
    [
      'node1',
      '192.0.2.10',
      'delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)',
      'with one it is redirected',
    ],
    ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'pods are not concerned'],
    ['client@node2', '192.0.2.10', 'dropped', 'outside clients as ever'],
    ['client', 'node2:30080', 'dropped', 'outside clients as ever'],
  ]);
  flows(at(version), [
    ['node2', '10.96.0.10', BOTH, 'a clusterIP with endpoints passes'],
    ['node2', '192.0.2.10', BOTH, 'Cluster passes'],
    ['node2', '203.0.113.10', BOTH, 'Cluster passes'],
    ['node2', 'node2:30080', BOTH, 'Cluster passes'],
  ]);
  flows(at(version, none), [
    ['node2', '192.0.2.10', 'rejected', 'no endpoints'],
    ['node2', '10.96.0.10', 'rejected', 'no endpoints'],
    ['node2', 'node2:30080', 'rejected', 'no endpoints'],
    ['cli-2', '10.96.0.10', 'rejected', 'no endpoints'],
  ]);
  flows(at(version, service({ internalTrafficPolicy: 'Local' })), [
    ['node2', '10.96.0.10', 'dropped', 'iTP Local'],
    ['node1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy)', 'iTP Local, with one'],
  ]);
  flows(at(version, service({ sourceRanges: ['172.18.0.0/24'] })), [
    ['node2', '192.0.2.10', BOTH, 'ranges: inside'],
    ['cli-2', '192.0.2.10', 'dropped', 'ranges: outside'],
  ]);
});

describe.each(['1.33.6', '1.33.9', '1.34.0', '1.36'])('%s redirects first', (version) => {
  flows(at(version, local), [
    ['node2', '192.0.2.10', BOTH, '#132456'],
    ['node2', '203.0.113.10', BOTH, '#132456'],
    ['node2', 'node2:30080', BOTH, 'as before'],
  ]);
  flows(at(version, none), [['node2', '192.0.2.10', 'rejected', 'no endpoints']]);
});

describe('the nodePort of a node without local endpoint, asked by its own process', () => {
  flows(at('1.29', local), [['node2', 'node2:30080', 'dropped', '1.29: endpoints-check holds node ports, too, and output has it']]);
  flows(at('1.30', local), [['node2', 'node2:30080', BOTH, '1.30: it is for input only']]);
});

describe('a wrong port of a clusterIP', () => {
  flows(at('1.29'), [['cli-2', '10.96.0.10:81', 'unhandled (leaves-cluster)', '1.29 has no cluster-ips-check']]);
  describe.each(['1.30', '1.33.5', '1.34'])('%s', (version) => {
    flows(at(version), [
      ['cli-2', '10.96.0.10:81', 'rejected', 'forward'],
      ['node2', '10.96.0.10:81', 'rejected', 'output'],
      ['client@node2', '10.96.0.10:81', 'rejected', 'forward'],
    ]);
  });
});

describe('hairpin over another node', () => {
  const itself = service({ local: true, endpoints: [endpoint('web-1')] });
  flows(at('1.35', itself), [
    ['web-1', 'node2:30080', 'delivered: web-1 sees 10.244.2.0 (kube-proxy)', '≤1.35: by the endpoint’s chain, wherever it is'],
  ]);
  flows(at('1.36', itself), [
    ['web-1', 'node2:30080', 'undetermined', '≥1.36: by a set of the node’s own endpoints'],
    ['web-1', 'node1:30080', 'delivered: web-1 sees 10.244.1.1 (kube-proxy)', '≥1.36: on its own node'],
    ['web-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.1 (kube-proxy)', '≥1.36: by the clusterIP'],
  ]);
  flows(at('1.36', service({ endpoints: [endpoint('web-1')] })), [
    ['web-1', 'node2:30080', 'delivered: web-1 sees 10.244.2.0 (kube-proxy)', '≥1.36: Cluster masquerades anyway'],
  ]);
});

describe('detectors', () => {
  flows(scene({ service: local, proxy: { mode: 'nftables', detector: detector('absent') } }), [
    ['node2', '10.96.0.10', 'delivered: web-1+web-3 sees 172.18.0.12', 'none: nobody is masqueraded'],
    ['cli-2', '192.0.2.10', 'dropped', 'none: no short circuit'],
  ]);
});
