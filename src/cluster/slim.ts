import type { ContainerObject, CustomKind, KubeObject, Metadata, PodSpecObject } from './objects.ts';

type Json = Readonly<Record<string, unknown>>;

const CUSTOM_KINDS: ReadonlySet<string> = new Set<CustomKind>([
  'IPPool',
  'FelixConfiguration',
  'Installation',
  'CiliumNode',
  'ServiceCIDR',
  'Network',
  'ClusterNetwork',
  'HostSubnet',
]);

const PLAIN_KINDS: ReadonlySet<string> = new Set([
  'Service',
  'EndpointSlice',
  'Endpoints',
  'Node',
  'Pod',
  'DaemonSet',
  'ConfigMap',
  'Namespace',
]);

/** API groups in which a kind of ours lives; the same kind name elsewhere (`Service` of knative, `Node` of a vendor) is another thing. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Service: [''],
  EndpointSlice: ['discovery.k8s.io'],
  Endpoints: [''],
  Node: [''],
  Pod: [''],
  DaemonSet: ['apps', 'extensions'],
  ConfigMap: [''],
  Namespace: [''],
  IPPool: ['crd.projectcalico.org', 'projectcalico.org'],
  FelixConfiguration: ['crd.projectcalico.org', 'projectcalico.org'],
  Installation: ['operator.tigera.io'],
  CiliumNode: ['cilium.io'],
  ServiceCIDR: ['networking.k8s.io'],
  Network: ['config.openshift.io', 'operator.openshift.io'],
  ClusterNetwork: ['network.openshift.io'],
  HostSubnet: ['network.openshift.io'],
};

/** ConfigMaps by name: only these can say anything about a data plane, and others may be large or private. */
const CONFIG_MAPS: ReadonlySet<string> = new Set([
  'kube-proxy',
  'kube-proxy-config',
  'kube-proxy-worker',
  'sdn-config',
  'cilium-config',
  'kube-flannel-cfg',
  'calico-config',
  'antrea-config',
  'kube-router-cfg',
  'kubeadm-config',
  'ip-masq-agent',
  'azure-ip-masq-agent-config',
  'ovnkube-config',
]);

/** Whether objects of this kind are of any use here. */
export function isKnownKind(kind: string): boolean {
  return PLAIN_KINDS.has(kind) || CUSTOM_KINDS.has(kind);
}

/**
 * An object cut down to what the program reads, or null for a kind that it does not know. Fields of the wrong type are left out.
 * Called on each object as soon as it is parsed, so that a large list never stands in memory whole.
 */
export function slim(raw: unknown, listKind?: { readonly apiVersion: string; readonly kind: string }): KubeObject | null {
  if (!isRecord(raw)) return null;
  const kind = text(raw['kind']) ?? listKind?.kind;
  const apiVersion = text(raw['apiVersion']) ?? listKind?.apiVersion;
  if (kind === undefined || apiVersion === undefined || !isKnownKind(kind)) return null;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  if (!GROUPS[kind]?.includes(group)) return null;
  const metadata = slimMetadata(raw['metadata'], kind);
  if (metadata === null || (kind === 'ConfigMap' && !CONFIG_MAPS.has(metadata.name))) return null;
  return { apiVersion, kind, metadata, ...slimBody(kind, raw) } as KubeObject;
}

function slimBody(kind: string, raw: Json): Json {
  switch (kind) {
    case 'Service':
      return pick(raw, 'spec', 'status');
    case 'EndpointSlice':
      return pick(raw, 'addressType', 'endpoints', 'ports');
    case 'Endpoints':
      return pick(raw, 'subsets');
    case 'Node':
      return {
        spec: pick(record(raw['spec']), 'podCIDR', 'podCIDRs', 'providerID', 'unschedulable', 'taints'),
        status: slimNodeStatus(record(raw['status'])),
      };
    case 'Pod':
      return {
        spec: slimPodSpec(record(raw['spec'])),
        status: pick(record(raw['status']), 'phase', 'podIP', 'podIPs', 'hostIP', 'conditions'),
      };
    case 'DaemonSet': {
      const template = record(record(raw['spec'])['template']);
      return {
        spec: { template: { metadata: pick(record(template['metadata']), 'labels'), spec: slimPodSpec(record(template['spec'])) } },
        status: pick(record(raw['status']), 'desiredNumberScheduled', 'updatedNumberScheduled', 'numberReady'),
      };
    }
    case 'ConfigMap':
      return pick(raw, 'data');
    case 'Namespace':
      return {};
    case 'ClusterNetwork':
    case 'HostSubnet':
      return { fields: Object.fromEntries(Object.entries(raw).filter(([key]) => key !== 'metadata')) };
    default:
      return pick(raw, 'spec', 'status');
  }
}

function slimMetadata(raw: unknown, kind: string): Metadata | null {
  const meta = record(raw);
  const name = text(meta['name']);
  if (name === undefined || name === '') return null;
  const keep = kind === 'Service' || kind === 'Node';
  const annotations = keep ? stringMap(meta['annotations']) : undefined;
  const labels = stringMap(meta['labels']);
  const namespace = text(meta['namespace']);
  const uid = text(meta['uid']);
  const deletionTimestamp = text(meta['deletionTimestamp']);
  const owners = Array.isArray(meta['ownerReferences'])
    ? meta['ownerReferences'].filter(isRecord).map((owner) => pick(owner, 'kind', 'name'))
    : undefined;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(owners === undefined ? {} : { ownerReferences: owners }),
  };
}

function slimNodeStatus(status: Json): Json {
  const info = pick(record(status['nodeInfo']), 'kubeletVersion', 'kubeProxyVersion', 'operatingSystem');
  const conditions = Array.isArray(status['conditions'])
    ? status['conditions']
        .filter((condition) => isRecord(condition) && condition['type'] === 'Ready')
        .map((condition) => pick(record(condition), 'type', 'status'))
    : [];
  return { ...pick(status, 'addresses'), nodeInfo: info, conditions };
}

function slimPodSpec(spec: Json): PodSpecObject {
  const containers = Array.isArray(spec['containers'])
    ? spec['containers']
        .filter(isRecord)
        .map((container) => pick(container, 'name', 'image', 'command', 'args', 'env', 'ports') as ContainerObject)
    : [];
  const volumes = Array.isArray(spec['volumes'])
    ? spec['volumes']
        .filter((volume) => isRecord(volume) && volume['configMap'] !== undefined)
        .map((volume) => pick(record(volume), 'name', 'configMap'))
    : [];
  return { ...pick(spec, 'nodeName', 'hostNetwork'), containers, volumes } as PodSpecObject;
}

function pick(raw: Json, ...keys: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of keys) {
    const value = raw[key];
    if (value !== undefined && value !== null) found[key] = value;
  }
  return found;
}

function stringMap(raw: unknown): Record<string, string> | undefined {
  if (!isRecord(raw)) return undefined;
  return Object.fromEntries(Object.entries(raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function record(raw: unknown): Json {
  return isRecord(raw) ? raw : {};
}

function text(raw: unknown): string | undefined {
  return typeof raw === 'string' ? raw : undefined;
}

function isRecord(raw: unknown): raw is Json {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}
