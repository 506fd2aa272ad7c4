import { describe, expect, test } from 'vitest';
import { networkpolicyIpblockSeesTranslatedIp } from '../../../src/findings/source/SIP207-networkpolicy-ipblock-sees-translated-ip.ts';
import { sourceRangesBypassed } from '../../../src/findings/source/SIP208-source-ranges-bypassed.ts';
import { k3sServicelbSnat } from '../../../src/findings/source/SIP209-k3s-servicelb-snat.ts';
import { cniMasqueradesExternal } from '../../../src/findings/source/SIP210-cni-masquerades-external.ts';
import { clusteripAdvertisedSnat } from '../../../src/findings/source/SIP211-clusterip-advertised-snat.ts';
import { localDevNat } from '../../../src/findings/source/SIP212-local-dev-nat.ts';
import { masqueradeAll } from '../../../src/findings/source/SIP213-masquerade-all.ts';
import { hostnetworkEndpoints } from '../../../src/findings/source/SIP214-hostnetwork-endpoints.ts';
import { balancer, daemonSet, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { podOf } from '../hairpin/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };

describe('networkpolicy-ipblock-sees-translated-ip', () => {
  const enforced = [...kubeadm(), ...flannel(), daemonSet('kube-network-policies')];
  const pod = podOf('web-1', 1, { namespace: 'ns1', labels: { app: 'web' }, ip: '10.244.1.10' });
  const policy = (ingress: readonly Raw[], spec: Raw = {}) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'office', namespace: 'ns1' },
    spec: { podSelector: { matchLabels: { app: 'web' } }, ingress, ...spec },
  });
  const from = (cidr: string, except: readonly string[] = []) => [{ from: [{ ipBlock: { cidr, except } }] }];
  const with_ = (raw: Raw, change: { plane?: readonly Raw[]; web?: Raw } = {}) =>
    said(networkpolicyIpblockSeesTranslatedIp, [...(change.plane ?? enforced), change.web ?? service(), slice([webOn(1)]), pod, raw]);

  test('a policy that allows outside networks keeps outside clients out', () => {
    const [finding] = with_(policy(from('198.51.100.0/24')));
    expect(finding).toMatchObject({ severity: 'error', confidence: 'derived', objects: ['NetworkPolicy office'] });
    expect(finding?.message).toContain('keeps outside clients of ns1/web out that enter by another node');
    expect(finding?.why).toContain('10.244.2.0, 10.244.3.0');
  });
  test('one that allows the nodes beside lets everybody in', () => {
    expect(with_(policy([...from('198.51.100.0/24'), ...from('10.0.0.0/8')]))).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('lets every outside client') },
    ]);
  });
  test('who enforces policies is not known: a hint', () => {
    const unknown = [...kubeadm(), daemonSet('aws-node')];
    expect(with_(policy(from('198.51.100.0/24')), { plane: unknown })).toMatchObject([{ severity: 'warning', confidence: 'hint' }]);
  });
  test.for([
    ['Local policy', policy(from('198.51.100.0/24')), { web: service({ spec: LOCAL }) }],
    ['flannel alone enforces nothing', policy(from('198.51.100.0/24')), { plane: [...kubeadm(), ...flannel()] }],
    ['everybody', policy(from('0.0.0.0/0')), {}],
    ['a rule without peers', policy([{}]), {}],
    ['no network at all: outside clients are not meant', policy([{ from: [{ podSelector: {} }] }]), {}],
    ["the cluster's own networks only", policy(from('10.244.0.0/16')), {}],
    ['other pods', policy(from('198.51.100.0/24'), { podSelector: { matchLabels: { app: 'db' } } }), {}],
    [
      'another port: then nothing at all comes in',
      policy([{ ...from('198.51.100.0/24')[0], ports: [{ port: 9090, protocol: 'TCP' }] }]),
      {},
    ],
    ['what goes out', policy([], { policyTypes: ['Egress'] }), {}],
  ] as const)('silent: %s', ([, raw, change]) => expect(with_(raw, change)).toEqual([]));
});

describe('source-ranges-bypassed', () => {
  const ranges = { loadBalancerSourceRanges: ['192.0.2.0/24'] };
  const open = node(1, {
    addresses: [
      ['InternalIP', '172.18.0.11'],
      ['ExternalIP', '198.51.100.11'],
    ],
  });
  test('the node port of a node with a public address asks nobody', () => {
    const [finding] = said(sourceRangesBypassed, [open, node(2), balancer({ spec: ranges }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node1'] });
    expect(finding?.message).toContain('by node port 30080 of 1 node with a public address: node1');
  });
  test('a load balancer that does not use node ports can do without', () => {
    const raw = [
      open,
      daemonSet('speaker', { namespace: 'metallb-system' }),
      ...kubeadm(),
      ...flannel(),
      balancer({ spec: ranges }),
      slice([webOn(1)]),
    ];
    expect(said(sourceRangesBypassed, raw)[0]?.remedy).toContain('"allocateLoadBalancerNodePorts":false');
  });
  test('silent: no public address, no node port, no ranges, a Local node without endpoint', () => {
    expect(said(sourceRangesBypassed, [balancer({ spec: ranges }), slice([webOn(1)])])).toEqual([]);
    const portless = { ...ranges, allocateLoadBalancerNodePorts: false, ports: [{ port: 80, targetPort: 8080 }] };
    expect(said(sourceRangesBypassed, [open, balancer({ spec: portless }), slice([webOn(1)])])).toEqual([]);
    expect(said(sourceRangesBypassed, [open, balancer(), slice([webOn(1)])])).toEqual([]);
    expect(said(sourceRangesBypassed, [open, node(2), balancer({ spec: { ...ranges, ...LOCAL } }), slice([webOn(2)])])).toEqual([]);
  });
});

describe('k3s-servicelb-snat', () => {
  const k3s = [daemonSet('svclb-web-1a2b3c4d'), ...kubeadm(), ...flannel()];
  const published = [{ ip: '172.18.0.11' }];
  test('a node that is not published and has no endpoint forwards under another address', () => {
    const [finding] = said(k3sServicelbSnat, [node(1), node(2), ...k3s, balancer({ spec: LOCAL, ingress: published }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node2'] });
    expect(finding?.remedy).toContain('kubectl label node node1 svccontroller.k3s.cattle.io/enablelb=true');
  });
  test('silent: ServiceLB runs elsewhere, an endpoint everywhere, Cluster policy, another load balancer', () => {
    const chosen = [node(1, { labels: { 'svccontroller.k3s.cattle.io/enablelb': 'true' } }), node(2)];
    expect(said(k3sServicelbSnat, [...chosen, ...k3s, balancer({ spec: LOCAL, ingress: published }), slice([webOn(1)])])).toEqual([]);
    expect(
      said(k3sServicelbSnat, [node(1), node(2), ...k3s, balancer({ spec: LOCAL, ingress: published }), slice([webOn(1), webOn(2)])]),
    ).toEqual([]);
    expect(said(k3sServicelbSnat, [node(1), node(2), ...k3s, balancer({ ingress: published }), slice([webOn(1)])])).toEqual([]);
    expect(said(k3sServicelbSnat, [node(1), node(2), balancer({ spec: LOCAL, ingress: published }), slice([webOn(1)])])).toEqual([]);
  });
});

describe('cni-masquerades-external', () => {
  const weave = (env: readonly { name: string; value: string }[]) => [
    ...kubeadm(),
    daemonSet('weave-net', { containers: [{ name: 'weave', env }] }),
  ];
  test('Weave Net without NO_MASQ_LOCAL: a hint', () => {
    const [finding] = said(cniMasqueradesExternal, [...weave([]), service({ spec: LOCAL }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'hint', objects: ['DaemonSet weave-net'] });
    expect(finding?.remedy).toBe('kubectl -n kube-system set env daemonset/weave-net NO_MASQ_LOCAL=1');
  });
  test('silent: with it, with flannel, with Cluster policy', () => {
    expect(
      said(cniMasqueradesExternal, [...weave([{ name: 'NO_MASQ_LOCAL', value: '1' }]), service({ spec: LOCAL }), slice([webOn(1)])]),
    ).toEqual([]);
    expect(said(cniMasqueradesExternal, [service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    expect(said(cniMasqueradesExternal, [...weave([]), service(), slice([webOn(1)])])).toEqual([]);
  });
});

describe('clusterip-advertised-snat', () => {
  const bgp = (spec: Raw) => ({ apiVersion: 'crd.projectcalico.org/v1', kind: 'BGPConfiguration', metadata: { name: 'default' }, spec });
  test('Calico announces clusterIPs', () => {
    expect(said(clusteripAdvertisedSnat, [bgp({ serviceClusterIPs: [{ cidr: '10.96.0.0/12' }] })])).toMatchObject([
      { severity: 'info', confidence: 'hint', objects: ['BGPConfiguration default'] },
    ]);
  });
  test('silent: other addresses only, and Calico without kube-proxy', () => {
    expect(said(clusteripAdvertisedSnat, [bgp({ serviceLoadBalancerIPs: [{ cidr: '203.0.113.0/24' }] })])).toEqual([]);
    const ebpf = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'FelixConfiguration',
      metadata: { name: 'default' },
      spec: { bpfEnabled: true },
    };
    expect(said(clusteripAdvertisedSnat, [daemonSet('calico-node'), ebpf, bgp({ serviceClusterIPs: [{ cidr: '10.96.0.0/12' }] })])).toEqual(
      [],
    );
  });
});

test('local-dev-nat: kind, minikube and k3d forward ports on their own; other clusters do not', () => {
  expect(said(localDevNat, [...nodes(2, { providerID: 'kind://docker/kind/kind-worker' }), service()])).toMatchObject([
    { severity: 'info', confidence: 'hint' },
  ]);
  expect(said(localDevNat, [...nodes(1, { labels: { 'minikube.k8s.io/name': 'minikube' } }), service()])).toHaveLength(1);
  expect(said(localDevNat, [service()])).toEqual([]);
  expect(
    said(localDevNat, [...nodes(2, { providerID: 'kind://x' }), service({ spec: { type: 'ClusterIP', ports: [{ port: 80 }] } })]),
  ).toEqual([]);
});

describe('masquerade-all', () => {
  const plane = (config: string) => [...kubeadm(config), ...flannel()];
  test('set for the mode that runs', () => {
    const [finding] = said(masqueradeAll, [...plane('mode: iptables\nclusterCIDR: 10.244.0.0/16\niptables:\n  masqueradeAll: true\n')]);
    expect(finding).toMatchObject({ severity: 'warning', message: expect.stringContaining('(4 nodes)') });
  });
  test('silent: not set, or set for the other mode', () => {
    expect(said(masqueradeAll, [])).toEqual([]);
    expect(said(masqueradeAll, [...plane('mode: iptables\nclusterCIDR: 10.244.0.0/16\nnftables:\n  masqueradeAll: true\n')])).toEqual([]);
  });
});

describe('hostnetwork-endpoints', () => {
  const host = (number: number) => webOn(number, { ip: `172.18.0.${10 + number}` });
  test('seen where the node itself is asked', () => {
    expect(said(hostnetworkEndpoints, [service(), slice([host(1), webOn(2)])])).toMatchObject([
      { severity: 'info', objects: ['Node node1'] },
    ]);
  });
  test('silent: pods on the pod network, Local policy, no way in from outside', () => {
    expect(said(hostnetworkEndpoints, [service(), slice([webOn(1)])])).toEqual([]);
    expect(said(hostnetworkEndpoints, [service({ spec: LOCAL }), slice([host(1)])])).toEqual([]);
    expect(said(hostnetworkEndpoints, [service({ spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }), slice([host(1)])])).toEqual([]);
  });
});
