import { describe, expect, test } from 'vitest';
import { lbPending } from '../../../src/findings/ports/SIP164-lb-pending.ts';
import { externalIpsLocal } from '../../../src/findings/ports/SIP165-externalips-local.ts';
import { externalIpNotOnNode } from '../../../src/findings/ports/SIP166-externalip-not-on-node.ts';
import { balancer, daemonSet, flannel, kubeadm, nodes, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };

describe('lb-pending', () => {
  test('no address yet: what works meanwhile, and who should serve it', () => {
    const [finding] = said(lbPending, [balancer({ spec: { loadBalancerClass: 'example.com/lb' }, ingress: [] })]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'observed' });
    expect(finding?.message).toBe('the load balancer of ns1/web has no address yet: outside clients reach it through node ports only');
    expect(finding?.why).toContain('loadBalancerClass "example.com/lb"');
  });

  test('silent: an address, a hostname, another type, a manifest that is not applied yet', () => {
    expect(said(lbPending, [balancer()])).toEqual([]);
    expect(said(lbPending, [balancer({ ingress: [{ hostname: 'lb.example.com' }] })])).toEqual([]);
    expect(said(lbPending, [service()])).toEqual([]);
    expect(said(lbPending, [balancer({ ingress: [] })], { unapplied: new Set(['ns1/web']) })).toEqual([]);
  });
});

describe('externalips-local', () => {
  test('the address belongs to a node without an endpoint', () => {
    const [finding] = said(externalIpsLocal, [service({ spec: { ...LOCAL, externalIPs: ['172.18.0.12'] } }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node2'] });
    expect(finding?.message).toBe('outside traffic to externalIP 172.18.0.12 of ns1/web is dropped on node2');
  });

  test('an address of no node: every node without an endpoint drops it', () => {
    const raw = [...nodes(3), service({ spec: { ...LOCAL, externalIPs: ['198.51.100.7'] } }), slice([webOn(1)])];
    expect(said(externalIpsLocal, raw)[0]?.message).toContain('is dropped on node2, node3');
  });

  test('silent: the owner has an endpoint, policy Cluster, type ClusterIP before 1.29, where the policy is not in force', () => {
    expect(said(externalIpsLocal, [service({ spec: { ...LOCAL, externalIPs: ['172.18.0.11'] } }), slice([webOn(1)])])).toEqual([]);
    expect(said(externalIpsLocal, [service({ spec: { externalIPs: ['172.18.0.12'] } }), slice([webOn(1)])])).toEqual([]);
    const inner = { ...LOCAL, type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080 }], externalIPs: ['172.18.0.12'] };
    const old = [...kubeadm('mode: iptables\nclusterCIDR: 10.244.0.0/16\n', 'registry.k8s.io/kube-proxy:v1.28.9'), ...flannel()];
    expect(said(externalIpsLocal, [...old, service({ spec: inner }), slice([webOn(1)])])).toEqual([]);
    expect(said(externalIpsLocal, [service({ spec: inner }), slice([webOn(1)])])).toHaveLength(1);
  });
});

describe('externalip-not-on-node', () => {
  const strange = service({ spec: { externalIPs: ['198.51.100.7'] } });

  test('no node has it and nothing announces it: a hint', () => {
    const [finding] = said(externalIpNotOnNode, [strange]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'hint' });
    expect(finding?.message).toContain('198.51.100.7 of ns1/web is an address of no node');
  });

  test("silent: a node's address, the load balancer's own, announced by Calico, software that holds addresses", () => {
    expect(said(externalIpNotOnNode, [service({ spec: { externalIPs: ['172.18.0.12'] } })])).toEqual([]);
    expect(said(externalIpNotOnNode, [balancer({ spec: { externalIPs: ['203.0.113.80'] } })])).toEqual([]);
    const bgp = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'BGPConfiguration',
      metadata: { name: 'default' },
      spec: { serviceExternalIPs: [{ cidr: '198.51.100.0/24' }] },
    };
    expect(said(externalIpNotOnNode, [strange, bgp])).toEqual([]);
    expect(said(externalIpNotOnNode, [strange, ...kubeadm(), daemonSet('keepalived-vip')])).toEqual([]);
  });
});
