import type { KubeObject, Metadata } from './objects.ts';
import { fields, isRecord, listOf, stringMap, text } from './shape.ts';
import { SHAPES } from './shapes.ts';

/** API groups in which a kind of ours lives; the same kind name elsewhere (`Service` of knative, `Node` of a vendor) is another thing. */
const GROUPS = {
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
  Deployment: ['apps', 'extensions'],
  StatefulSet: ['apps'],
  PodDisruptionBudget: ['policy'],
  Ingress: ['networking.k8s.io', 'extensions'],
  IngressClass: ['networking.k8s.io'],
  Gateway: ['gateway.networking.k8s.io'],
  HTTPRoute: ['gateway.networking.k8s.io'],
  GRPCRoute: ['gateway.networking.k8s.io'],
  TLSRoute: ['gateway.networking.k8s.io'],
  NetworkPolicy: ['networking.k8s.io', 'extensions'],
  Challenge: ['acme.cert-manager.io'],
  IPAddressPool: ['metallb.io'],
  L2Advertisement: ['metallb.io'],
  BGPAdvertisement: ['metallb.io'],
  ServiceL2Status: ['metallb.io'],
  BGPConfiguration: ['crd.projectcalico.org', 'projectcalico.org'],
  Middleware: ['traefik.io', 'traefik.containo.us'],
  ClientTrafficPolicy: ['gateway.envoyproxy.io'],
  SecurityPolicy: ['gateway.envoyproxy.io'],
} as const satisfies Record<keyof typeof SHAPES, readonly string[]>;

/** ConfigMaps by name: only these can say anything about a data plane or the cluster's DNS, and others may be large or private. */
export const DATA_PLANE_CONFIGS: ReadonlySet<string> = new Set([
  'kube-proxy',
  'kube-proxy-config',
  'kube-proxy-worker',
  'sdn-config',
  'cilium-config',
  'kube-flannel-cfg',
  'calico-config',
  'antrea-config',
  'kube-router-cfg',
  'canal-config',
  'rke2-canal-config',
  'kubeadm-config',
  'ip-masq-agent',
  'azure-ip-masq-agent-config',
  'ovnkube-config',
  'coredns',
]);

/** Of an ingress controller, whatever its release is called: it says what it makes of PROXY headers and forwarded addresses. */
const CONTROLLER_CONFIG =
  /(^|-)(ingress-nginx-controller|nginx-ingress-controller|nginx-configuration|nginx-load-balancer-conf|nginx-config|haproxy-ingress|haproxy-kubernetes-ingress)$/;

function isUsefulConfig(name: string): boolean {
  return DATA_PLANE_CONFIGS.has(name) || CONTROLLER_CONFIG.test(name);
}

/** Whether objects of this kind are of any use here. */
export function isKnownKind(kind: string): kind is keyof typeof SHAPES {
  return Object.hasOwn(SHAPES, kind);
}

/**
 * An object cut down to what the program reads, or null for a kind that it does not know. Fields of the wrong type are left out, so that
 * behind this point the types of objects.ts hold. Called on each object as soon as it is parsed, so that a large list never stands in memory whole.
 */
export function slim(raw: unknown, listKind?: { readonly apiVersion: string; readonly kind: string }): KubeObject | null {
  if (!isRecord(raw)) return null;
  const kind = text(raw['kind']) ?? listKind?.kind;
  const apiVersion = text(raw['apiVersion']) ?? listKind?.apiVersion;
  if (kind === undefined || apiVersion === undefined || !isKnownKind(kind)) return null;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  if (!GROUPS[kind].some((known) => known === group)) return null;
  const metadata = slimMetadata(raw['metadata'], kind);
  if (metadata === null || (kind === 'ConfigMap' && !isUsefulConfig(metadata.name))) return null;
  return { apiVersion, kind, metadata, ...SHAPES[kind](raw) } as KubeObject;
}

const METADATA = {
  name: text,
  namespace: text,
  uid: text,
  labels: stringMap,
  deletionTimestamp: text,
  ownerReferences: listOf(fields({ kind: text, name: text })),
};
const slimmest = fields(METADATA, 'name');
/** Annotations tell about load balancers, CNIs and ingress controllers; those of other kinds are long and of no use. */
const ANNOTATED: ReadonlySet<string> = new Set(['Service', 'Node', 'Ingress', 'Gateway', 'IngressClass']);
const withAnnotations = fields({ ...METADATA, annotations: stringMap }, 'name');

function slimMetadata(raw: unknown, kind: string): Metadata | null {
  const found = (ANNOTATED.has(kind) ? withAnnotations : slimmest)(raw);
  return found === undefined || found['name'] === '' ? null : (found as unknown as Metadata);
}
