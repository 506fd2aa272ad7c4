import { backendsOf, clusterAddress, loadBalancerAddress, nodeName, zoneOf } from './addresses.ts';
import { type ClusterSize, type Plan, type PlannedService, type PlannedSlice, uid } from './plan.ts';

const TIME = '2025-06-02T08:00:00Z';
const KEYS = { service: 20_000_000, slice: 40_000_000, pod: 60_000_000 };

/** The default range of node ports has 2,768 of them: bigger clusters have fewer such Services, or a wider range. */
const NODE_PORT = { from: 30_000, count: 2_768 };
/** For a cluster in which every Service has two. */
const WIDE = { from: 20_000, count: 40_000 };

export function serviceObject(service: PlannedService, mix: ClusterSize['mix'] = 'ordinary'): unknown {
  const nodePort = mix === 'local' ? wideNodePort : ordinaryNodePort;
  const address = clusterAddress(service.index);
  const exposed = service.type !== 'ClusterIP';
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: service.name,
      namespace: service.namespace,
      uid: uid(0, KEYS.service + service.index),
      resourceVersion: String(2_000_000 + service.index),
      creationTimestamp: TIME,
      labels: { app: service.name },
    },
    spec: {
      ...(service.type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
      clusterIP: address,
      clusterIPs: [address],
      ...(exposed ? { externalTrafficPolicy: service.policy } : {}),
      ...(service.type === 'LoadBalancer' && service.policy === 'Local' ? { healthCheckNodePort: nodePort(service.index) + 1 } : {}),
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080, ...(exposed ? { nodePort: nodePort(service.index) } : {}) }],
      selector: { app: service.name },
      sessionAffinity: 'None',
      type: service.type,
    },
    status: {
      loadBalancer: service.type === 'LoadBalancer' ? { ingress: [{ ip: loadBalancerAddress(service.index), ipMode: 'VIP' }] } : {},
    },
  };
}

/** Every tenth ordinary Service has one; the port above it is for health checks. */
function ordinaryNodePort(index: number): number {
  const rank = index < 2 ? index : Math.floor(index / 10) + 1;
  return NODE_PORT.from + ((rank * 2) % NODE_PORT.count);
}

function wideNodePort(index: number): number {
  return WIDE.from + ((index * 2) % WIDE.count);
}

export function endpointSliceObject(plan: Plan, slice: PlannedSlice): unknown {
  const { service } = slice;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service.name}-${String(slice.part).padStart(5, 's')}`,
      generateName: `${service.name}-`,
      namespace: service.namespace,
      uid: uid(0, KEYS.slice + slice.first),
      resourceVersion: String(3_000_000 + slice.first),
      generation: 4,
      creationTimestamp: TIME,
      labels: {
        app: service.name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': service.name,
      },
      ownerReferences: [
        {
          apiVersion: 'v1',
          blockOwnerDeletion: true,
          controller: true,
          kind: 'Service',
          name: service.name,
          uid: uid(0, KEYS.service + service.index),
        },
      ],
    },
    addressType: 'IPv4',
    endpoints: backendsOf(plan, slice).map(({ number, node, address }) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: nodeName(node),
      targetRef: { kind: 'Pod', name: podName(service, number), namespace: service.namespace, uid: podUid(number) },
      zone: zoneOf(node),
    })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

export function podName(service: PlannedService, number: number): string {
  return `${service.name}-6d4b75cb6d-${String(number).padStart(6, 'p')}`;
}

export function podUid(number: number): string {
  return uid(0, KEYS.pod + number);
}
