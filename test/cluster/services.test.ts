import { describe, expect, test } from 'vitest';
import { findService } from '../../src/cluster/from-kubernetes.ts';
import { balancer, clusterOf, node, service, serviceOf, slice, webOn } from './objects.ts';

describe('a Service with little in it gets the defaults of the API server', () => {
  const bare = serviceOf([
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] } },
  ]);

  test('policies, protocol, affinity and namespace', () => {
    expect(bare).toMatchObject({
      namespace: 'default',
      type: 'ClusterIP',
      clusterIPs: ['10.96.0.1'],
      externalTrafficPolicy: null,
      internalTrafficPolicy: 'Cluster',
      affinitySeconds: null,
      healthCheckNodePort: null,
      unproxied: null,
    });
    expect(bare.ports).toEqual([{ name: '', protocol: 'TCP', port: 80, nodePort: null, targetPort: 80, endpoints: [] }]);
  });

  test('ClientIP affinity lasts three hours', () => {
    expect(serviceOf([service({ spec: { sessionAffinity: 'ClientIP' } })]).affinitySeconds).toBe(10800);
    const given = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
    expect(serviceOf([service({ spec: given })]).affinitySeconds).toBe(60);
  });

  test('externalTrafficPolicy counts as soon as an outside address exists', () => {
    expect(serviceOf([service()]).externalTrafficPolicy).toBe('Cluster');
    const outside = { type: 'ClusterIP', externalIPs: ['198.51.100.9'], externalTrafficPolicy: 'Local' };
    expect(serviceOf([service({ spec: outside })]).externalTrafficPolicy).toBe('Local');
    expect(serviceOf([service({ spec: { type: 'ClusterIP' } })]).externalTrafficPolicy).toBeNull();
  });

  test('a health-check node port is kube-proxy’s only for LoadBalancer with Local', () => {
    expect(serviceOf([balancer({ spec: { externalTrafficPolicy: 'Local' } })]).healthCheckNodePort).toBe(31000);
    expect(
      serviceOf([balancer({ spec: { externalTrafficPolicy: 'Cluster', healthCheckNodePort: 31000 } })]).healthCheckNodePort,
    ).toBeNull();
    expect(serviceOf([service({ spec: { externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 } })]).healthCheckNodePort).toBeNull();
  });
});

test.for([
  ['clusterIP None', { spec: { clusterIP: 'None' } }, { why: 'headless' }],
  ['clusterIPs None', { spec: { clusterIP: undefined, clusterIPs: ['None'] } }, { why: 'headless' }],
  ['the headless label', { metadata: { labels: { 'service.kubernetes.io/headless': '' } } }, { why: 'headless' }],
  [
    'ExternalName',
    { spec: { type: 'ExternalName', externalName: 'db.example.com' } },
    { why: 'ExternalName', externalName: 'db.example.com' },
  ],
  [
    'another proxy, whatever its name',
    { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': '' } } },
    { why: 'other-proxy', proxy: '' },
  ],
] as const)('no service proxy handles %s', ([, change, unproxied]) => {
  expect(serviceOf([service(change)]).unproxied).toEqual(unproxied);
});

test('addresses are brought into one spelling, and what is none is left out', () => {
  const odd = serviceOf([
    balancer({
      spec: {
        clusterIPs: ['10.96.0.10', 'FD00:0:0::0010'],
        externalIPs: ['198.51.100.9', '010.0.0.1', 'example.com', '::ffff:198.51.100.10'],
        loadBalancerSourceRanges: [' 198.51.100.77/24 ', 'everyone', '2001:db8::/129'],
      },
      ingress: [{ ip: 'pending' }, { hostname: '' }, { ip: '203.0.113.80', ipMode: 'Proxy' }, { ip: '203.0.113.81', ipMode: 'Odd' }, {}],
    }),
  ]);
  expect(odd.clusterIPs).toEqual(['10.96.0.10', 'fd00::10']);
  expect(odd.externalIPs).toEqual(['198.51.100.9', '198.51.100.10']);
  expect(odd.sourceRanges.map((range) => range.text)).toEqual(['198.51.100.0/24']);
  expect(odd.ingress.filter((entry) => entry.ip !== null)).toEqual([
    { ip: '203.0.113.80', hostname: null, ipMode: 'Proxy' },
    { ip: '203.0.113.81', hostname: null, ipMode: null },
  ]);
});

test('ports that are none are left out', () => {
  const ports = [
    { port: 80 },
    { port: 0 },
    { port: 65536 },
    { port: '80' },
    { port: 8.5 },
    'x',
    { nodePort: 30000 },
    { port: 81, nodePort: 0, targetPort: 'http' },
  ];
  expect(serviceOf([service({ spec: { ports } })]).ports.map(({ port, nodePort, targetPort }) => [port, nodePort, targetPort])).toEqual([
    [80, null, 80],
    [81, null, 'http'],
  ]);
});

test('endpoints go to the Service’s ports by name and protocol', () => {
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ];
  const top = {
    ports: [
      { name: 'dns', port: 5353, protocol: 'UDP' },
      { name: 'dns-tcp', port: 5354, protocol: 'TCP' },
      { name: 'dns', port: 1, protocol: 'TCP' },
      { name: 'metrics', port: 9153 },
    ],
  };
  const found = serviceOf([service({ spec: { ports } }), slice([webOn(1)], { top })]);
  expect(found.ports.map((port) => port.endpoints.map((endpoint) => endpoint.port))).toEqual([[5353], [5354]]);
});

test('a dual-stack Service has the endpoints of both families', () => {
  const spec = { clusterIPs: ['10.96.0.10', 'fd00:96::10'], ipFamilies: ['IPv4', 'IPv6'] };
  const second = slice([{ ip: 'fd00:10::1', node: 'node1' }], { metadata: { name: 'web-v6' } });
  const found = serviceOf([service({ spec }), slice([webOn(1)]), second]);
  expect(found.ports[0]?.endpoints.map(({ address, family }) => [address, family])).toEqual([
    ['10.244.1.10', 4],
    ['fd00:10::1', 6],
  ]);
});

describe('nodes', () => {
  test('addresses by type, podCIDRs in one spelling', () => {
    const addresses = [
      ['ExternalIP', '203.0.113.11'],
      ['InternalIP', '172.18.0.11'],
      ['InternalIP', 'FD00::B'],
      ['InternalIP', 'node1.example.com'],
      ['InternalDNS', 'node1'],
    ] as const;
    const [found] = clusterOf([node(1, { addresses, podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64', 'none'] })]).nodes;
    expect(found).toMatchObject({ internalIPs: ['172.18.0.11', 'fd00::b'], externalIPs: ['203.0.113.11'], kubeletVersion: 'v1.33.4' });
    expect(found?.podCidrs.map((cidr) => cidr.text)).toEqual(['10.244.1.0/24', 'fd00:10:244:1::/64']);
  });

  test('Ready Unknown is not ready; without any condition nothing speaks against it', () => {
    const bare = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'bare' } };
    const found = clusterOf([node(1), node(2, { ready: 'False' }), node(3, { ready: 'Unknown' }), bare]).nodes;
    expect(found.map((each) => [each.name, each.ready])).toEqual([
      ['node1', true],
      ['node2', false],
      ['node3', false],
      ['bare', true],
    ]);
  });

  test('an old podCIDR without podCIDRs counts', () => {
    const old = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'old' }, spec: { podCIDR: '10.244.9.0/24' } };
    expect(clusterOf([old]).nodes[0]?.podCidrs.map((cidr) => cidr.text)).toEqual(['10.244.9.0/24']);
  });
});

test('kinds of the same name in other API groups are other things', () => {
  const knative = { ...service(), apiVersion: 'serving.knative.dev/v1' };
  expect(clusterOf([knative]).services).toEqual([]);
  expect(findService(clusterOf([service()]), 'ns1', 'web')?.name).toBe('web');
  expect(findService(clusterOf([service()]), 'ns2', 'web')).toBeNull();
});
