import { type Backend, backend, nodeAddress, nodeName } from './addresses.ts';
import type { Plan, PlannedService, PlannedSlice } from './plan.ts';
import { podName, podUid } from './services.ts';

const TIME = '2025-06-02T08:30:00Z';

/** What a pod is made from. */
export interface PodParts {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  readonly node: number;
  /** Null: the network of the node. */
  readonly address: string | null;
  readonly container: Readonly<Record<string, unknown>>;
}

/** The pod behind a numbered backend; pods beyond the last endpoint serve nothing. */
export function podObject(plan: Plan, number: number): unknown {
  const slice = sliceOf(plan, number);
  const service: PlannedService = slice?.service ?? { index: -1, namespace: 'batch', name: 'idle', type: 'ClusterIP', policy: 'Cluster' };
  const { node, address }: Backend = backend(plan, number, slice?.nodes ?? plan.size.nodes);
  return makePod({
    name: podName(service, number),
    namespace: service.namespace,
    uid: podUid(number),
    labels: { app: service.name, 'pod-template-hash': '6d4b75cb6d' },
    owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${service.name}-6d4b75cb6d` },
    node,
    address,
    container: {
      name: 'app',
      image: `registry.example.com/platform/${service.name}:1.0.0`,
      ports: [{ containerPort: 8080, name: 'http', protocol: 'TCP' }],
      env: [{ name: 'LOG_LEVEL', value: 'info' }],
    },
  });
}

/** Slices are sorted by their first backend. */
function sliceOf(plan: Plan, number: number): PlannedSlice | undefined {
  let low = 0;
  let high = plan.slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const slice = plan.slices[middle];
    if (slice !== undefined && slice.first + slice.count <= number) low = middle + 1;
    else high = middle;
  }
  return plan.slices[low];
}

export function makePod(parts: PodParts): unknown {
  const hostIP = nodeAddress(parts.node);
  const podIP = parts.address ?? hostIP;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: parts.name,
      namespace: parts.namespace,
      uid: parts.uid,
      resourceVersion: '4000000',
      creationTimestamp: TIME,
      labels: parts.labels,
      ownerReferences: [{ ...parts.owner, blockOwnerDeletion: true, controller: true, uid: parts.uid }],
    },
    spec: {
      containers: [{ ...parts.container, imagePullPolicy: 'IfNotPresent', resources: {}, terminationMessagePath: '/dev/termination-log' }],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      ...(parts.address === null ? { hostNetwork: true } : {}),
      nodeName: nodeName(parts.node),
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
    },
    status: {
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        lastProbeTime: null,
        lastTransitionTime: TIME,
        status: 'True',
        type,
      })),
      hostIP,
      hostIPs: [{ ip: hostIP }],
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      qosClass: 'BestEffort',
      startTime: TIME,
    },
  };
}
