import type { Cluster, Service } from '../cluster/model.ts';

/** How a provider's load balancer reaches the cluster (each provider's controller source and documentation). */
export interface Provider {
  readonly name: string;
  readonly evidence: string;
  /** What arrives at a node. */
  readonly target: 'nodePort' | 'loadBalancerIP' | 'pod' | null;
  /** Source address at the node: the client's, or the load balancer's own. */
  readonly source: 'client' | 'load-balancer' | null;
  /** How nodes are chosen. `unknown`: it may or may not heed a health check. */
  readonly choice: 'health-check' | 'announcer' | 'status' | 'unknown';
  /** What its health check asks, by policy; `http`: kube-proxy (health-check node port, or healthz), `tcp`: the node port itself. */
  readonly check: Readonly<Record<'Local' | 'Cluster', 'http' | 'tcp' | 'none'>>;
  /** Node labels that keep a node out by their mere presence, beside the one that all controllers heed. */
  readonly excluding?: readonly string[];
}

type Guess = Omit<Provider, 'evidence'>;

const HTTP = { Local: 'http', Cluster: 'http' } as const;
const TCP_FOR_CLUSTER = { Local: 'http', Cluster: 'tcp' } as const;
const TCP = { Local: 'tcp', Cluster: 'tcp' } as const;
const NO_CHECK = { Local: 'none', Cluster: 'none' } as const;

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';
/** aws-load-balancer-controller pkg/k8s: labels whose presence counts. */
const AWS_EXCLUDING = [
  EXCLUDED,
  'node-role.kubernetes.io/master',
  'alpha.service-controller.kubernetes.io/exclude-balancer',
  'eks.amazonaws.com/compute-type',
];

const GCP: Guess = { name: 'gcp', target: 'loadBalancerIP', source: 'client', choice: 'health-check', check: HTTP };
const AZURE: Guess = { name: 'azure', target: 'loadBalancerIP', source: 'client', choice: 'health-check', check: TCP_FOR_CLUSTER };
const METALLB: Guess = {
  name: 'metallb',
  target: 'loadBalancerIP',
  source: 'client',
  choice: 'announcer',
  check: NO_CHECK,
  excluding: [EXCLUDED],
};
const KUBE_VIP: Guess = { name: 'kube-vip', target: 'loadBalancerIP', source: 'client', choice: 'announcer', check: NO_CHECK };
const KLIPPER: Guess = { name: 'klipper', target: 'loadBalancerIP', source: 'client', choice: 'status', check: NO_CHECK };

const CLASSES: ReadonlyMap<string, Guess> = new Map([
  ['networking.gke.io/l4-regional-external', GCP],
  ['networking.gke.io/l4-regional-internal', GCP],
  ['networking.gke.io/l4-regional-external-legacy', GCP],
  ['networking.gke.io/l4-regional-internal-legacy', GCP],
  ['kube-vip.io/kube-vip-class', KUBE_VIP],
]);

/** A proxy in front of the node ports, by the name that it has here. */
function proxying(name: string, choice: Provider['choice'], check: Provider['check']): Guess {
  return { name, target: 'nodePort', source: 'load-balancer', choice, check };
}

const PROVIDER_IDS: readonly (readonly [string, Guess])[] = [
  ['gce://', GCP],
  ['azure://', AZURE],
  ['hcloud://', proxying('hetzner', 'health-check', TCP)],
  ['linode://', proxying('linode', 'health-check', TCP)],
  ['scaleway://', proxying('scaleway', 'health-check', TCP)],
  // Without a monitor, which is the default, it sends to every node.
  ['openstack://', proxying('openstack', 'unknown', NO_CHECK)],
  ['kind://', proxying('cloud-provider-kind', 'health-check', HTTP)],
];

/** Who implements the Service's load balancer, where its class, status, annotations or the nodes tell; else null. */
export function providerOf(service: Service, cluster: Cluster): Provider | null {
  const explicit = byClass(service) ?? awsByService(service) ?? inCluster(service, cluster);
  // A class that nothing here knows is served by somebody else than the cloud that the nodes are in.
  return explicit ?? (service.loadBalancerClass === null ? byProviderId(service, cluster) : null);
}

function byClass({ loadBalancerClass }: Service): Provider | null {
  const guess = CLASSES.get(loadBalancerClass ?? '');
  return guess === undefined ? null : { ...guess, evidence: `loadBalancerClass ${loadBalancerClass}` };
}

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';

function awsByService(service: Service): Provider | null {
  const hostname = service.ingress.find((entry) => /\.amazonaws\.com(\.cn)?$/.test(entry.hostname ?? ''))?.hostname;
  if (service.loadBalancerClass?.startsWith('service.k8s.aws/'))
    return aws(service, `loadBalancerClass ${service.loadBalancerClass}`, true);
  if (hostname === undefined) return null;
  // Network load balancers are NAME.elb.REGION.amazonaws.com, classic ones NAME.REGION.elb.amazonaws.com.
  return aws(service, `hostname ${hostname}`, /\.elb\.[a-z0-9-]+\.amazonaws\.com/.test(hostname ?? ''));
}

function aws(service: Service, evidence: string, isNetwork: boolean): Provider {
  const type = service.annotations[`${AWS}type`] ?? '';
  const toPods = type === 'nlb-ip' || service.annotations[`${AWS}nlb-target-type`] === 'ip';
  if (!isNetwork && !['nlb', 'external', 'nlb-ip'].includes(type))
    return { ...proxying('aws-classic', 'health-check', TCP_FOR_CLUSTER), evidence };
  // `nlb` without a class is the cloud controller's own, which heeds the common label alone.
  const excluding = type === 'nlb' && service.loadBalancerClass === null ? {} : { excluding: AWS_EXCLUDING };
  const common = { evidence, check: TCP_FOR_CLUSTER, ...excluding };
  if (toPods) return { ...common, name: 'aws-nlb', target: 'pod', source: null, choice: 'unknown', check: NO_CHECK };
  return { ...common, name: 'aws-nlb', target: 'nodePort', source: 'client', choice: 'health-check' };
}

/** Implementations that run in the cluster: klipper (k3s ServiceLB), MetalLB, kube-vip. */
function inCluster(service: Service, cluster: Cluster): Provider | null {
  // Its DaemonSets are called svclb-SERVICE-UID8; a name that merely begins like this one is another Service's.
  const prefix = `kube-system/svclb-${service.name}-`;
  const klipper = cluster.daemonSets.find((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)));
  if (klipper !== undefined) return { ...KLIPPER, evidence: `DaemonSet ${klipper}` };
  const keys = Object.keys(service.annotations);
  const metallb = keys.find((key) => key.startsWith('metallb.io/') || key.startsWith('metallb.universe.tf/'));
  if (metallb !== undefined) return { ...METALLB, evidence: `annotation ${metallb}` };
  const vip = keys.find((key) => key.startsWith('kube-vip.io/'));
  if (vip !== undefined) return { ...KUBE_VIP, evidence: `annotation ${vip}` };
  const speaker = cluster.daemonSets.find((name) => name.startsWith('metallb-system/'));
  return speaker === undefined ? null : { ...METALLB, evidence: `DaemonSet ${speaker}` };
}

function byProviderId(service: Service, cluster: Cluster): Provider | null {
  const id = cluster.nodes.find((node) => node.providerID?.includes('://'))?.providerID ?? '';
  const scheme = id.slice(0, id.indexOf('://') + 3);
  const evidence = `Node providerID ${scheme}`;
  if (scheme === 'aws://') return aws(service, evidence, false);
  if (scheme === 'digitalocean://') return digitalOcean(service, evidence);
  const guess = PROVIDER_IDS.find(([prefix]) => prefix === scheme)?.[1];
  if (guess === undefined) return null;
  if (service.annotations['loadbalancer.openstack.org/enable-health-monitor'] === 'true' && guess.name === 'openstack')
    return { ...guess, evidence, choice: 'health-check', check: HTTP };
  const nodePorts = service.annotations['service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip'] === 'true';
  return { ...guess, evidence, target: guess === AZURE && nodePorts ? 'nodePort' : guess.target };
}

/** A proxy (REGIONAL) or none (REGIONAL_NETWORK, the newer default): without the annotation either. */
function digitalOcean(service: Service, evidence: string): Provider {
  const type = service.annotations['service.beta.kubernetes.io/do-loadbalancer-type'];
  const proxy = proxying('digitalocean', 'health-check', HTTP);
  if (type === 'REGIONAL') return { ...proxy, evidence };
  if (type === 'REGIONAL_NETWORK') return { ...proxy, evidence, target: 'loadBalancerIP', source: 'client' };
  return { ...proxy, evidence, target: null, source: null };
}

/** Whether a node's labels keep it out of load balancers: k8s service controller (KEP-1143), and what its provider heeds beside it. */
export function excludedBy(labels: Readonly<Record<string, string>>, provider: Provider | null): string | null {
  const present = provider?.excluding?.find((label) => labels[label] !== undefined);
  if (present !== undefined) return present;
  const value = labels[EXCLUDED];
  return value === undefined || ['false', 'f', '0'].includes(value.toLowerCase()) ? null : EXCLUDED;
}
