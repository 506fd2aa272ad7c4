import { describe, expect, test } from 'vitest';
import type { Endpoint, Service } from '../../src/cluster/model.ts';
import type { Raw } from './objects.ts';
import { clusterOf, service, serviceOf, slice, webOn } from './objects.ts';

function endpointsIn(found: Service): readonly Endpoint[] {
  return found.ports.flatMap((port) => port.endpoints);
}

const texts = (found: Service): string[] => endpointsIn(found).map(({ address, port }) => `${address}:${port}`);

describe('from EndpointSlices', () => {
  test('conditions that are not said: ready and serving, not terminating', () => {
    const found = serviceOf([
      service(),
      slice([
        { ip: '10.244.1.1', conditions: {} },
        { ip: '10.244.1.2', conditions: { ready: null, serving: null, terminating: null } },
        { ip: '10.244.1.3', conditions: { ready: false } },
        { ip: '10.244.1.4', conditions: { ready: false, serving: true, terminating: true } },
      ]),
    ]);
    expect(endpointsIn(found).map(({ ready, serving, terminating }) => [ready, serving, terminating])).toEqual([
      [true, true, false],
      [true, true, false],
      [false, true, false],
      [false, true, true],
    ]);
  });

  test('without nodeName an endpoint is local to no node; v1beta1 told the node by its topology', () => {
    const beta = {
      ...slice([{ ip: '10.244.2.1', node: null }], { metadata: { name: 'beta' } }),
      apiVersion: 'discovery.k8s.io/v1beta1',
      endpoints: [{ addresses: ['10.244.2.1'], topology: { 'kubernetes.io/hostname': 'node2' } }],
    };
    expect(endpointsIn(serviceOf([service(), slice([{ ip: '10.244.1.1' }]), beta])).map((endpoint) => endpoint.node)).toEqual([
      null,
      'node2',
    ]);
  });

  test('only the first address counts, and only when it is one', () => {
    const top = { endpoints: [{ addresses: ['10.244.1.1', '10.244.1.2'] }, { addresses: ['web-1.example.com'] }, { addresses: [] }, {}] };
    expect(texts(serviceOf([service(), slice([], { top })]))).toEqual(['10.244.1.1:8080']);
  });

  test.for<[string, Raw]>([
    ['of names', { top: { addressType: 'FQDN' } }],
    ['with the headless label', { metadata: { labels: { 'kubernetes.io/service-name': 'web', 'service.kubernetes.io/headless': '' } } }],
    [
      'of another proxy',
      { metadata: { labels: { 'kubernetes.io/service-name': 'web', 'service.kubernetes.io/service-proxy-name': 'x' } } },
    ],
    ['of another Service', { metadata: { labels: { 'kubernetes.io/service-name': 'api' } } }],
    ['of no Service', { metadata: { labels: {} } }],
    ['in another namespace', { metadata: { namespace: 'ns2', labels: { 'kubernetes.io/service-name': 'web' } } }],
    ['without ports', { top: { ports: null } }],
    ['with a port that stands for all', { top: { ports: [{ name: '', port: null, protocol: 'TCP' }] } }],
  ])('a slice %s gives nothing', ([, change]) => {
    expect(texts(serviceOf([service(), slice([webOn(1)], change), slice([], { metadata: { name: 'own' } })]))).toEqual([]);
  });

  test('they are in the order of the text ip:port', () => {
    const found = serviceOf([service(), slice(['10.244.1.9', '10.244.1.10', '10.244.1.100', '10.244.1.1'].map((ip) => ({ ip })))]);
    expect(texts(found)).toEqual(['10.244.1.100:8080', '10.244.1.10:8080', '10.244.1.1:8080', '10.244.1.9:8080']);
  });

  const states = {
    ready: { ready: true, serving: true, terminating: false },
    starting: { ready: false, serving: false, terminating: false },
    leaving: { ready: false, serving: true, terminating: true },
  } as const;

  test.for([
    ['leaving', 'ready', 'ready'],
    ['ready', 'leaving', 'ready'],
    ['starting', 'ready', 'ready'],
    ['ready', 'starting', 'ready'],
    ['leaving', 'starting', 'starting'],
  ] as const)('of two copies, %s and %s, %s counts', ([first, second, kept]) => {
    const copies = [first, second].map((state, index) =>
      slice([webOn(1, { conditions: states[state] })], { metadata: { name: `s${index}` } }),
    );
    expect(endpointsIn(serviceOf([service(), ...copies]))).toMatchObject([states[kept]]);
  });

  test('hints name zones and nodes', () => {
    const hints = { forZones: [{ name: 'a' }, {}, null], forNodes: [{ name: 'node1' }] };
    expect(endpointsIn(serviceOf([service(), slice([webOn(1, { hints })])]))).toMatchObject([{ zoneHints: ['a'], nodeHints: ['node1'] }]);
  });

  test('a Service without slices has no endpoints', () => {
    expect(serviceOf([service()], ['EndpointSlice']).endpointsFrom).toBe('EndpointSlice');
    const other = slice([webOn(1)], { metadata: { labels: { 'kubernetes.io/service-name': 'api' } } });
    expect(serviceOf([service(), other]).endpointsFrom).toBe('EndpointSlice');
  });

  test('slices of other namespaces alone say nothing about a Service with a selector', () => {
    const elsewhere = slice([webOn(1)], { metadata: { namespace: 'ns2', labels: { 'kubernetes.io/service-name': 'web' } } });
    expect(serviceOf([service(), elsewhere]).endpointsFrom).toBe('none');
    expect(
      serviceOf([service(), elsewhere, endpoints([{ addresses: [{ ip: '10.244.1.1' }], ports: [{ port: 8080 }] }])]).endpointsFrom,
    ).toBe('Endpoints');
    expect(serviceOf([service({ spec: { selector: {} } }), elsewhere]).endpointsFrom).toBe('EndpointSlice');
  });

  test('objects without namespace are in the default one', () => {
    const bare = { ...service(), metadata: { name: 'web' } };
    const own = slice([webOn(1)], { metadata: { namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } } });
    expect(texts(serviceOf([bare, own]))).toEqual(['10.244.1.10:8080']);
  });
});

function endpoints(subsets: readonly Raw[]): Raw {
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace: 'ns1' }, subsets };
}

describe('from the Endpoints object, where no slices were gathered', () => {
  test('ready and not ready, with node and pod', () => {
    const found = serviceOf([
      service(),
      endpoints([
        {
          addresses: [{ ip: '10.244.1.1', nodeName: 'node1', targetRef: { kind: 'Pod', name: 'web-1' } }],
          notReadyAddresses: [{ ip: '10.244.2.1', nodeName: 'node2' }, { ip: 'bad' }],
          ports: [{ port: 8080 }],
        },
        { addresses: [{ ip: '10.244.3.1' }], ports: [{ port: 9090, name: 'other' }] },
      ]),
    ]);
    expect(found.endpointsFrom).toBe('Endpoints');
    expect(endpointsIn(found)).toMatchObject([
      { address: '10.244.1.1', node: 'node1', pod: { namespace: 'ns1', name: 'web-1' }, ready: true },
      { address: '10.244.2.1', node: 'node2', pod: null, ready: false, serving: false, terminating: false },
    ]);
  });
});

interface PodChange {
  readonly metadata?: Raw;
  readonly spec?: Raw;
  readonly status?: Raw;
}

function webPod(name: string, ip: string, change: PodChange = {}): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns1', labels: { app: 'web', more: 'x' }, ...change.metadata },
    spec: { nodeName: 'node1', containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }], ...change.spec },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }], ...change.status },
  };
}

describe('from pods, where neither was gathered', () => {
  const notReady = { conditions: [{ type: 'Ready', status: 'False' }] };
  const deleted = { deletionTimestamp: '2025-01-01T00:00:00Z' };

  test('running pods that the selector picks', () => {
    const found = serviceOf([
      service(),
      webPod('web-1', '10.244.1.1'),
      webPod('api-1', '10.244.1.2', { metadata: { name: 'api-1', labels: { app: 'api' } } }),
      webPod('far-1', '10.244.1.3', { metadata: { namespace: 'ns2' } }),
      webPod('done', '10.244.1.4', { status: { phase: 'Succeeded' } }),
      webPod('dead', '10.244.1.5', { status: { phase: 'Failed' } }),
      webPod('new', '', { status: { podIP: undefined, podIPs: undefined, phase: 'Pending' } }),
      webPod('host', '172.18.0.12', { spec: { hostNetwork: true, nodeName: 'node2' } }),
    ]);
    expect(found.endpointsFrom).toBe('pods');
    expect(endpointsIn(found)).toMatchObject([
      { address: '10.244.1.1', port: 8080, node: 'node1', pod: { namespace: 'ns1', name: 'web-1' }, ready: true },
      { address: '172.18.0.12', port: 8080, node: 'node2', ready: true },
    ]);
  });

  test.for<[string, PodChange, boolean, [boolean, boolean, boolean]]>([
    ['not ready', { status: notReady }, false, [false, false, false]],
    ['terminating and still Ready', { metadata: deleted }, false, [false, true, true]],
    ['terminating and not Ready', { metadata: deleted, status: notReady }, false, [false, false, true]],
    ['not ready, with publishNotReadyAddresses', { status: notReady }, true, [true, false, false]],
    ['terminating, with publishNotReadyAddresses', { metadata: deleted }, true, [true, true, true]],
  ])('a pod that is %s', ([, change, publishNotReadyAddresses, state]) => {
    const found = endpointsIn(serviceOf([service({ spec: { publishNotReadyAddresses } }), webPod('web-1', '10.244.1.1', change)]));
    expect(found.map(({ ready, serving, terminating }) => [ready, serving, terminating])).toEqual([state]);
  });

  test('a named targetPort is looked up in each pod; one without it is no endpoint', () => {
    const spec = { ports: [{ port: 80, targetPort: 'http' }] };
    const other = { containers: [{}, { ports: [{ name: 'http', containerPort: 9090 }] }] };
    const udp = { containers: [{ ports: [{ name: 'http', containerPort: 1, protocol: 'UDP' }] }] };
    const found = serviceOf([
      service({ spec }),
      webPod('a', '10.244.1.1'),
      webPod('b', '10.244.1.2', { spec: other }),
      webPod('c', '10.244.1.3', { spec: udp }),
    ]);
    expect(texts(found)).toEqual(['10.244.1.1:8080', '10.244.1.2:9090']);
  });

  test('families are the Service’s', () => {
    const both = { podIPs: [{ ip: '10.244.1.1' }, { ip: 'fd00::1' }] };
    const pods = [webPod('a', '10.244.1.1', { status: both })];
    expect(texts(serviceOf([service(), ...pods]))).toEqual(['10.244.1.1:8080']);
    expect(texts(serviceOf([service({ spec: { ipFamilies: ['IPv6'] } }), ...pods]))).toEqual(['fd00::1:8080']);
    const unsaid = { ipFamilies: undefined, clusterIPs: undefined, clusterIP: 'fd00:96::1' };
    expect(texts(serviceOf([service({ spec: unsaid }), ...pods]))).toEqual(['fd00::1:8080']);
  });

  test('without a selector, or without all pods, nothing tells', () => {
    expect(serviceOf([service({ spec: { selector: {} } }), webPod('a', '10.244.1.1')]).endpointsFrom).toBe('none');
    expect(serviceOf([service()]).endpointsFrom).toBe('none');
  });
});

test('ten thousand Services without slices are read in one go', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => service({ metadata: { name: `s${index}` } }));
  const found = clusterOf([...many, slice([webOn(1)])]);
  expect(found.services.filter((each) => each.endpointsFrom === 'EndpointSlice')).toHaveLength(10_000);
});
