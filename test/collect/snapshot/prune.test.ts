import { dump, load } from 'js-yaml';
import { expect, test } from 'vitest';
import { slim } from '../../../src/cluster/slim.ts';
import { prune } from '../../../src/collect/snapshot/yaml-prune.ts';

const METADATA = {
  name: 'one',
  namespace: 'shop',
  uid: 'a-b',
  labels: { app: 'web' },
  annotations: { 'example.com/a': 'b' },
  deletionTimestamp: '2026-01-01T00:00:00Z',
  ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1' }],
  managedFields: [{ manager: 'x' }],
};
const CONTAINER = { name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP', hostPort: 80 }], args: ['a'] };
const WAITING = [{ name: 'c', state: { waiting: { reason: 'CrashLoopBackOff' } } }];

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: METADATA,
  spec: {
    nodeName: 'n1',
    hostNetwork: true,
    containers: [CONTAINER],
    initContainers: [CONTAINER],
    tolerations: [{ key: 'a', effect: 'NoSchedule' }],
    affinity: { podAntiAffinity: {} },
    volumes: [{ name: 'v', configMap: { name: 'config', items: [{ key: 'k', path: 'p' }] } }],
  },
  status: {
    phase: 'Running',
    podIP: '10.244.1.2',
    podIPs: [{ ip: '10.244.1.2' }],
    hostIP: '172.18.0.2',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: WAITING,
    initContainerStatuses: WAITING,
    ephemeralContainerStatuses: WAITING,
  },
};
const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: METADATA,
  spec: {
    podCIDR: '10.244.1.0/24',
    podCIDRs: ['10.244.1.0/24'],
    providerID: 'kind://a',
    unschedulable: true,
    taints: [{ key: 'a', effect: 'NoSchedule' }],
  },
  status: {
    addresses: [{ type: 'InternalIP', address: '172.18.0.2' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { kubeletVersion: 'v1.33.4', operatingSystem: 'linux' },
    images: [{ names: ['a'] }],
    capacity: { cpu: '4' },
    allocatable: { cpu: '4' },
    volumesInUse: ['a'],
    volumesAttached: [{ name: 'a' }],
  },
};

test.each([
  ['Pod', POD],
  ['Node', NODE],
])('%s: what is taken out of a YAML text is what nobody keeps', (kind, object) => {
  const text = dump(object);
  const pruned = prune(text, 0, kind);
  expect(pruned.length).toBeLessThan(text.length);
  const kept = slim(load(pruned) as Record<string, unknown>);
  expect(kept).toEqual(slim(object));
  expect(kept).not.toBeNull();
});
