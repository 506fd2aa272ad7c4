import { describe, expect, test } from 'vitest';
import { imbalanceLocal } from '../../../src/findings/spread/SIP138-imbalance-local.ts';
import { sessionAffinityCollapse } from '../../../src/findings/spread/SIP144-session-affinity-collapse.ts';
import { trafficDistributionAndEntryNode } from '../../../src/findings/spread/SIP145-traffic-distribution-and-entry-node.ts';
import { balancer, node, nodes, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const GCP = { providerID: 'gce://p/z/n' };
const also = (number: number, last: number) => webOn(number, { ip: `10.244.${number}.${last}`, pod: `web-${number}-${last}` });

describe('imbalance-local', () => {
  test('two pods on one node, one on another: 25, 25 and 50 %', () => {
    const raw = [...nodes(3, GCP), balancer({ spec: LOCAL }), slice([webOn(1), also(1, 11), webOn(2)])];
    const [finding] = said(imbalanceLocal, raw);
    expect(finding).toMatchObject({ severity: 'info', objects: ['Node node2'] });
    expect(finding?.message).toBe(
      'outside traffic to ns1/web is uneven: an endpoint on node2 gets 50 %, others 25 % (1.5 times its fair share)',
    );
  });

  test('from twice the fair share on it is a warning', () => {
    const crowd = [webOn(1), also(1, 11), also(1, 12), webOn(2)];
    expect(said(imbalanceLocal, [...nodes(2, GCP), balancer({ spec: LOCAL }), slice(crowd)])).toMatchObject([{ severity: 'warning' }]);
  });

  test('of an unknown load balancer it is a hint', () => {
    const raw = [balancer({ spec: LOCAL }), slice([webOn(1), also(1, 11), webOn(2)])];
    expect(said(imbalanceLocal, raw)).toMatchObject([{ confidence: 'hint' }]);
  });

  test('silent: even numbers, policy Cluster, weights by pods, one node only, an address that one node announces', () => {
    const uneven = slice([webOn(1), also(1, 11), webOn(2)]);
    const even = slice([webOn(1), also(1, 11), webOn(2), also(2, 11)]);
    expect(said(imbalanceLocal, [...nodes(3, GCP), balancer({ spec: LOCAL }), even])).toEqual([]);
    expect(said(imbalanceLocal, [...nodes(3, GCP), balancer(), uneven])).toEqual([]);
    const weighted = { annotations: { 'networking.gke.io/weighted-load-balancing': 'pods-per-node' } };
    expect(said(imbalanceLocal, [...nodes(3, GCP), balancer({ spec: LOCAL, metadata: weighted }), uneven])).toEqual([]);
    expect(said(imbalanceLocal, [...nodes(3, GCP), balancer({ spec: LOCAL }), slice([webOn(1), also(1, 11)])])).toEqual([]);
    const metallb = { annotations: { 'metallb.io/address-pool': 'a' } };
    expect(said(imbalanceLocal, [...nodes(3), balancer({ spec: LOCAL, metadata: metallb }), uneven])).toEqual([]);
  });
});

describe('session-affinity-collapse', () => {
  const AFFINE = { sessionAffinity: 'ClientIP' };
  const both = slice([webOn(1), webOn(2)]);
  const HETZNER = { providerID: 'hcloud://1' };

  test('a load balancer that is a proxy hides who is who', () => {
    const [finding] = said(sessionAffinityCollapse, [...nodes(2, HETZNER), balancer({ spec: AFFINE }), both]);
    expect(finding).toMatchObject({ severity: 'warning' });
    expect(finding?.message).toContain('sends all clients behind one address of the load balancer to one pod');
  });

  test('a load balancer that spreads clients over nodes finds another table on each', () => {
    const aws = { loadBalancerClass: 'service.k8s.aws/nlb' };
    const raw = [...nodes(2), balancer({ spec: { ...AFFINE, ...aws }, ingress: [{ hostname: 'a.elb.eu-west-1.amazonaws.com' }] }), both];
    const [finding] = said(sessionAffinityCollapse, raw);
    expect(finding).toMatchObject({ severity: 'info' });
    expect(finding?.message).toContain('holds per node only');
    expect(finding?.remedy).toContain('stickiness.type=source_ip');
  });

  test('silent: masquerading by kube-proxy alone, a provider that is sticky itself, one endpoint, no affinity', () => {
    expect(said(sessionAffinityCollapse, [service({ spec: AFFINE }), both])).toEqual([]);
    expect(said(sessionAffinityCollapse, [...nodes(2, GCP), balancer({ spec: AFFINE }), both])).toEqual([]);
    expect(said(sessionAffinityCollapse, [...nodes(2, HETZNER), balancer({ spec: AFFINE }), slice([webOn(1)])])).toEqual([]);
    expect(said(sessionAffinityCollapse, [...nodes(2, HETZNER), balancer(), both])).toEqual([]);
  });
});

describe('traffic-distribution-and-entry-node', () => {
  const zoned = (number: number, zone: string) => node(number, { labels: { 'topology.kubernetes.io/zone': zone } });
  const hinted = (number: number, zone: string) => webOn(number, { hints: { forZones: [{ name: zone }] } });
  const CLOSE = { trafficDistribution: 'PreferClose' };

  test('each entry node prefers the endpoints of its zone', () => {
    const raw = [zoned(1, 'a'), zoned(2, 'b'), service({ spec: CLOSE }), slice([hinted(1, 'a'), hinted(2, 'b')])];
    const [finding] = said(trafficDistributionAndEntryNode, raw);
    expect(finding).toMatchObject({ severity: 'info' });
    expect(finding?.why).toContain('trafficDistribution PreferClose');
  });

  test('an endpoint in a zone without entry nodes gets nothing', () => {
    const out = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
    const second = node(2, { labels: { 'topology.kubernetes.io/zone': 'b', ...out } });
    const raw = [zoned(1, 'a'), second, balancer({ spec: CLOSE }), slice([hinted(1, 'a'), hinted(2, 'b')])];
    const [finding] = said(trafficDistributionAndEntryNode, raw);
    expect(finding).toMatchObject({ severity: 'warning' });
    expect(finding?.message).toContain('1 of 2 endpoints of ns1/web gets no outside traffic');
  });

  test('silent: one endpoint without a hint switches hints off; policy Local ignores them; nobody asked for them', () => {
    const two = [zoned(1, 'a'), zoned(2, 'b')];
    expect(said(trafficDistributionAndEntryNode, [...two, service({ spec: CLOSE }), slice([hinted(1, 'a'), webOn(2)])])).toEqual([]);
    const all = slice([hinted(1, 'a'), hinted(2, 'b')]);
    expect(said(trafficDistributionAndEntryNode, [...two, service({ spec: { ...CLOSE, ...LOCAL } }), all])).toEqual([]);
    expect(said(trafficDistributionAndEntryNode, [...two, service(), slice([webOn(1), webOn(2)])])).toEqual([]);
  });
});
