import type { Kind, KubeObject, Metadata } from '../../../cluster/objects.ts';
import { slim } from '../../../cluster/slim.ts';
import {
  addressText,
  className,
  hostName,
  labelKey,
  labels,
  nameOf,
  nodeName,
  portName,
  portOrName,
  reference,
  word,
  zoneName,
} from './fields.ts';
import { BUDGET, CHALLENGE, GATEWAY, INGRESS, INGRESS_CLASS, NETWORK_POLICY, ROLLOUT, ROUTE } from './front-objects.ts';
import { redactAnnotations, redactLabels } from './labels.ts';
import type { NameKind } from './names.ts';
import { redactName } from './object-name.ts';
import type { Pen } from './pen.ts';
import { each, maps, plain, type Redact, shape, texts } from './shape.ts';
import { redactDocument, redactImage, redactTree, redactVersion, redactWord } from './values.ts';
import { isFileKey, isKnownName } from './words.ts';

const CONDITIONS = each(shape({ type: word, status: word }));

const SERVICE = shape({
  spec: shape({
    type: word,
    clusterIP: addressText,
    clusterIPs: each(addressText),
    ipFamilies: each(word),
    externalIPs: each(addressText),
    externalName: hostName,
    externalTrafficPolicy: word,
    internalTrafficPolicy: word,
    healthCheckNodePort: plain,
    allocateLoadBalancerNodePorts: plain,
    loadBalancerClass: className,
    loadBalancerIP: addressText,
    loadBalancerSourceRanges: each(addressText),
    ports: each(shape({ name: portName, protocol: word, port: plain, targetPort: portOrName, nodePort: plain, appProtocol: word })),
    publishNotReadyAddresses: plain,
    selector: labels,
    sessionAffinity: word,
    sessionAffinityConfig: shape({ clientIP: shape({ timeoutSeconds: plain }) }),
    trafficDistribution: word,
    topologyKeys: each(labelKey),
  }),
  status: shape({ loadBalancer: shape({ ingress: each(shape({ ip: addressText, hostname: hostName, ipMode: word })) }) }),
});

const ENDPOINT_PORTS = each(shape({ name: portName, protocol: word, port: plain }));
const ENDPOINTS_ADDRESSES = each(shape({ ip: addressText, nodeName, targetRef: reference }));

const ENDPOINT_SLICE = shape({
  addressType: word,
  endpoints: each(
    shape({
      addresses: each(addressText),
      conditions: shape({ ready: plain, serving: plain, terminating: plain }),
      nodeName,
      zone: zoneName,
      topology: labels,
      targetRef: reference,
      hints: shape({ forZones: each(shape({ name: zoneName })), forNodes: each(shape({ name: nodeName })) }),
    }),
  ),
  ports: ENDPOINT_PORTS,
});

const ENDPOINTS = shape({
  subsets: each(shape({ addresses: ENDPOINTS_ADDRESSES, notReadyAddresses: ENDPOINTS_ADDRESSES, ports: ENDPOINT_PORTS })),
});

const PROVIDERS = /^(?:aws|gce|azure|kind|hcloud|linode|scaleway|openstack|digitalocean|vsphere|k3s|oci|ibm|metal3|equinixmetal):\/\//;

const NODE = shape({
  spec: shape({
    podCIDR: addressText,
    podCIDRs: each(addressText),
    providerID: texts((text) => `${PROVIDERS.exec(text)?.[0] ?? 'other://'}redacted`),
    unschedulable: plain,
    taints: each(shape({ key: labelKey, effect: word })),
  }),
  status: shape({
    addresses: each(nodeAddress),
    conditions: CONDITIONS,
    nodeInfo: shape({ kubeletVersion: texts(redactVersion), kubeProxyVersion: texts(redactVersion), operatingSystem: word }),
  }),
});

/** An address, or the name of the node or of its host. */
function nodeAddress(value: unknown, pen: Pen): unknown {
  const { type, address } = value as { readonly type: string; readonly address: string };
  const redact = type === 'Hostname' ? nodeName : /DNS$/.test(type) ? hostName : addressText;
  return { type: word(type, pen), address: redact(address, pen) };
}

const CONTAINER = shape({
  name: texts((text) => (isKnownName(text) ? text : 'redacted')),
  image: texts(redactImage),
  command: each(texts(redactWord)),
  args: each(texts(redactWord)),
  env: each(shape({ name: texts((text) => text), value: texts(redactDocument) })),
  ports: each(shape({ name: portName, containerPort: plain, hostPort: plain, protocol: word })),
  lifecycle: shape({ preStop: shape({ sleep: shape({ seconds: plain }), exec: shape({}) }) }),
  readinessProbe: shape({ initialDelaySeconds: plain, periodSeconds: plain, failureThreshold: plain }),
});

const CONTAINER_NAME = texts((text) => (isKnownName(text) ? text : 'redacted'));

const POD_SPEC = shape({
  nodeName,
  hostNetwork: plain,
  terminationGracePeriodSeconds: plain,
  initContainers: each(
    shape({ name: CONTAINER_NAME, ports: each(shape({ name: portName, containerPort: plain, hostPort: plain, protocol: word })) }),
  ),
  containers: each(CONTAINER),
  volumes: each(shape({ configMap: shape({ name: nameOf('name') }) })),
});

const POD = shape({
  spec: POD_SPEC,
  status: shape({
    phase: word,
    podIP: addressText,
    podIPs: each(shape({ ip: addressText })),
    hostIP: addressText,
    conditions: CONDITIONS,
    containerStatuses: each(shape({ name: CONTAINER_NAME, state: shape({ waiting: shape({ reason: word }) }) })),
  }),
});

const WORKLOAD = shape({
  spec: shape({ ...ROLLOUT, template: shape({ metadata: shape({ labels }), spec: POD_SPEC }) }),
  status: shape({ desiredNumberScheduled: plain, updatedNumberScheduled: plain, numberReady: plain }),
});

const CONFIG_MAP = shape({
  data: maps((data, pen) =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        isFileKey(key) || /^[a-z0-9-]+$/.test(key) ? key : pen.names.of('key', key),
        redactDocument(value, pen),
      ]),
    ),
  ),
});

const CUSTOM = shape({ spec: redactTree, status: redactTree, fields: redactTree });

const KINDS: Readonly<Record<Kind, { readonly name: NameKind; readonly body: Redact }>> = {
  Service: { name: 'service', body: SERVICE },
  EndpointSlice: { name: 'slice', body: ENDPOINT_SLICE },
  Endpoints: { name: 'service', body: ENDPOINTS },
  Node: { name: 'node', body: NODE },
  Pod: { name: 'pod', body: POD },
  DaemonSet: { name: 'daemon', body: WORKLOAD },
  ConfigMap: { name: 'name', body: CONFIG_MAP },
  // Never written.
  ConfigHosts: { name: 'name', body: shape({}) },
  Namespace: { name: 'namespace', body: shape({}) },
  IPPool: { name: 'name', body: CUSTOM },
  FelixConfiguration: { name: 'name', body: CUSTOM },
  Installation: { name: 'name', body: CUSTOM },
  CiliumNode: { name: 'node', body: CUSTOM },
  ServiceCIDR: { name: 'name', body: CUSTOM },
  Network: { name: 'name', body: CUSTOM },
  ClusterNetwork: { name: 'name', body: CUSTOM },
  HostSubnet: { name: 'node', body: CUSTOM },
  Deployment: { name: 'daemon', body: WORKLOAD },
  StatefulSet: { name: 'daemon', body: WORKLOAD },
  PodDisruptionBudget: { name: 'name', body: BUDGET },
  Ingress: { name: 'name', body: INGRESS },
  IngressClass: { name: 'class', body: INGRESS_CLASS },
  Gateway: { name: 'name', body: GATEWAY },
  HTTPRoute: { name: 'name', body: ROUTE },
  GRPCRoute: { name: 'name', body: ROUTE },
  TLSRoute: { name: 'name', body: ROUTE },
  NetworkPolicy: { name: 'name', body: NETWORK_POLICY },
  Challenge: { name: 'name', body: CHALLENGE },
  IPAddressPool: { name: 'name', body: CUSTOM },
  L2Advertisement: { name: 'name', body: CUSTOM },
  BGPAdvertisement: { name: 'name', body: CUSTOM },
  ServiceL2Status: { name: 'name', body: CUSTOM },
  BGPConfiguration: { name: 'name', body: CUSTOM },
  Middleware: { name: 'name', body: CUSTOM },
  ClientTrafficPolicy: { name: 'name', body: CUSTOM },
  SecurityPolicy: { name: 'name', body: CUSTOM },
};

/** An object without the names and addresses of its cluster. */
export function redactObject(object: KubeObject, pen: Pen): KubeObject {
  const { name, body } = KINDS[object.kind];
  const redacted = body(object, pen) as Readonly<Record<string, unknown>>;
  const metadata = redactMetadata(object.metadata, name, pen);
  return { apiVersion: object.apiVersion, kind: object.kind, metadata, ...redacted } as KubeObject;
}

function redactMetadata(metadata: Metadata, name: NameKind, pen: Pen): Metadata {
  const { namespace, labels: own, annotations, deletionTimestamp, ownerReferences } = metadata;
  return {
    name: redactName(name, metadata.name, pen),
    ...(namespace === undefined ? {} : { namespace: redactName('namespace', namespace, pen) }),
    ...(own === undefined ? {} : { labels: redactLabels(own, pen) }),
    ...(annotations === undefined ? {} : { annotations: redactAnnotations(annotations, pen) }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp: '2000-01-01T00:00:00Z' }),
    ...(ownerReferences === undefined ? {} : { ownerReferences: ownerReferences.map((owner) => reference(owner, pen) as object) }),
  };
}

/** What `slim` makes of it: proof that what was written has the types that are read. */
export function checked(object: KubeObject): KubeObject {
  const { fields, ...rest } = object as KubeObject & { readonly fields?: object };
  const again = slim({ ...rest, ...fields });
  if (again === null) throw new Error(`a redacted ${object.kind} is no ${object.kind} any more`);
  return again;
}
