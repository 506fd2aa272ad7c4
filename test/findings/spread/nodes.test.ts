import { describe, expect, test } from 'vitest';
import { endpointNodeNotAnLbTarget } from '../../../src/findings/spread/SIP112-endpoint-node-not-an-lb-target.ts';
import { endpointNodeNotReady } from '../../../src/findings/spread/SIP113-endpoint-node-notready.ts';
import { balancer, node, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

describe('endpoint-node-not-an-lb-target', () => {
  test('an endpoint on a node with the exclusion label gets nothing', () => {
    const raw = [node(1, { labels: { [EXCLUDED]: '' } }), node(2), balancer({ spec: LOCAL }), slice([webOn(1), webOn(2)])];
    const [finding] = said(endpointNodeNotAnLbTarget, raw);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node1'] });
    expect(finding?.message).toBe('1 of 2 endpoints of ns1/web gets no outside traffic: the load balancer leaves node1 out');
    expect(finding?.remedy).toContain(`kubectl label node node1 ${EXCLUDED}-`);
  });

  test("Karpenter's taint counts for the AWS controller only", () => {
    const of = (change: Parameters<typeof balancer>[0]) =>
      said(endpointNodeNotAnLbTarget, [
        node(1, { taints: ['karpenter.sh/disrupted'] }),
        node(2),
        balancer(change),
        slice([webOn(1), webOn(2)]),
      ]);
    const aws = { spec: { ...LOCAL, loadBalancerClass: 'service.k8s.aws/nlb' }, ingress: [{ hostname: 'a.elb.eu-west-1.amazonaws.com' }] };
    expect(of(aws)[0]?.why).toContain('taint karpenter.sh/disrupted');
    expect(of({ spec: LOCAL })).toEqual([]);
  });

  test('silent: the label says false, the node is only not Ready, policy Cluster, no load balancer', () => {
    const with1 = (first: ReturnType<typeof node>, web: ReturnType<typeof service>) =>
      said(endpointNodeNotAnLbTarget, [first, node(2), web, slice([webOn(1), webOn(2)])]);
    expect(with1(node(1, { labels: { [EXCLUDED]: 'false' } }), balancer({ spec: LOCAL }))).toEqual([]);
    expect(with1(node(1, { ready: 'False' }), balancer({ spec: LOCAL }))).toEqual([]);
    expect(
      with1(node(1, { ready: 'False' }), balancer({ spec: LOCAL, metadata: { annotations: { 'metallb.io/address-pool': 'a' } } })),
    ).toEqual([]);
    expect(with1(node(1, { labels: { [EXCLUDED]: '' } }), balancer())).toEqual([]);
    expect(with1(node(1, { labels: { [EXCLUDED]: '' } }), service({ spec: LOCAL }))).toEqual([]);
  });
});

describe('endpoint-node-notready', () => {
  test('an endpoint still in use on a node that is not Ready', () => {
    const [finding] = said(endpointNodeNotReady, [
      node(1, { ready: 'Unknown' }),
      node(2),
      service({ spec: LOCAL }),
      slice([webOn(1), webOn(2)]),
    ]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node1'] });
    expect(finding?.message).toContain('1 of 2 endpoints of ns1/web in use stands on a node that is not Ready: node1');
  });

  test('silent once its endpoint is marked unready, or the node is cordoned only', () => {
    const gone = webOn(1, { conditions: { ready: false, serving: false, terminating: false } });
    expect(said(endpointNodeNotReady, [node(1, { ready: 'False' }), node(2), service(), slice([gone, webOn(2)])])).toEqual([]);
    const cordoned = node(1, { taints: ['node.kubernetes.io/unschedulable'] });
    expect(said(endpointNodeNotReady, [cordoned, node(2), service(), slice([webOn(1), webOn(2)])])).toEqual([]);
  });
});
