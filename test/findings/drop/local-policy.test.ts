import { describe, expect, test } from 'vitest';
import { localNoReachableTarget } from '../../../src/findings/drop/SIP102-local-no-reachable-target.ts';
import { localNodeWithoutEndpoint } from '../../../src/findings/drop/SIP103-local-node-without-endpoint.ts';
import { balancer, flannel, kubeadm, node, nodes, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const EXCLUDED = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };

describe('local-node-without-endpoint', () => {
  test('a NodePort Service with Local policy drops on the nodes without an endpoint', () => {
    const [finding] = said(localNodeWithoutEndpoint, [service({ spec: LOCAL }), slice([webOn(1), webOn(3)])]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'derived', objects: ['Node node2', 'Node node4'] });
    expect(finding?.message).toBe('2 of 4 nodes drop outside traffic to ns1/web: node2, node4');
    expect(finding?.remedy).toContain(`kubectl patch svc web -n ns1 --type merge -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`);
  });

  test('a load balancer that checks each node keeps clients away: worth knowing, no more', () => {
    const raw = [...nodes(4, { providerID: 'gce://p/z/n' }), balancer({ spec: LOCAL }), slice([webOn(1)])];
    expect(said(localNodeWithoutEndpoint, raw)).toMatchObject([{ severity: 'info' }]);
  });

  test('a load balancer of which nothing is known may send there', () => {
    expect(said(localNodeWithoutEndpoint, [balancer({ spec: LOCAL }), slice([webOn(1)])])).toMatchObject([{ severity: 'warning' }]);
  });

  test('a node that the load balancer leaves out is not counted', () => {
    const raw = [node(1), node(2, { labels: EXCLUDED }), balancer({ spec: LOCAL }), slice([webOn(1)])];
    expect(said(localNodeWithoutEndpoint, raw)).toEqual([]);
  });

  test('an endpoint that terminates and still serves counts', () => {
    const going = { conditions: { ready: false, serving: true, terminating: true } };
    expect(said(localNodeWithoutEndpoint, [node(1), service({ spec: LOCAL }), slice([webOn(1, going)])])).toEqual([]);
  });

  describe('nodePortAddresses leave out the address of the nodes', () => {
    const proxy = (mode: string) => [
      ...kubeadm(`mode: ${mode}\nclusterCIDR: 10.244.0.0/16\nnodePortAddresses: [172.18.0.12/32]\n`),
      ...flannel(),
    ];

    test('in nftables mode the host refuses there, and nothing is dropped', () => {
      expect(said(localNodeWithoutEndpoint, [...proxy('nftables'), service({ spec: LOCAL }), slice([webOn(1)])])).toMatchObject([
        { objects: ['Node node2'], message: '1 of 4 nodes drops outside traffic to ns1/web: node2' },
      ]);
    });

    test('in iptables mode it drops wherever the address is local', () => {
      expect(said(localNodeWithoutEndpoint, [...proxy('iptables'), service({ spec: LOCAL }), slice([webOn(1)])])).toMatchObject([
        { objects: ['Node node2', 'Node node3', 'Node node4'] },
      ]);
    });
  });

  test('silent with Cluster policy, without any endpoint, and with one on every node', () => {
    expect(said(localNodeWithoutEndpoint, [service(), slice([webOn(1)])])).toEqual([]);
    expect(said(localNodeWithoutEndpoint, [service({ spec: LOCAL }), slice([])])).toEqual([]);
    expect(said(localNodeWithoutEndpoint, [service({ spec: LOCAL }), slice([1, 2, 3, 4].map((n) => webOn(n)))])).toEqual([]);
  });

  test('a port of its own endpoints is judged by itself', () => {
    const ports = [
      { name: 'http', port: 80, targetPort: 8080, nodePort: 30080 },
      { name: 'admin', port: 81, targetPort: 'admin', nodePort: 30081 },
    ];
    const named = (name: string, endpoints: Parameters<typeof slice>[0]) =>
      slice(endpoints, { metadata: { name: `web-${name}` }, top: { ports: [{ name, port: 8080, protocol: 'TCP' }] } });
    const raw = [node(1), node(2), service({ spec: { ...LOCAL, ports } }), named('http', [webOn(1), webOn(2)]), named('admin', [webOn(1)])];
    expect(said(localNodeWithoutEndpoint, raw)[0]?.message).toBe('1 of 2 nodes drops outside traffic to ns1/web on port admin: node2');
  });
});

describe('local-no-reachable-target', () => {
  test('the only node with an endpoint is left out by its label', () => {
    const raw = [node(1, { labels: EXCLUDED }), node(2), balancer({ spec: LOCAL }), slice([webOn(1)])];
    const [finding] = said(localNoReachableTarget, raw);
    expect(finding).toMatchObject({ severity: 'error', objects: ['Node node1'] });
    expect(finding?.why).toContain('node1 (label node.kubernetes.io/exclude-from-external-load-balancers=)');
    expect(finding?.remedy).toContain('kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers-');
  });

  test('silent when the label says false, and when one node remains', () => {
    const off = { 'node.kubernetes.io/exclude-from-external-load-balancers': 'false' };
    expect(said(localNoReachableTarget, [node(1, { labels: off }), balancer({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    const raw = [node(1, { labels: EXCLUDED }), node(2), balancer({ spec: LOCAL }), slice([webOn(1), webOn(2)])];
    expect(said(localNoReachableTarget, raw)).toEqual([]);
  });

  test('a NodePort Service has no load balancer that leaves nodes out', () => {
    expect(said(localNoReachableTarget, [node(1, { labels: EXCLUDED }), service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
  });
});
