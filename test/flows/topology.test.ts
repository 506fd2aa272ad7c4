import { describe } from 'vitest';
import type { Endpoint } from '../../src/cluster/model.ts';
import { endpoint, GOING, node, service } from '../support/build.ts';
import { scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

/** node1 and node2 are in zone a, node3 in zone b, node4 in none; web-1 is hinted to zone a, web-3 to zone b. */
const ZONES: Readonly<Record<string, string>> = { node1: 'a', node2: 'a', node3: 'b' };
const zoned = ['node1', 'node2', 'node3', 'node4'].map((name) => {
  const zone = ZONES[name];
  return node(name, { labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone } });
});
const hinted = [endpoint('web-1', { zoneHints: ['a'] }), endpoint('web-3', { zoneHints: ['b'] })];
const OLD = 'service.kubernetes.io/topology-aware-hints';
const NEW = 'service.kubernetes.io/topology-mode';

const A = 'delivered: web-1 sees 10.244.2.10';
const ALL = 'delivered: web-1+web-3 sees 10.244.2.10';

function of(version: string, annotations: Readonly<Record<string, string>> = {}, endpoints: readonly Endpoint[] = hinted) {
  return scene({ nodes: zoned, service: service({ endpoints, annotations }), proxy: { version } });
}

describe('which annotation turns zone hints on, by version', () => {
  flows(of('1.23', { [OLD]: 'Auto' }), [['cli-2', '10.96.0.10', ALL, '1.23: the gate is off']]);
  describe.each(['1.24', '1.26'])('%s: the old one, as Auto or auto', (version) => {
    flows(of(version, { [OLD]: 'Auto' }), [['cli-2', '10.96.0.10', A, 'Auto']]);
    flows(of(version, { [OLD]: 'auto' }), [['cli-2', '10.96.0.10', A, 'auto']]);
    flows(of(version, { [OLD]: 'AUTO' }), [['cli-2', '10.96.0.10', ALL, 'no other spelling']]);
    flows(of(version, { [OLD]: 'example.com/zones' }), [['cli-2', '10.96.0.10', ALL, 'no other word']]);
    flows(of(version, { [NEW]: 'Auto' }), [['cli-2', '10.96.0.10', ALL, 'the new one is not known yet']]);
    flows(of(version), [['cli-2', '10.96.0.10', ALL, 'hints alone do nothing']]);
  });
  describe.each(['1.27', '1.30'])('%s: either, as anything but Disabled', (version) => {
    flows(of(version, { [OLD]: 'Auto' }), [['cli-2', '10.96.0.10', A, 'the old one']]);
    flows(of(version, { [NEW]: 'Auto' }), [['cli-2', '10.96.0.10', A, 'the new one']]);
    flows(of(version, { [NEW]: 'example.com/zones' }), [['cli-2', '10.96.0.10', A, 'any word']]);
    flows(of(version, { [NEW]: 'Disabled' }), [['cli-2', '10.96.0.10', ALL, 'Disabled']]);
    flows(of(version, { [NEW]: 'disabled' }), [['cli-2', '10.96.0.10', ALL, 'disabled']]);
    flows(of(version, { [OLD]: 'Disabled', [NEW]: 'Auto' }), [['cli-2', '10.96.0.10', ALL, 'of both the old one wins']]);
    flows(of(version, { [OLD]: 'Auto', [NEW]: 'Disabled' }), [['cli-2', '10.96.0.10', A, 'of both the old one wins']]);
    flows(of(version), [['cli-2', '10.96.0.10', ALL, 'hints alone do nothing']]);
  });
  describe.each(['1.31', '1.36'])('%s: none', (version) => {
    flows(of(version), [['cli-2', '10.96.0.10', A, 'the hints alone decide']]);
    flows(of(version, { [NEW]: 'Disabled' }), [['cli-2', '10.96.0.10', A, 'no annotation is looked at']]);
  });
});

describe('what hints restrict', () => {
  flows(of('1.34'), [
    ['cli-2', '10.96.0.10', A, 'the clusterIP'],
    ['client', 'node2:30080', 'delivered: web-1 sees 10.244.2.0 (kube-proxy)', 'nodePorts with Cluster'],
    ['client', 'node3:30080', 'delivered: web-3 sees 10.244.3.1 (kube-proxy)', 'by the zone of the node that was asked'],
    ['client', 'node4:30080', 'delivered: web-1+web-3 sees 10.244.4.0 (kube-proxy)', 'a node without zone: no restriction'],
  ]);
  flows(scene({ nodes: zoned, service: service({ endpoints: hinted, local: true }) }), [
    ['cli-2', '192.0.2.10', A, 'the short circuit of Local'],
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'but not local endpoints'],
  ]);
  const crossed = [endpoint('web-1', { zoneHints: ['b'] }), endpoint('web-3', { zoneHints: ['a'] })];
  flows(scene({ nodes: zoned, service: service({ endpoints: crossed, local: true }) }), [
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'local is local, whatever the hints'],
    ['cli-1', '192.0.2.10', 'delivered: web-3 sees 10.244.1.11', 'the short circuit follows the hints'],
  ]);
});

describe('hints count only if all ready endpoints have some, and one names this zone', () => {
  const [one] = hinted;
  const first = one === undefined ? [] : [one];
  flows(of('1.34', {}, [...first, endpoint('web-3')]), [['cli-2', '10.96.0.10', ALL, 'one endpoint has none']]);
  flows(of('1.34', {}, [...first, endpoint('web-3', { ready: false })]), [
    ['cli-2', '10.96.0.10', A, 'but an unready one does not matter'],
  ]);
  flows(of('1.34', {}, [endpoint('web-1', { zoneHints: ['c'] }), endpoint('web-3', { zoneHints: ['c'] })]), [
    ['cli-2', '10.96.0.10', ALL, 'none names zone a'],
  ]);
  flows(of('1.34', {}, [endpoint('web-1', { zoneHints: ['a', 'b'] }), endpoint('web-3', { zoneHints: ['b'] })]), [
    ['cli-2', '10.96.0.10', A, 'an endpoint may have several'],
    ['cli-1', '10.96.0.10', 'delivered: web-1 sees 10.244.1.11', 'an endpoint may have several'],
  ]);
  flows(of('1.34', {}, [endpoint('web-1', { ...GOING, zoneHints: ['b'] }), endpoint('web-3', { ...GOING, zoneHints: ['b'] })]), [
    ['cli-2', '10.96.0.10', ALL, 'the fallback to terminating ones knows no topology'],
  ]);
});

describe('node hints', () => {
  const near = [
    endpoint('web-1', { nodeHints: ['node2'], zoneHints: ['b'] }),
    endpoint('web-3', { nodeHints: ['node3'], zoneHints: ['a'] }),
  ];
  flows(of('1.33', {}, near), [['cli-2', '10.96.0.10', 'delivered: web-3 sees 10.244.2.10', '1.33: the zone decides']]);
  describe.each(['1.34', '1.36'])('%s', (version) => {
    flows(of(version, {}, near), [
      ['cli-2', '10.96.0.10', A, 'this node is named: before the zone'],
      ['client', 'node3:30080', 'delivered: web-3 sees 10.244.3.1 (kube-proxy)', 'this node is named'],
      ['client', 'node1:30080', 'delivered: web-3 sees 10.244.1.0 (kube-proxy)', 'this one is not: its zone decides'],
    ]);
    flows(of(version, {}, [endpoint('web-1', { nodeHints: ['node2'] }), endpoint('web-3')]), [
      ['cli-2', '10.96.0.10', ALL, 'one endpoint has none'],
    ]);
  });
});
