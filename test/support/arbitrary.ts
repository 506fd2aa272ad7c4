import fc from 'fast-check';
import type { Endpoint, Service } from '../../src/cluster/model.ts';
import type { Detector, Masquerade, ProxyConfig } from '../../src/dataplane/types.ts';
import { endpoint, hostEndpoint, nodes, pod, port, service } from './build.ts';
import { BY_CIDR, cidr, detector, NETWORKS, proxy } from './dataplanes.ts';

/** Random small clusters: what a test needs to build a scene, kept apart so that it can be built again in another order or with more in it. */

const NODES = 4;

const someEndpoint: fc.Arbitrary<Endpoint> = fc
  .record({
    n: fc.integer({ min: 1, max: NODES }),
    state: fc.constantFrom(
      { ready: true, serving: true, terminating: false },
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: true, terminating: true },
      { ready: false, serving: false, terminating: false },
    ),
    host: fc.boolean(),
    stray: fc.nat(9),
    zoneHints: fc.constantFrom([], [], ['a'], ['b']),
    nodeHints: fc.constantFrom([], [], ['node1'], ['node2']),
  })
  .map(({ n, state, host, stray, ...hints }) => {
    const base = host ? hostEndpoint(`web-${n}`) : endpoint(`web-${n}`);
    const where = stray === 0 ? { node: null } : stray === 1 ? { node: 'node9', address: '198.18.5.5' } : {};
    return { ...base, ...where, ...state, ...hints };
  });

function unique(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((each) => [each.address, each])).values()];
}

const someService: fc.Arbitrary<Service> = fc
  .record({
    endpoints: fc.array(someEndpoint, { maxLength: 5 }),
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'),
    external: fc.constantFrom('Cluster' as const, 'Local' as const),
    internal: fc.constantFrom('Cluster' as const, 'Cluster' as const, 'Local' as const),
    ingress: fc.constantFrom('192.0.2.10', '172.18.0.12'),
    ipMode: fc.constantFrom(null, null, 'Proxy' as const),
    externalIPs: fc.constantFrom([], ['203.0.113.10'], ['172.18.0.13']),
    sourceRanges: fc.constantFrom([], [], ['198.51.100.0/24'], ['10.244.2.0/24', '172.18.0.0/24'], ['0.0.0.0/0']),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  })
  .map(({ type, external, internal, ingress, ipMode, externalIPs, sourceRanges, protocol, endpoints }) =>
    service({
      type,
      externalTrafficPolicy: external,
      internalTrafficPolicy: internal,
      ingress: type === 'LoadBalancer' ? [{ ip: ingress, ipMode }] : [],
      externalIPs,
      sourceRanges,
      ports: [port(unique(endpoints), { protocol, nodePort: type === 'ClusterIP' ? null : 30080 })],
    }),
  );

const someDetector: fc.Arbitrary<Readonly<Record<4 | 6, Detector>>> = fc.constantFrom(
  BY_CIDR,
  detector('absent'),
  detector('node-cidr'),
  detector('own-pods'),
  detector('nobody'),
  detector('any-pod'),
);

const someProxy: fc.Arbitrary<ProxyConfig> = fc
  .record({
    mode: fc.constantFrom('iptables' as const, 'iptables' as const, 'nftables' as const),
    minor: fc.integer({ min: 19, max: 36 }),
    detector: someDetector,
    masqueradeAll: fc.boolean(),
    localhostNodePorts: fc.boolean(),
    nodePortAddresses: fc.constantFrom([], [], ['172.18.0.0/24'], ['127.0.0.0/8'], ['192.168.0.0/16']),
  })
  .map(({ minor, mode, ...rest }) => proxy({ ...rest, mode, version: `1.${mode === 'nftables' ? Math.max(minor, 29) : minor}` }));

const POOL = [cidr('10.244.0.0/16')];
const someMasquerade: fc.Arbitrary<Masquerade> = fc.constantFrom<Masquerade[]>(
  { style: 'none' },
  { style: 'flannel' },
  { style: 'kindnet' },
  { style: 'calico', natPools: POOL, allPools: POOL },
  { style: 'supposed', ingress: false },
  { style: 'supposed', ingress: true },
);

/** Everything that a scene is built from. */
export const someScene = fc
  .record({
    service: someService,
    proxies: fc.array(someProxy, { minLength: NODES, maxLength: NODES }),
    network: fc.constantFrom(...(Object.keys(NETWORKS) as (keyof typeof NETWORKS)[])),
    masquerade: someMasquerade,
    hairpin: fc.constantFrom(true, true, false, null),
    zones: fc.array(fc.constantFrom('a', 'b', null), { minLength: NODES, maxLength: NODES }),
  })
  .map(({ proxies, zones, ...rest }) => ({
    ...rest,
    nodes: nodes(NODES).map((each, i) => {
      const zone = zones[i] ?? null;
      return zone === null ? each : { ...each, labels: { 'topology.kubernetes.io/zone': zone } };
    }),
    pods: ['web-1', 'web-2', 'web-3', 'web-4', 'cli-1'].map((name) => pod(name)).concat(pod('cli-2', { addresses: ['10.244.2.12'] })),
    proxies: Object.fromEntries(proxies.map((each, i) => [`node${i + 1}`, [each]])),
  }));

export const SENDERS = ['client', 'lan@node2', 'anyone@node1', 'node1', 'node2', 'cli-1', 'cli-2', 'web-1', 'pod@node4'] as const;
export const TARGETS = [
  'node1:30080',
  'node2:30080',
  'node3:30080',
  '127.0.0.1:30080',
  '10.244.2.1:30080',
  '10.96.0.10',
  '10.96.0.10:81',
  '10.96.0.99',
  '192.0.2.10',
  '172.18.0.12:80',
  '203.0.113.10',
  '172.18.0.13:80',
] as const;
