import { describe, expect, test } from 'vitest';
import { hairpinNlbLoopback } from '../../../src/findings/hairpin/SIP128-hairpin-nlb-loopback.ts';
import { hairpinBackendVmIlb } from '../../../src/findings/hairpin/SIP129-hairpin-backend-vm-ilb.ts';
import { hairpinSamePod } from '../../../src/findings/hairpin/SIP130-hairpin-same-pod.ts';
import { podToRemoteNodeport } from '../../../src/findings/hairpin/SIP131-pod-to-remote-nodeport.ts';
import { externalClientInsideClusterCidr } from '../../../src/findings/hairpin/SIP132-external-client-inside-cluster-cidr.ts';
import { certManagerSelfcheckStuck } from '../../../src/findings/hairpin/SIP133-cert-manager-selfcheck-stuck.ts';
import { ipmodeProxyUnreachable } from '../../../src/findings/hairpin/SIP134-ipmode-proxy-unreachable.ts';
import { sourceRangesBlockInCluster } from '../../../src/findings/hairpin/SIP167-source-ranges-block-in-cluster.ts';
import { balancer, daemonSet, flannel, kubeadm, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';
import { certManager, challenge, ingress, podOf } from './objects.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const ELB = 'web-0123.elb.eu-west-1.amazonaws.com';

describe('hairpin-nlb-loopback', () => {
  const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';
  const nlb = (annotations: Raw = {}, spec: Raw = {}) =>
    balancer({
      spec: { loadBalancerClass: 'service.k8s.aws/nlb', ...spec },
      metadata: { annotations: { [`${AWS}scheme`]: 'internal', ...annotations } },
      ingress: [{ hostname: ELB }],
    });
  const front = ingress('app.example.com', { published: ELB });
  const caller = podOf('api', 2, { env: { URL: 'http://app.example.com' } });

  test('a pod on a target node calls: sometimes the load balancer chooses its own node', () => {
    const [finding] = said(hairpinNlbLoopback, [nlb(), slice([webOn(1)]), front, caller]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'derived' });
    expect(finding?.message).toBe(
      'about 1 in 4 of the calls to the load balancer of ns1/web from each of its target nodes hang, such as those of pod shop/api (env URL names app.example.com:80)',
    );
    expect(finding?.remedy).toContain('preserve_client_ip.enabled=false,proxy_protocol_v2.enabled=true');
  });

  test('one target: all calls from its node', () => {
    const raw = [nlb({}, LOCAL), slice([webOn(2)]), front, caller];
    expect(said(hairpinNlbLoopback, raw)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('all calls to the load balancer of ns1/web from node node2 hang') },
    ]);
  });

  test('nobody known to call: worth knowing', () => {
    expect(said(hairpinNlbLoopback, [nlb(), slice([webOn(1)]), front])).toMatchObject([{ severity: 'info' }]);
    // The caller is on a node that is no target: it always gets through.
    expect(said(hairpinNlbLoopback, [nlb({}, LOCAL), slice([webOn(1)]), front, caller])).toMatchObject([{ severity: 'info' }]);
  });

  test.for([
    ['pods are the targets', nlb({ [`${AWS}nlb-target-type`]: 'ip' }), front],
    ["the load balancer's own address is shown", nlb({ [`${AWS}target-group-attributes`]: 'preserve_client_ip.enabled=false' }), front],
    ['a public load balancer: nodes come by the NAT gateway', nlb({ [`${AWS}scheme`]: 'internet-facing' }), front],
    ['nothing says that anybody would call', nlb(), ingress('app.example.com', { published: 'other.example.net' })],
  ] as const)('silent: %s', ([, web, before]) => {
    expect(said(hairpinNlbLoopback, [web, slice([webOn(1)]), before])).toEqual([]);
  });

  test('UDP keeps the client whatever the attribute says', () => {
    const ports = { ports: [{ port: 53, targetPort: 53, nodePort: 30053, protocol: 'UDP' }] };
    const raw = [nlb({ [`${AWS}target-group-attributes`]: 'preserve_client_ip.enabled=false' }, ports), slice([webOn(1)]), front];
    expect(said(hairpinNlbLoopback, raw)).toHaveLength(1);
  });
});

describe('hairpin-backend-vm-ilb', () => {
  const internal = { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' };
  const azure = nodes(2, { providerID: 'azure:///x' });
  test('an internal load balancer of which kube-proxy knows no address', () => {
    const raw = [...azure, balancer({ metadata: { annotations: internal }, ingress: [{ hostname: 'web.internal' }] }), slice([webOn(1)])];
    expect(said(hairpinBackendVmIlb, raw)).toMatchObject([
      { severity: 'info', confidence: 'hint', message: expect.stringContaining('Azure') },
    ]);
  });
  test('silent where kube-proxy answers first, and for a public one', () => {
    expect(said(hairpinBackendVmIlb, [...azure, balancer({ metadata: { annotations: internal } })])).toEqual([]);
    expect(said(hairpinBackendVmIlb, [...azure, balancer({ ingress: [{ hostname: 'web.example.com' }] })])).toEqual([]);
  });
});

describe('hairpin-same-pod', () => {
  const plane = (hairpinMode: boolean) => [
    ...kubeadm(),
    ...flannel({ cni: { name: 'cbr0', plugins: [{ type: 'flannel', delegate: { hairpinMode, isDefaultGateway: true } }] } }),
  ];
  const own = (number: number, env = {}) =>
    podOf(`web-${number}`, number, { namespace: 'ns1', labels: { app: 'web' }, ip: `10.244.${number}.10`, env });
  test('the bridge has no hairpin mode: the only endpoint never reaches itself', () => {
    const [finding] = said(hairpinSamePod, [...plane(false), service(), slice([webOn(1)]), own(1)]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Pod web-1'] });
    expect(finding?.message).toBe('pod ns1/web-1 never gets an answer from itself through ns1/web');
  });
  test('one of several endpoints: felt only where the pod asks for itself', () => {
    expect(said(hairpinSamePod, [...plane(false), service(), slice([webOn(1), webOn(2)]), own(1), own(2)])).toMatchObject([
      { severity: 'info' },
    ]);
  });
  test('silent with hairpin mode, on the host network, without the pod', () => {
    expect(said(hairpinSamePod, [...plane(true), service(), slice([webOn(1)]), own(1)])).toEqual([]);
    expect(said(hairpinSamePod, [...plane(false), service(), slice([webOn(1)])])).toEqual([]);
    const host = podOf('web-1', 1, { namespace: 'ns1', labels: { app: 'web' }, hostNetwork: true });
    expect(said(hairpinSamePod, [...plane(false), service(), slice([webOn(1, { ip: '172.18.0.11' })]), host])).toEqual([]);
  });
});

describe('pod-to-remote-nodeport', () => {
  const named = (number: number, target: string) => podOf('api', number, { env: { BACKEND: target } });
  test('a pod names the node port of a node without an endpoint', () => {
    const [finding] = said(podToRemoteNodeport, [service({ spec: LOCAL }), slice([webOn(1)]), named(2, 'http://172.18.0.13:30080')]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Pod api'] });
    expect(finding?.message).toBe(
      'pod shop/api (env BACKEND names 172.18.0.13:30080) gets no answer from node port 172.18.0.13:30080 of ns1/web',
    );
  });
  test.for([
    ['a node with an endpoint', LOCAL, '172.18.0.11:30080'],
    ["the pod's own node: taken for inside traffic", LOCAL, '172.18.0.12:30080'],
    ['Cluster policy', {}, '172.18.0.13:30080'],
    ['another port', LOCAL, '172.18.0.13:30081'],
    ['no address of a node', LOCAL, '172.18.0.99:30080'],
  ] as const)('silent: %s', ([, spec, target]) => {
    expect(said(podToRemoteNodeport, [service({ spec }), slice([webOn(1)]), named(2, target)])).toEqual([]);
  });
});

describe('external-client-inside-cluster-cidr', () => {
  const whole = [...kubeadm('mode: iptables\nclusterCIDR: 172.16.0.0/12\n'), daemonSet('kindnet')];
  test("node addresses lie in what kube-proxy takes for the pods' network", () => {
    const raw = [...whole, service({ spec: LOCAL }), slice([webOn(1), webOn(2)])];
    const [finding] = said(externalClientInsideClusterCidr, raw);
    expect(finding).toMatchObject({ severity: 'error', message: expect.stringContaining('172.16.0.0/12') });
    expect(finding?.why).toContain('Service ns1/web');
  });
  test('without any Local Service nobody loses an answer', () => {
    expect(said(externalClientInsideClusterCidr, [...whole, service(), slice([webOn(1)])])).toMatchObject([{ severity: 'info' }]);
  });
  test('flannel masquerades what does not come from pods, and so saves the answers', () => {
    const flat = [...kubeadm('mode: iptables\nclusterCIDR: 172.16.0.0/12\n'), ...flannel()];
    expect(said(externalClientInsideClusterCidr, [...flat, service({ spec: LOCAL }), slice([webOn(1), webOn(2)])])).toMatchObject([
      { severity: 'info' },
    ]);
  });
  test('silent: a network of pods alone, and other ways to tell pods', () => {
    expect(said(externalClientInsideClusterCidr, [service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    const byNode = [...kubeadm('mode: iptables\nclusterCIDR: 172.16.0.0/12\ndetectLocalMode: NodeCIDR\n'), ...flannel()];
    expect(said(externalClientInsideClusterCidr, [...byNode, service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
  });
});

describe('cert-manager-selfcheck-stuck', () => {
  const stuck = (...raw: readonly Raw[]) =>
    said(certManagerSelfcheckStuck, [balancer(), slice([webOn(1)]), ingress('app.example.com'), certManager(2), ...raw]);
  test("cert-manager says so, and the host is this Service's", () => {
    const [finding] = stuck(challenge('app.example.com'));
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'observed', objects: ['Challenge tls-app-example-com'] });
    expect(finding?.why).toContain('failed to perform self check GET request');
    expect(finding?.why).toContain('The Services let its connection through');
  });
  test('silent: another host, DNS-01, presented and waiting for the authority, done', () => {
    expect(stuck(challenge('other.example.org'))).toEqual([]);
    expect(stuck(challenge('app.example.com', { type: 'DNS-01' }))).toEqual([]);
    expect(stuck(challenge('app.example.com', { reason: 'Waiting for the authority' }))).toEqual([]);
    expect(stuck(challenge('app.example.com', { state: 'valid' }))).toEqual([]);
  });
});

describe('ipmode-proxy-unreachable', () => {
  const proxied = { ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] };
  test('MetalLB brings the address to the nodes, and none serves it', () => {
    const [finding] = said(ipmodeProxyUnreachable, [
      daemonSet('speaker', { namespace: 'metallb-system' }),
      ...kubeadm(),
      ...flannel(),
      balancer(proxied),
      slice([webOn(1)]),
    ]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'derived' });
    expect(finding?.remedy).toContain('"path":"/status/loadBalancer/ingress/0/ipMode","value":"VIP"');
  });
  test('an annotation alone is a hint', () => {
    const raw = [balancer({ ...proxied, metadata: { annotations: { 'metallb.io/address-pool': 'p' } } }), slice([webOn(1)])];
    expect(said(ipmodeProxyUnreachable, raw)).toMatchObject([{ severity: 'warning', confidence: 'hint' }]);
  });
  test('silent: a load balancer that asks node ports, ipMode VIP, a kube-proxy that knows no ipMode, nobody known', () => {
    expect(said(ipmodeProxyUnreachable, [...nodes(2, { providerID: 'hcloud://1' }), balancer(proxied), slice([webOn(1)])])).toEqual([]);
    const gce = nodes(2, { providerID: 'gce://p/z/n' });
    expect(
      said(ipmodeProxyUnreachable, [...gce, balancer({ ingress: [{ ip: '203.0.113.80', ipMode: 'VIP' }] }), slice([webOn(1)])]),
    ).toEqual([]);
    const old = [...kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.29.1'), ...flannel()];
    expect(said(ipmodeProxyUnreachable, [...gce, ...old, balancer(proxied), slice([webOn(1)])])).toEqual([]);
    expect(said(ipmodeProxyUnreachable, [balancer(proxied), slice([webOn(1)])])).toEqual([]);
  });
});

describe('source-ranges-block-in-cluster', () => {
  const ranges = (...list: readonly string[]) => [balancer({ spec: { loadBalancerSourceRanges: list } }), slice([webOn(1)])];
  test('neither pods nor nodes are in the ranges', () => {
    const [finding] = said(sourceRangesBlockInCluster, ranges('192.0.2.0/24'));
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'derived', objects: [] });
    expect(finding?.message).toBe(
      'pods on every node and processes and hostNetwork pods on every node get no answer from 203.0.113.80 of ns1/web',
    );
    expect(finding?.remedy).toContain('"loadBalancerSourceRanges":["192.0.2.0/24","POD-CIDR","NODE-CIDR"]');
  });
  test('pods are, nodes are not', () => {
    expect(said(sourceRangesBlockInCluster, ranges('192.0.2.0/24', '10.244.0.0/16'))[0]?.message).toMatch(
      /^processes and hostNetwork pods on every node/,
    );
  });
  test('silent: ranges that hold both, a host name, ipMode Proxy, no ranges', () => {
    expect(said(sourceRangesBlockInCluster, ranges('10.244.0.0/16', '172.18.0.0/16'))).toEqual([]);
    expect(said(sourceRangesBlockInCluster, [balancer(), slice([webOn(1)])])).toEqual([]);
    for (const entry of [{ hostname: 'lb.example.com' }, { ip: '203.0.113.80', ipMode: 'Proxy' }])
      expect(
        said(sourceRangesBlockInCluster, [
          balancer({ spec: { loadBalancerSourceRanges: ['192.0.2.0/24'] }, ingress: [entry] }),
          slice([webOn(1)]),
        ]),
      ).toEqual([]);
  });
});
