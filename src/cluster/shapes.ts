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

const CONTAINER_PORTS = listOf(fields({ name: text, containerPort: portNumber, hostPort: portNumber, protocol: text }, 'containerPort'));

/** Most lists of most pods would be empty: one without elements is left out. */
function some<T>(read: Read<readonly T[]>): Read<readonly T[]> {
  return (raw) => {
    const found = read(raw);
    return found === undefined || found.length === 0 ? undefined : found;
  };
}

const CONTAINER_FIELDS = {
  name: text,
  image: text,
  command: listOf(text),
  args: listOf(text),
  env: listOf(
    fields(
      { name: text, value: text, valueFrom: fields({ configMapKeyRef: fields({ name: text, key: text }, 'name') }, 'configMapKeyRef') },
      'name',
    ),
  ),
  envFrom: some(listOf(fields({ configMapRef: fields({ name: text }, 'name') }, 'configMapRef'))),
  ports: CONTAINER_PORTS,
};

const CONTAINER = fields(CONTAINER_FIELDS);

const ITEMS = listOf(fields({ key: text }, 'key'));

/** Every pod mounts `kube-root-ca.crt`, and it names no host. */
const PROJECTED_CONFIG: Read<Json> = (raw) => {
  const found = fields({ configMap: fields({ name: text, items: ITEMS }, 'name') }, 'configMap')(raw);
  return record(found?.['configMap'])['name'] === 'kube-root-ca.crt' ? undefined : found;
};
const MOUNTED_CONFIG = fields({ name: text, configMap: fields({ name: text, items: ITEMS }) }, 'configMap');
const PROJECTED = fields({ name: text, projected: fields({ sources: some(listOf(PROJECTED_CONFIG)) }, 'sources') }, 'projected');
const CONFIG_VOLUME: Read<Json> = (raw) => MOUNTED_CONFIG(raw) ?? PROJECTED(raw);

const PORTS_ONLY = fields({ name: text, ports: CONTAINER_PORTS }, 'ports');

const POD_FIELDS = {
  nodeName: text,
  hostNetwork: flag,
  containers: listOf(CONTAINER),
  initContainers: some(listOf(PORTS_ONLY)),
  volumes: listOf(CONFIG_VOLUME),
};

const WAITING = some(listOf(fields({ name: text, state: fields({ waiting: fields({ reason: text }, 'reason') }, 'waiting') }, 'state')));

const POD = fields({
  spec: fields(POD_FIELDS),
  status: fields({
    phase: text,
    podIP: text,
    podIPs: listOf(fields({ ip: text }, 'ip')),
    hostIP: text,
    conditions: READY,
    containerStatuses: WAITING,
  }),
});

/** How long a pod waits before it stops: of a command only the `sleep` in it, because the rest may be private. */
const PRE_STOP: Read<Json> = (raw) => {
  const { sleep, exec } = record(raw);
  const slept = count(record(sleep)['seconds']);
  if (slept !== undefined) return { sleep: { seconds: slept } };
  if (!isRecord(exec)) return undefined;
  const command = (listOf(text)(exec['command']) ?? []).join(' ');
  const found = /\bsleep (\d{1,6})\b/.exec(command)?.[1];
  return found === undefined ? { exec: {} } : { sleep: { seconds: Number(found) } };
};

const ENDING = {
  lifecycle: fields({ preStop: PRE_STOP }),
  readinessProbe: fields({ initialDelaySeconds: count, periodSeconds: count, successThreshold: count, failureThreshold: count }),
};

function template(container: Readonly<Record<string, Read<unknown>>>): Read<Json> {
  return fields({
    metadata: fields({ labels: stringMap }),
    spec: fields({
      ...POD_FIELDS,
      terminationGracePeriodSeconds: count,
      nodeSelector: stringMap,
      tolerations: listOf(fields({ key: text, effect: text })),
      containers: listOf(fields({ ...container, ...ENDING })),
    }),
  });
}

/** Of a DaemonSet the command line may tell the data plane; of other workloads it tells nothing, and is private. */
const TEMPLATE = template(CONTAINER_FIELDS);
const PLAIN_TEMPLATE = template({ name: text, image: text, ports: CONTAINER_PORTS });

/** `1` or `25%`. */
const AMOUNT: Read<number | string> = (raw) => count(raw) ?? text(raw);
const ROLLING = fields({ maxSurge: AMOUNT, maxUnavailable: AMOUNT });
const SELECTOR = fields({
  matchLabels: stringMap,
  matchExpressions: listOf(fields({ key: text, operator: text, values: listOf(text) }, 'key', 'operator')),
});

const DEPLOYMENT = fields({
  spec: fields({
    replicas: count,
    minReadySeconds: count,
    selector: SELECTOR,
    strategy: fields({ type: text, rollingUpdate: ROLLING }),
    template: PLAIN_TEMPLATE,
  }),
});

const STATEFUL_SET = fields({ spec: fields({ replicas: count, minReadySeconds: count, selector: SELECTOR, template: PLAIN_TEMPLATE }) });

const BUDGET = fields({ spec: fields({ minAvailable: AMOUNT, maxUnavailable: AMOUNT, selector: SELECTOR }) });

const BALANCER_STATUS = fields({ loadBalancer: fields({ ingress: listOf(fields({ ip: text, hostname: text, ipMode: text })) }) });

const BACKEND = fields({ service: fields({ name: text, port: fields({ name: text, number: portNumber }) }) });

const INGRESS = fields({
  spec: fields({
    ingressClassName: text,
    defaultBackend: BACKEND,
    tls: listOf(fields({ hosts: listOf(text) })),
    rules: listOf(fields({ host: text, http: fields({ paths: listOf(fields({ path: text, backend: BACKEND })) }) })),
  }),
  status: BALANCER_STATUS,
});

const GATEWAY = fields({
  spec: fields({
    gatewayClassName: text,
    listeners: listOf(fields({ name: text, hostname: text, port: portNumber, protocol: text })),
  }),
  status: fields({ addresses: listOf(fields({ type: text, value: text })) }),
});

const ROUTE = fields({
  spec: fields({
    hostnames: listOf(text),
    parentRefs: listOf(fields({ kind: text, namespace: text, name: text })),
    rules: listOf(fields({ backendRefs: listOf(fields({ kind: text, namespace: text, name: text, port: portNumber })) })),
  }),
});

const NETWORK_POLICY = fields({
  spec: fields({
    podSelector: SELECTOR,
    policyTypes: listOf(text),
    ingress: listOf(
      fields({
        from: listOf(
          fields({
            ipBlock: fields({ cidr: text, except: listOf(text) }),
            podSelector: SELECTOR,
            namespaceSelector: SELECTOR,
          }),
        ),
        ports: listOf(fields({ protocol: text, port: portOrName, endPort: portNumber })),
      }),
    ),
  }),
});

const CHALLENGE = fields({
  spec: fields({ dnsName: text, type: text }),
  status: fields({ state: text, reason: text, presented: flag, processing: flag }),
});

const DAEMON_SET = fields({
  spec: fields({
    minReadySeconds: count,
    updateStrategy: fields({ type: text, rollingUpdate: ROLLING }),
    template: TEMPLATE,
  }),
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
  Deployment: DEPLOYMENT,
  StatefulSet: STATEFUL_SET,
  PodDisruptionBudget: BUDGET,
  Ingress: INGRESS,
  IngressClass: fields({ spec: fields({ controller: text }) }),
  Gateway: GATEWAY,
  HTTPRoute: ROUTE,
  GRPCRoute: ROUTE,
  TLSRoute: ROUTE,
  NetworkPolicy: NETWORK_POLICY,
  Challenge: CHALLENGE,
  IPPool: CUSTOM,
  FelixConfiguration: CUSTOM,
  Installation: CUSTOM,
  CiliumNode: CUSTOM,
  ServiceCIDR: CUSTOM,
  Network: CUSTOM,
  ClusterNetwork: TOP_LEVEL,
  HostSubnet: TOP_LEVEL,
  IPAddressPool: CUSTOM,
  L2Advertisement: CUSTOM,
  BGPAdvertisement: CUSTOM,
  ServiceL2Status: CUSTOM,
  BGPConfiguration: CUSTOM,
  Middleware: CUSTOM,
  ClientTrafficPolicy: CUSTOM,
  SecurityPolicy: CUSTOM,
} as const satisfies Record<Exclude<KubeObject['kind'], 'ConfigHosts'> | CustomKind, Read<Json>>;
