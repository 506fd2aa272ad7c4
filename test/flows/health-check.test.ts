import { describe, expect, test } from 'vitest';
import { endpoint, GOING, port, service, UNREADY } from '../support/build.ts';
import { ask, scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

const checked = (endpoints = [endpoint('web-1'), endpoint('web-3')]) => service({ local: true, healthCheckNodePort: 32000, endpoints });

describe('the health-check node port is answered by the host, whatever the policy', () => {
  flows(scene({ service: checked() }), [
    ['client', 'node1:32000', 'unhandled (host-listener 200)', 'a ready local endpoint'],
    ['client', 'node2:32000', 'unhandled (host-listener 503)', 'none'],
    ['node1', 'node2:32000', 'unhandled (host-listener 503)', 'for nodes, too'],
    ['cli-1', 'node1:32000', 'unhandled (host-listener 200)', 'for pods, too'],
  ]);
  flows(scene({ service: checked([endpoint('web-1', GOING), endpoint('web-3', UNREADY)]) }), [
    ['client', 'node1:32000', 'unhandled (host-listener 503)', 'a terminating endpoint does not count'],
    ['client', 'node1:30080', 'delivered: web-1 sees 198.51.100.10', 'but gets traffic: the drain window'],
    ['client', 'node3:32000', 'unhandled (host-listener 503)', 'nor an unready one'],
  ]);
  flows(scene({ service: checked(), proxy: { mode: 'nftables' } }), [
    ['client', 'node1:32000', 'unhandled (host-listener 200)', 'nftables mode'],
    ['client', 'node2:32000', 'unhandled (host-listener 503)', 'nftables mode'],
  ]);
  flows(scene({ service: checked(), proxies: { node1: 'kube-proxy runs in ipvs mode' } }), [
    ['client', 'node1:32000', 'undetermined', 'not modelled'],
    ['client', 'node2:32000', 'unhandled (host-listener 503)', 'modelled'],
  ]);
});

test('endpoints count by address, not by port', () => {
  const two = service({
    local: true,
    healthCheckNodePort: 32000,
    ports: [port([endpoint('web-1')]), port([endpoint('web-1', { port: 8443 })], { name: 'https', port: 443, nodePort: 30443 })],
  });
  expect(ask(scene({ service: two }), 'client', 'node1:32000').because[0]?.text).toContain('1 ready local endpoint');
});
