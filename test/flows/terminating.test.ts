import { describe } from 'vitest';
import { endpoint, GOING, service, UNREADY } from '../support/build.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** web-1 on node1 serves and is on its way out. */
const lastOfNode1 = [endpoint('web-1', GOING), endpoint('web-3')];
const lastOfAll = [endpoint('web-1', GOING), endpoint('web-3', UNREADY)];

describe.each([
  ['iptables', '1.26'],
  ['iptables', '1.28'],
  ['iptables', '1.36'],
  ['nftables', '1.34'],
] as const)('%s mode %s falls back to terminating endpoints', (mode, version) => {
  flows(scene({ service: service({ local: true, endpoints: lastOfNode1 }), proxy: { mode, version } }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'nothing else on this node'],
    ['client', 'node3:30080', 'delivered: web-3 sees 198.51.100.10', 'a ready one'],
    ['cli-1', '192.0.2.10', 'delivered: web-3 sees 10.244.1.11', 'the short circuit knows ready ones elsewhere'],
    ['cli-1', '10.96.0.10', 'delivered: web-3 sees 10.244.1.11', 'so does the clusterIP'],
  ]);
  flows(scene({ service: service({ endpoints: lastOfAll }), proxy: { mode, version } }), [
    ['client', 'node2:30080', 'delivered: web-1 sees 10.244.2.0 (kube-proxy)', 'nothing ready anywhere'],
    ['cli-2', '10.96.0.10', 'delivered: web-1 sees 10.244.2.10', 'nothing ready anywhere'],
  ]);
  flows(scene({ service: service({ local: true, endpoints: lastOfAll }), proxy: { mode, version } }), [
    ['client', 'node3:30080', 'dropped', 'neither ready nor serving'],
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'serving'],
  ]);
  flows(scene({ service: service({ internalTrafficPolicy: 'Local', endpoints: lastOfNode1 }), proxy: { mode, version } }), [
    ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', 'iTP Local alike'],
    ['cli-2', '10.96.0.10', 'dropped', 'iTP Local alike'],
  ]);
  flows(scene({ service: service({ endpoints: [endpoint('web-1', { ...GOING, serving: false })] }), proxy: { mode, version } }), [
    ['client', 'node2:30080', 'rejected', 'terminating, but not serving'],
  ]);
  flows(scene({ service: service({ endpoints: [endpoint('web-1', { ready: false })] }), proxy: { mode, version } }), [
    ['client', 'node2:30080', 'rejected', 'serving, but not terminating'],
  ]);
});

describe.each(['1.19', '1.22', '1.24', '1.25'])('%s does not: the gate is off', (version) => {
  flows(scene({ service: service({ local: true, endpoints: lastOfNode1 }), proxy: { version } }), [
    ['client', 'node1:30080', 'dropped', 'the loss of every roll-out'],
    ['cli-1', '192.0.2.10', 'delivered: web-3 sees 10.244.1.11', 'the short circuit knows ready ones elsewhere'],
  ]);
  flows(scene({ service: service({ endpoints: lastOfAll }), proxy: { version } }), [
    ['client', 'node2:30080', 'rejected', 'nothing ready anywhere'],
  ]);
});
