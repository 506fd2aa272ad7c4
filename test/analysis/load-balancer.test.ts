import { describe, expect, test } from 'vitest';
import type { LoadBalancerView } from '../../src/analysis/report.ts';
import type { NodeOptions, Raw } from '../cluster/objects.ts';
import { balancer, configMap, daemonSet, flannel, kubeadm, node, nodes, slice, webOn } from '../cluster/objects.ts';
import { ask } from './ask.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';
const TAINT = 'ToBeDeletedByClusterAutoscaler';
const base = [...kubeadm(), ...flannel()];

function view(raw: readonly Raw[]): LoadBalancerView {
  const found = ask([...base, ...raw]).loadBalancer;
  if (found === undefined) throw new Error('no load balancer in the report');
  return found;
}

function rotation(found: LoadBalancerView): Record<string, boolean | null> {
  return Object.fromEntries(found.nodes.map((each) => [each.node, each.inRotation]));
}

/** `node: why, status`, of one node. */
function standing(found: LoadBalancerView, name: string): string {
  const each = found.nodes.find((candidate) => candidate.node === name);
  return `${each?.inRotation} ${each?.httpStatus} ${each?.why}`;
}

test('only a LoadBalancer Service has one', () => {
  const nodePort = { ...balancer(), spec: { ...(balancer()['spec'] as object), type: 'NodePort' } };
  expect(ask([...base, ...nodes(2), nodePort, slice([webOn(1)])]).loadBalancer).toBeUndefined();
});

describe('which nodes it keeps, provider not known', () => {
  test('Local: those whose health check answers 200', () => {
    const found = view([...nodes(3), balancer({ spec: LOCAL }), slice([webOn(1), webOn(1, { ip: '10.244.1.11' }), webOn(3)])]);
    expect(found.healthCheck).toEqual({ what: 'healthCheckNodePort', port: 31000, path: '/healthz' });
    expect(standing(found, 'node1')).toBe('true 200 2 ready local endpoints');
    expect(standing(found, 'node2')).toBe('false 503 0 ready local endpoints');
    expect(standing(found, 'node3')).toBe('true 200 1 ready local endpoint');
  });

  test('Local: a terminating pod does not pass the health check, though it still serves', () => {
    const going = { conditions: { ready: false, serving: true, terminating: true } };
    const found = view([...nodes(2), balancer({ spec: LOCAL }), slice([webOn(1, going), webOn(2)])]);
    expect(rotation(found)).toEqual({ node1: false, node2: true });
    expect(found.shares.map((share) => share.endpoint.pod)).toEqual(['web-2']);
  });

  test('Cluster: all, by kube-proxy’s own health', () => {
    const found = view([...nodes(2), balancer(), slice([webOn(1)])]);
    expect(found.healthCheck).toEqual({ what: 'kube-proxy healthz', port: 10256, path: '/healthz' });
    expect(rotation(found)).toEqual({ node1: true, node2: true });
  });

  test.for<[string, NodeOptions, string]>([
    ['the exclusion label', { labels: { [EXCLUDED]: '' } }, `false 200 label ${EXCLUDED}`],
    ['the exclusion label, set to true', { labels: { [EXCLUDED]: 'true' } }, `false 200 label ${EXCLUDED}`],
    ['the exclusion label, set to false', { labels: { [EXCLUDED]: 'false' } }, 'true 200 kube-proxy is expected to be healthy'],
    ['being deleted', { deletionTimestamp: '2025-01-01T00:00:00Z' }, 'false 503 the node is being deleted'],
    ['the autoscaler’s taint', { taints: [TAINT] }, `false 503 taint ${TAINT}`],
    ['not being Ready', { ready: 'False' }, 'null null the node is not Ready: whether it still answers the health check is not known'],
    ['being unreachable', { ready: 'Unknown' }, 'null null the node is not Ready: whether it still answers the health check is not known'],
    ['cordoning', { taints: ['node.kubernetes.io/unschedulable'] }, 'true 200 kube-proxy is expected to be healthy'],
  ])('%s', ([, options, expected]) => {
    expect(standing(view([node(1), node(2, options), balancer(), slice([webOn(1)])]), 'node2')).toBe(expected);
  });

  test('Local: a node that is not Ready and has no endpoint is out either way', () => {
    const found = view([node(1), node(2, { ready: 'False' }), balancer({ spec: LOCAL }), slice([webOn(1)])]);
    expect(standing(found, 'node2')).toBe('false null 0 ready local endpoints');
    expect(found.shares).toHaveLength(1);
  });

  test('a data plane that is not modelled: nobody knows', () => {
    const found = ask([
      ...nodes(2),
      daemonSet('cilium'),
      configMap('cilium-config', { 'kube-proxy-replacement': 'true' }),
      balancer({ spec: LOCAL }),
      slice([webOn(1)]),
    ]).loadBalancer;
    expect(found?.nodes.map(({ inRotation, httpStatus }) => [inRotation, httpStatus])).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(found?.shares).toEqual([]);
  });
});

describe('who implements it', () => {
  const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';
  const on = (providerID: string): Raw[] => nodes(2, { providerID });
  const annotated = (annotations: Record<string, string>, more: Raw = {}): Raw => balancer({ metadata: { annotations }, ...more });
  const hostname = (name: string) => ({ ingress: [{ hostname: name }] });

  test.for<[string, readonly Raw[], readonly unknown[]]>([
    ['nothing tells', [...nodes(2), balancer()], [null, null, 'kube-proxy healthz']],
    ['AWS, classic by default', [...on('aws:///eu-west-1a/i-1'), balancer()], ['aws-classic', 'nodePort', 'nodePort (TCP)']],
    [
      'AWS, classic by hostname',
      [...nodes(2), balancer(hostname('a1-2.eu-west-1.elb.amazonaws.com'))],
      ['aws-classic', 'nodePort', 'nodePort (TCP)'],
    ],
    [
      'AWS, network by hostname',
      [...nodes(2), balancer(hostname('k8s-1.elb.eu-west-1.amazonaws.com'))],
      ['aws-nlb', 'nodePort', 'nodePort (TCP)'],
    ],
    ['AWS in China', [...nodes(2), balancer(hostname('a.cn-north-1.elb.amazonaws.com.cn'))], ['aws-classic', 'nodePort', 'nodePort (TCP)']],
    [
      'somebody who has amazonaws in its name',
      [...nodes(2), balancer(hostname('amazonaws.com.example.org'))],
      [null, null, 'kube-proxy healthz'],
    ],
    ['AWS, nlb by annotation', [...on('aws:///a/i-1'), annotated({ [`${AWS}type`]: 'nlb' })], ['aws-nlb', 'nodePort', 'nodePort (TCP)']],
    [
      'AWS, nlb with ip targets',
      [...on('aws:///a/i-1'), annotated({ [`${AWS}type`]: 'external', [`${AWS}nlb-target-type`]: 'ip' })],
      ['aws-nlb', 'pod', 'none'],
    ],
    ['AWS, nlb-ip', [...on('aws:///a/i-1'), annotated({ [`${AWS}type`]: 'nlb-ip' })], ['aws-nlb', 'pod', 'none']],
    [
      'AWS by class',
      [...nodes(2), balancer({ spec: { loadBalancerClass: 'service.k8s.aws/nlb' } })],
      ['aws-nlb', 'nodePort', 'nodePort (TCP)'],
    ],
    ['GCP', [...on('gce://p/z/n'), balancer()], ['gcp', 'loadBalancerIP', 'kube-proxy healthz']],
    [
      'GCP by class',
      [...nodes(2), balancer({ spec: { loadBalancerClass: 'networking.gke.io/l4-regional-internal' } })],
      ['gcp', 'loadBalancerIP', 'kube-proxy healthz'],
    ],
    ['Azure', [...on('azure:///s/1'), balancer()], ['azure', 'loadBalancerIP', 'nodePort (TCP)']],
    [
      'Azure without floating IP',
      [...on('azure:///s/1'), annotated({ 'service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip': 'true' })],
      ['azure', 'nodePort', 'nodePort (TCP)'],
    ],
    ['DigitalOcean, type not said', [...on('digitalocean://1'), balancer()], ['digitalocean', null, 'kube-proxy healthz']],
    [
      'DigitalOcean, a proxy',
      [...on('digitalocean://1'), annotated({ 'service.beta.kubernetes.io/do-loadbalancer-type': 'REGIONAL' })],
      ['digitalocean', 'nodePort', 'kube-proxy healthz'],
    ],
    [
      'DigitalOcean, no proxy',
      [...on('digitalocean://1'), annotated({ 'service.beta.kubernetes.io/do-loadbalancer-type': 'REGIONAL_NETWORK' })],
      ['digitalocean', 'loadBalancerIP', 'kube-proxy healthz'],
    ],
    ['Hetzner', [...on('hcloud://1'), balancer()], ['hetzner', 'nodePort', 'nodePort (TCP)']],
    ['OpenStack', [...on('openstack:///1'), balancer()], ['openstack', 'nodePort', 'none']],
    [
      'OpenStack with a monitor',
      [...on('openstack:///1'), annotated({ 'loadbalancer.openstack.org/enable-health-monitor': 'true' })],
      ['openstack', 'nodePort', 'kube-proxy healthz'],
    ],
    ['kind', [...on('kind://docker/k/n'), balancer()], ['cloud-provider-kind', 'nodePort', 'kube-proxy healthz']],
    [
      'MetalLB by annotation',
      [...on('aws:///a/i-1'), annotated({ 'metallb.universe.tf/address-pool': 'p' })],
      ['metallb', 'loadBalancerIP', 'none'],
    ],
    [
      'MetalLB by its speaker',
      [...nodes(2), daemonSet('speaker', { namespace: 'metallb-system' }), balancer()],
      ['metallb', 'loadBalancerIP', 'none'],
    ],
    ['kube-vip by annotation', [...nodes(2), annotated({ 'kube-vip.io/vipHost': 'node1' })], ['kube-vip', 'loadBalancerIP', 'none']],
    [
      'kube-vip by class',
      [...nodes(2), balancer({ spec: { loadBalancerClass: 'kube-vip.io/kube-vip-class' } })],
      ['kube-vip', 'loadBalancerIP', 'none'],
    ],
    ['klipper', [...nodes(2), daemonSet('svclb-web-0a1b2c3d'), balancer()], ['klipper', 'loadBalancerIP', 'none']],
    [
      'klipper of another Service whose name begins alike',
      [...nodes(2), daemonSet('svclb-web-api-0a1b2c3d'), balancer()],
      [null, null, 'kube-proxy healthz'],
    ],
    [
      'a class that nobody knows, on AWS',
      [...on('aws:///a/i-1'), balancer({ spec: { loadBalancerClass: 'example.com/lb' } })],
      [null, null, 'kube-proxy healthz'],
    ],
    [
      'a class that is the name of a built-in',
      [...on('aws:///a/i-1'), balancer({ spec: { loadBalancerClass: 'constructor' } })],
      [null, null, 'kube-proxy healthz'],
    ],
  ])('%s', ([, objects, [provider, target, what]]) => {
    const found = view([...objects, slice([webOn(1)])]);
    expect([found.provider, found.target, found.healthCheck.what]).toEqual([provider, target, what]);
    expect(found.providerEvidence === null).toBe(provider === null);
  });

  test('evidence names where it was seen', () => {
    expect(view([...on('gce://p/z/n'), balancer(), slice([webOn(1)])]).providerEvidence).toBe('Node providerID gce://');
    expect(view([...nodes(2), daemonSet('svclb-web-0a1b2c3d'), balancer(), slice([webOn(1)])]).providerEvidence).toBe(
      'DaemonSet kube-system/svclb-web-0a1b2c3d',
    );
  });
});

describe('what providers make of it', () => {
  test('klipper: the status lists the nodes, and nobody asks for health', () => {
    const found = view([
      ...nodes(3),
      daemonSet('svclb-web-0a1b2c3d'),
      balancer({ spec: LOCAL, ingress: [{ ip: '172.18.0.11' }, { ip: '172.18.0.13' }] }),
      slice([webOn(1)]),
    ]);
    expect(rotation(found)).toEqual({ node1: true, node2: false, node3: true });
    expect(found.nodes.map((each) => each.httpStatus)).toEqual([null, null, null]);
    expect(found.shares.map(({ share }) => share)).toEqual([0.5]);
  });

  const metallb = { metadata: { annotations: { 'metallb.io/address-pool': 'p' } } };

  test('MetalLB with Local: nodes with an endpoint announce, terminating ones included, excluded ones not', () => {
    const going = { conditions: { ready: false, serving: true, terminating: true } };
    const found = view([
      ...nodes(3),
      node(4, { labels: { [EXCLUDED]: 'false' } }),
      balancer({ spec: LOCAL, ...metallb }),
      slice([webOn(1), webOn(2, going), webOn(4)]),
    ]);
    expect(rotation(found)).toEqual({ node1: true, node2: true, node3: false, node4: false });
    expect(found.nodes.every((each) => each.httpStatus === null)).toBe(true);
    expect(found.shares).toEqual([]);
  });

  test('MetalLB with Cluster: any node, and whichever it is, endpoints share evenly', () => {
    const found = view([...nodes(3), balancer(metallb), slice([webOn(1), webOn(2)])]);
    expect(rotation(found)).toEqual({ node1: true, node2: true, node3: true });
    expect(found.shares.map(({ share }) => share)).toEqual([0.5, 0.5]);
  });

  test('MetalLB without any endpoint: nobody', () => {
    const found = view([...nodes(2), balancer(metallb), slice([])]);
    expect(rotation(found)).toEqual({ node1: false, node2: false });
  });

  test('Hetzner connects to the node port: with Local that tells nodes apart as well', () => {
    const going = { conditions: { ready: false, serving: true, terminating: true } };
    const found = view([...nodes(3, { providerID: 'hcloud://1' }), balancer({ spec: LOCAL }), slice([webOn(1), webOn(2, going)])]);
    expect(found.healthCheck).toEqual({ what: 'nodePort (TCP)', port: 30080, path: '' });
    expect(rotation(found)).toEqual({ node1: true, node2: true, node3: false });
    expect(standing(found, 'node3')).toBe('false null its node port drops: no local endpoint');
  });

  test('without endpoints a TCP check finds nobody, and kube-proxy is healthy all the same', () => {
    expect(rotation(view([...nodes(2, { providerID: 'hcloud://1' }), balancer(), slice([])]))).toEqual({ node1: false, node2: false });
    expect(rotation(view([...nodes(2, { providerID: 'gce://1' }), balancer(), slice([])]))).toEqual({ node1: true, node2: true });
  });

  test('OpenStack without a monitor may send anywhere', () => {
    const found = view([...nodes(2, { providerID: 'openstack:///1' }), balancer({ spec: LOCAL }), slice([webOn(1)])]);
    expect(standing(found, 'node2')).toBe('null null 0 ready local endpoints; whether openstack checks the health of nodes is not known');
  });

  test('AWS’s own controller heeds more labels than the cloud controller', () => {
    const fargate = node(2, { labels: { 'node-role.kubernetes.io/master': '' } });
    const spec = { loadBalancerClass: 'service.k8s.aws/nlb' };
    expect(rotation(view([node(1), fargate, balancer({ spec }), slice([webOn(1)])]))).toEqual({ node1: true, node2: false });
    expect(rotation(view([node(1), fargate, balancer(), slice([webOn(1)])]))).toEqual({ node1: true, node2: true });
  });

  test('ip targets: nodes do not matter, pods share evenly', () => {
    const spec = { ...LOCAL, loadBalancerClass: 'service.k8s.aws/nlb' };
    const annotations = { 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip' };
    const found = view([
      ...nodes(3),
      balancer({ spec, metadata: { annotations } }),
      slice([webOn(1), webOn(1, { ip: '10.244.1.11' }), webOn(2)]),
    ]);
    expect(rotation(found)).toEqual({ node1: null, node2: null, node3: null });
    expect(found.shares.map(({ share }) => share)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
});

describe('each endpoint’s share', () => {
  const sums = (found: LoadBalancerView): Record<string, number> => {
    const all: Record<string, number> = {};
    for (const { servicePort, share } of found.shares) all[servicePort] = (all[servicePort] ?? 0) + share;
    return all;
  };

  test('Local with uneven pods per node', () => {
    const found = view([
      ...nodes(3),
      balancer({ spec: LOCAL }),
      slice([webOn(1), webOn(1, { ip: '10.244.1.11', pod: 'web-1b' }), webOn(3)]),
    ]);
    expect(Object.fromEntries(found.shares.map(({ endpoint, share }) => [endpoint.pod, share]))).toEqual({
      'web-1': 0.25,
      'web-1b': 0.25,
      'web-3': 0.5,
    });
    expect(sums(found)).toEqual({ '80': 1 });
  });

  test('Cluster: even, wherever the pods are', () => {
    const found = view([...nodes(3), balancer(), slice([webOn(1), webOn(1, { ip: '10.244.1.11' }), webOn(3)])]);
    expect(found.shares.map(({ share }) => share)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(sums(found)['80']).toBeCloseTo(1, 12);
  });

  test('Cluster: a node of unknown standing changes nothing', () => {
    expect(view([node(1), node(2, { ready: 'False' }), balancer(), slice([webOn(1), webOn(2)])]).shares).toHaveLength(2);
  });

  test('each port has its own', () => {
    const ports = [
      { name: 'http', port: 80, nodePort: 30080 },
      { name: 'https', port: 443, nodePort: 30443 },
    ];
    const top = {
      ports: [
        { name: 'http', port: 8080 },
        { name: 'https', port: 8443 },
      ],
    };
    const found = view([...nodes(2), balancer({ spec: { ...LOCAL, ports } }), slice([webOn(1), webOn(2)], { top })]);
    expect(sums(found)).toEqual({ http: 1, https: 1 });
  });

  test('with topology hints nodes choose by zone: the mean over the nodes that are kept', () => {
    const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } });
    const hint = (name: string) => ({ hints: { forZones: [{ name }] } });
    const found = view([
      node(1, zone('a')),
      node(2, zone('a')),
      node(3, zone('b')),
      balancer({ spec: { trafficDistribution: 'PreferClose' } }),
      slice([webOn(1, hint('a')), webOn(3, hint('b')), webOn(2, { ip: '10.244.2.99', pod: 'web-b2', ...hint('b') })]),
    ]);
    const byPod = Object.fromEntries(found.shares.map(({ endpoint, share }) => [endpoint.pod, share]));
    expect(byPod['web-1']).toBeCloseTo(2 / 3, 12);
    expect(byPod['web-3']).toBeCloseTo(1 / 6, 12);
    expect(byPod['web-b2']).toBeCloseTo(1 / 6, 12);
    expect(sums(found)['80']).toBeCloseTo(1, 12);
  });

  test('terminating endpoints share where nothing is ready', () => {
    const going = { conditions: { ready: false, serving: true, terminating: true } };
    expect(view([...nodes(2), balancer(), slice([webOn(1, going), webOn(2, going)])]).shares.map(({ share }) => share)).toEqual([0.5, 0.5]);
  });

  test('no endpoints, no shares', () => {
    expect(view([...nodes(2), balancer(), slice([])]).shares).toEqual([]);
  });
});
