import type { KubeObject } from '../../src/cluster/objects.ts';
import { slim } from '../../src/cluster/slim.ts';
import type { RecordedCase } from './cases.ts';

/**
 * Recorded clusters with objects and fields that no service proxy looks at: what became of their packets stays true, and findings have more to say.
 * None of them changes what the prediction may rest on: endpoints, addresses, ports, policies, kube-proxy's configuration.
 */

interface Loose {
  apiVersion?: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

type Change = (objects: Loose[]) => void;

export const DECORATIONS: Readonly<Record<string, Change>> = {
  'pods that name addresses': nameAddresses,
  'fronts, lists and announcements': addFronts,
  'a load balancer with PROXY and TLS': addEdge,
  'an announcer': addAnnouncer,
  'nodes that load balancers leave out': excludeHolders,
  'a target port that no container has': misnamePorts,
};

export function decorated(recorded: RecordedCase, change: Change, name: string): RecordedCase {
  const objects = structuredClone(recorded.evidence.objects) as unknown as Loose[];
  change(objects);
  const kept = objects.map((object) => slim(object as unknown as Record<string, unknown>)).filter((one): one is KubeObject => one !== null);
  return { ...recorded, name: `${recorded.name} (${name})`, evidence: { ...recorded.evidence, objects: kept } };
}

// ---- reading ---------------------------------------------------------------------------------

interface Port {
  readonly port: number;
  readonly protocol?: string;
  readonly nodePort?: number;
  targetPort?: number | string;
}

const ofKind = (objects: readonly Loose[], kind: string): Loose[] => objects.filter((object) => object.kind === kind);
const portsOf = ({ spec }: Loose): Port[] => (spec?.['ports'] ?? []) as Port[];
const isLocal = ({ spec }: Loose): boolean => spec?.['externalTrafficPolicy'] === 'Local';

function vipsOf({ spec, status }: Loose): string[] {
  const balancer = (status?.['loadBalancer'] ?? {}) as { ingress?: { ip?: string; ipMode?: string }[] };
  const published = (balancer.ingress ?? []).flatMap(({ ip, ipMode }) => (ip === undefined || ipMode === 'Proxy' ? [] : [ip]));
  return [...published, ...((spec?.['externalIPs'] ?? []) as string[])];
}

function addressesOf({ status }: Loose): string[] {
  return ((status?.['addresses'] ?? []) as { type: string; address: string }[]).flatMap(({ type, address }) =>
    type === 'InternalIP' ? [address] : [],
  );
}

function annotate({ metadata }: Loose, annotations: Record<string, string>): void {
  metadata.annotations = { ...metadata.annotations, ...annotations };
}

const at = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

// ---- changes ---------------------------------------------------------------------------------

/** Every pod names every address of Local Services, node ports of all nodes, and images on its own node's loopback. */
function nameAddresses(objects: Loose[]): void {
  const services = ofKind(objects, 'Service');
  const urls = services
    .filter(isLocal)
    .flatMap((service) =>
      portsOf(service).flatMap(({ port, nodePort }) => [
        ...vipsOf(service).map((ip) => at(ip, port)),
        ...(nodePort === undefined ? [] : ofKind(objects, 'Node').flatMap((node) => addressesOf(node).map((ip) => at(ip, nodePort)))),
      ]),
    );
  const images = services.flatMap((service) =>
    portsOf(service).flatMap(({ nodePort, protocol = 'TCP' }) =>
      nodePort === undefined || protocol !== 'TCP' ? [] : [`127.0.0.1:${nodePort}/app:1`, `[::1]:${nodePort}/app:1`],
    ),
  );
  for (const pod of ofKind(objects, 'Pod')) {
    const env = urls.map((url, index) => ({ name: `URL_${index}`, value: `tcp://${url}` }));
    const [first, ...others] = (pod.spec?.['containers'] ?? []) as Record<string, unknown>[];
    const pulled = images.map((image, index) => ({ name: `image-${index}`, image }));
    pod.spec = { ...pod.spec, containers: [{ ...first, env }, ...others, ...pulled] };
  }
}

const CLIENTS = '198.51.100.0/24';

/** An Ingress with an allow list and a NetworkPolicy for each Service, nodes with public addresses that DNS names, and networks that BGP and layer 2 announce. */
function addFronts(objects: Loose[]): void {
  const nodes = ofKind(objects, 'Node');
  const [last] = nodes.slice(-1);
  for (const [index, node] of nodes.entries()) {
    const addresses = (node.status?.['addresses'] ?? []) as unknown[];
    node.status = { ...node.status, addresses: [...addresses, { type: 'ExternalIP', address: `203.0.113.${200 + index}` }] };
  }
  for (const service of ofKind(objects, 'Service')) {
    const { name, namespace = 'default' } = service.metadata;
    const vips = vipsOf(service);
    annotate(service, { 'external-dns.alpha.kubernetes.io/target': nodes.flatMap(addressesOf).join(',') });
    objects.push({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace, annotations: { 'nginx.ingress.kubernetes.io/whitelist-source-range': CLIENTS } },
      spec: { rules: [{ host: `${name}.example.com` }] },
      status: { loadBalancer: { ingress: vips.map((ip) => ({ ip })) } },
    });
    if (last !== undefined)
      objects.push({
        apiVersion: 'metallb.io/v1beta1',
        kind: 'ServiceL2Status',
        metadata: { name: `l2-${name}`, namespace: 'metallb-system' },
        status: { serviceName: name, serviceNamespace: namespace, node: last.metadata.name },
      });
  }
  for (const namespace of new Set(ofKind(objects, 'Pod').map(({ metadata }) => metadata.namespace ?? 'default')))
    objects.push({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'clients', namespace },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock: { cidr: CLIENTS } }] }] },
    });
  const singles = ofKind(objects, 'Service').flatMap(vipsOf);
  const cidrs = singles.map((ip) => ({ cidr: `${ip}/${ip.includes(':') ? 128 : 32}` }));
  objects.push({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'BGPConfiguration',
    metadata: { name: 'default' },
    spec: { serviceClusterIPs: [{ cidr: '10.96.0.0/16' }], serviceLoadBalancerIPs: cidrs, serviceExternalIPs: cidrs },
  });
}

/** Hetzner's, which the nodes and annotations name. */
function addEdge(objects: Loose[]): void {
  for (const node of ofKind(objects, 'Node')) node.spec = { ...node.spec, providerID: 'hcloud://1' };
  for (const service of ofKind(objects, 'Service'))
    annotate(service, { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'true', 'load-balancer.hetzner.cloud/protocol': 'https' });
}

/** MetalLB, whose announced addresses come to the nodes unchanged. */
function addAnnouncer(objects: Loose[]): void {
  objects.push({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'speaker', namespace: 'metallb-system' },
    spec: {},
    status: {},
  });
}

/** The label on every node with an endpoint of the first Local Service. */
function excludeHolders(objects: Loose[]): void {
  const service = ofKind(objects, 'Service').find((one) => isLocal(one) && one.spec?.['type'] === 'LoadBalancer');
  const slices = ofKind(objects, 'EndpointSlice').filter(
    ({ metadata }) =>
      metadata.namespace === service?.metadata.namespace && metadata.labels?.['kubernetes.io/service-name'] === service?.metadata.name,
  );
  const holders = new Set(
    slices
      .flatMap((slice) => (slice as unknown as { endpoints?: { nodeName?: string }[] }).endpoints ?? [])
      .map(({ nodeName }) => nodeName),
  );
  for (const node of ofKind(objects, 'Node'))
    if (holders.has(node.metadata.name))
      node.metadata.labels = { ...node.metadata.labels, 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
}

/** Services whose selector picks nothing get a pod, without the port that they name. */
function misnamePorts(objects: Loose[]): void {
  const pods = ofKind(objects, 'Pod');
  for (const service of ofKind(objects, 'Service')) {
    const selector = (service.spec?.['selector'] ?? {}) as Record<string, string>;
    const isPicked = (pod: Loose): boolean => Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value);
    if (Object.keys(selector).length === 0 || pods.some((pod) => pod.metadata.namespace === service.metadata.namespace && isPicked(pod)))
      continue;
    for (const port of portsOf(service)) port.targetPort = 'no-such-port';
    objects.push({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${service.metadata.name}-portless`, namespace: service.metadata.namespace ?? 'default', labels: selector },
      spec: { nodeName: 'node1', containers: [{ name: 'app', image: 'app:1' }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }
}
