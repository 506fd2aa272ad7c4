import type { CustomKind, KubeObject } from './objects.ts';
import type { Json, Read } from './shape.ts';
import { count, fields, flag, isRecord, listOf, portNumber, portOrName, record, stringMap, text } from './shape.ts';

/** The fields that this program reads, per kind: the types of objects.ts as code. Whatever else an object has is dropped. */

const SERVICE = fields({
  spec: fields({
    type: text,
    clusterIP: text,
    clusterIPs: listOf(text),
    ipFamilies: listOf(text),
    externalIPs: listOf(text),
    externalName: text,
    externalTrafficPolicy: text,
    internalTrafficPolicy: text,
    healthCheckNodePort: portNumber,
    allocateLoadBalancerNodePorts: flag,
    loadBalancerClass: text,
    loadBalancerIP: text,
    loadBalancerSourceRanges: listOf(text),
    ports: listOf(
      fields({ name: text, protocol: text, port: portNumber, targetPort: portOrName, nodePort: portNumber, appProtocol: text }, 'port'),
    ),
    publishNotReadyAddresses: flag,
    selector: stringMap,
    sessionAffinity: text,
    sessionAffinityConfig: fields({ clientIP: fields({ timeoutSeconds: count }) }),
    trafficDistribution: text,
    topologyKeys: listOf(text),
  }),
  status: fields({ loadBalancer: fields({ ingress: listOf(fields({ ip: text, hostname: text, ipMode: text })) }) }),
});

const TARGET = fields({ kind: text, namespace: text, name: text });
const NAMED = listOf(fields({ name: text }, 'name'));

const ENDPOINT_SLICE = fields({
  addressType: text,
  endpoints: listOf(
    fields({
      addresses: listOf(text),
      conditions: fields({ ready: flag, serving: flag, terminating: flag }),
      nodeName: text,
      zone: text,
      topology: stringMap,
      targetRef: TARGET,
      hints: fields({ forZones: NAMED, forNodes: NAMED }),
    }),
  ),
  ports: listOf(fields({ name: text, protocol: text, port: portNumber })),
});

const ENDPOINTS_ADDRESSES = listOf(fields({ ip: text, nodeName: text, targetRef: TARGET }, 'ip'));

const ENDPOINTS = fields({
  subsets: listOf(
    fields({
      addresses: ENDPOINTS_ADDRESSES,
      notReadyAddresses: ENDPOINTS_ADDRESSES,
      ports: listOf(fields({ name: text, protocol: text, port: portNumber }, 'port')),
    }),
  ),
});

const CONDITION = fields({ type: text, status: text }, 'type', 'status');

/** A list without the conditions other than Ready: nodes have many, with long messages. */
const READY: Read<readonly Json[]> = (raw) => listOf(CONDITION)(raw)?.filter((condition) => condition['type'] === 'Ready');

const NODE = fields({
  spec: fields({
    podCIDR: text,
    podCIDRs: listOf(text),
    providerID: text,
    unschedulable: flag,
    taints: listOf(fields({ key: text, effect: text }, 'key')),
  }),
  status: fields({
    addresses: listOf(fields({ type: text, address: text }, 'type', 'address')),
    conditions: READY,
    nodeInfo: fields({ kubeletVersion: text, kubeProxyVersion: text, operatingSystem: text }),
  }),
});

const CONTAINER = fields({
  name: text,
  image: text,
  command: listOf(text),
  args: listOf(text),
  env: listOf(fields({ name: text, value: text }, 'name')),
  ports: listOf(fields({ name: text, containerPort: portNumber, hostPort: portNumber, protocol: text }, 'containerPort')),
});

const CONFIG_VOLUME = fields({ name: text, configMap: fields({ name: text }) }, 'configMap');

const POD_SPEC = fields({ nodeName: text, hostNetwork: flag, containers: listOf(CONTAINER), volumes: listOf(CONFIG_VOLUME) });

const POD = fields({
  spec: POD_SPEC,
  status: fields({ phase: text, podIP: text, podIPs: listOf(fields({ ip: text }, 'ip')), hostIP: text, conditions: READY }),
});

const DAEMON_SET = fields({
  spec: fields({ template: fields({ metadata: fields({ labels: stringMap }), spec: POD_SPEC }) }),
  status: fields({ desiredNumberScheduled: count, updatedNumberScheduled: count, numberReady: count }),
});

/** Custom resources are read by key later on, each value with a look at its type. */
const anything: Read<Json> = (raw) => (isRecord(raw) ? raw : undefined);
const CUSTOM = fields({ spec: anything, status: anything });
const TOP_LEVEL: Read<Json> = (raw) => ({
  fields: Object.fromEntries(Object.entries(record(raw)).filter(([key]) => key !== 'metadata')),
});

export const SHAPES = {
  Service: SERVICE,
  EndpointSlice: ENDPOINT_SLICE,
  Endpoints: ENDPOINTS,
  Node: NODE,
  Pod: POD,
  DaemonSet: DAEMON_SET,
  ConfigMap: fields({ data: stringMap }),
  Namespace: fields({}),
  IPPool: CUSTOM,
  FelixConfiguration: CUSTOM,
  Installation: CUSTOM,
  CiliumNode: CUSTOM,
  ServiceCIDR: CUSTOM,
  Network: CUSTOM,
  ClusterNetwork: TOP_LEVEL,
  HostSubnet: TOP_LEVEL,
} as const satisfies Record<KubeObject['kind'] | CustomKind, Read<Json>>;
