import type { Cluster, Service } from '../cluster/model.ts';

/** How a provider's load balancer reaches the cluster (facts F.2; each provider's controller source and documentation). */
export interface Provider {
  readonly name: string;
  readonly evidence: string;
  /** What arrives at a node. */
  readonly target: 'nodePort' | 'loadBalancerIP' | 'pod' | null;
  /** Source address at the node: the client's, or the load balancer's own. */
  readonly source: 'client' | 'load-balancer' | null;
  /** How nodes are chosen. */
  readonly choice: 'health-check' | 'announcer' | 'status' | 'unknown';
}

type Guess = Omit<Provider, 'evidence'>;

const CLASSES: Readonly<Record<string, Guess>> = {
  'networking.gke.io/l4-regional-external': { name: 'gcp', target: 'loadBalancerIP', source: 'client', choice: 'health-check' },
  'networking.gke.io/l4-regional-internal': { name: 'gcp', target: 'loadBalancerIP', source: 'client', choice: 'health-check' },
  'kube-vip.io/kube-vip-class': { name: 'kube-vip', target: 'loadBalancerIP', source: 'client', choice: 'announcer' },
};

const PROVIDER_IDS: readonly (readonly [string, Guess])[] = [
  ['gce://', { name: 'gcp', target: 'loadBalancerIP', source: 'client', choice: 'health-check' }],
  ['azure://', { name: 'azure', target: 'loadBalancerIP', source: 'client', choice: 'health-check' }],
  ['hcloud://', { name: 'hetzner', target: 'nodePort', source: 'load-balancer', choice: 'unknown' }],
  ['linode://', { name: 'linode', target: 'nodePort', source: 'load-balancer', choice: 'unknown' }],
  ['openstack://', { name: 'openstack', target: 'nodePort', source: 'load-balancer', choice: 'health-check' }],
  ['scaleway://', { name: 'scaleway', target: 'nodePort', source: 'load-balancer', choice: 'unknown' }],
  ['kind://', { name: 'cloud-provider-kind', target: 'nodePort', source: 'load-balancer', choice: 'health-check' }],
];

/** Who implements the Service's load balancer, where its class, annotations, status or the nodes tell; else null. */
export function providerOf(service: Service, cluster: Cluster): Provider | null {
  return byClass(service) ?? aws(service, cluster) ?? inCluster(service, cluster) ?? byProviderId(service, cluster);
}

function byClass(service: Service): Provider | null {
  const name = service.loadBalancerClass;
  const guess = name === null ? undefined : CLASSES[name];
  return guess === undefined ? null : { ...guess, evidence: `loadBalancerClass ${name}` };
}

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';

function aws(service: Service, cluster: Cluster): Provider | null {
  const hostname = service.ingress.find((entry) => entry.hostname?.endsWith('.amazonaws.com'))?.hostname;
  const onAws = cluster.nodes.some((node) => node.providerID?.startsWith('aws://'));
  const classed = service.loadBalancerClass?.startsWith('service.k8s.aws/') ?? false;
  if (hostname === undefined && !classed && !(onAws && service.type === 'LoadBalancer')) return null;
  const evidence =
    hostname !== undefined ? `hostname ${hostname}` : classed ? `loadBalancerClass ${service.loadBalancerClass}` : 'Node providerID aws://';
  const type = service.annotations[`${AWS}type`];
  const ipTargets = service.annotations[`${AWS}nlb-target-type`] === 'ip' || type === 'nlb-ip';
  const network = classed || type === 'nlb' || type === 'external' || type === 'nlb-ip';
  if (network && ipTargets) return { name: 'aws-nlb', evidence, target: 'pod', source: null, choice: 'unknown' };
  if (network) return { name: 'aws-nlb', evidence, target: 'nodePort', source: 'client', choice: 'health-check' };
  return { name: 'aws-classic', evidence, target: 'nodePort', source: 'load-balancer', choice: 'health-check' };
}

/** Implementations that run in the cluster: klipper (k3s ServiceLB), MetalLB, kube-vip. */
function inCluster(service: Service, cluster: Cluster): Provider | null {
  const klipper = cluster.daemonSets.find((name) => name.startsWith(`kube-system/svclb-${service.name}-`));
  if (klipper !== undefined) {
    return { name: 'klipper', evidence: `DaemonSet ${klipper}`, target: 'loadBalancerIP', source: 'client', choice: 'status' };
  }
  const annotated = Object.keys(service.annotations).find((key) => key.startsWith('metallb.io/') || key.startsWith('metallb.universe.tf/'));
  const speaker = cluster.daemonSets.find((name) => name.startsWith('metallb-system/'));
  if (annotated !== undefined || speaker !== undefined) {
    const evidence = annotated === undefined ? `DaemonSet ${speaker}` : `annotation ${annotated}`;
    return { name: 'metallb', evidence, target: 'loadBalancerIP', source: 'client', choice: 'announcer' };
  }
  const vip = Object.keys(service.annotations).find((key) => key.startsWith('kube-vip.io/'));
  return vip === undefined
    ? null
    : { name: 'kube-vip', evidence: `annotation ${vip}`, target: 'loadBalancerIP', source: 'client', choice: 'announcer' };
}

function byProviderId(service: Service, cluster: Cluster): Provider | null {
  if (cluster.nodes.some((node) => node.providerID?.startsWith('digitalocean://'))) {
    const network = service.annotations['service.beta.kubernetes.io/do-loadbalancer-type'] === 'REGIONAL_NETWORK';
    const evidence = 'Node providerID digitalocean://';
    return network
      ? { name: 'digitalocean', evidence, target: 'loadBalancerIP', source: 'client', choice: 'health-check' }
      : { name: 'digitalocean', evidence, target: null, source: null, choice: 'health-check' };
  }
  for (const [prefix, guess] of PROVIDER_IDS) {
    if (!cluster.nodes.some((node) => node.providerID?.startsWith(prefix))) continue;
    const floating = service.annotations['service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip'] !== 'true';
    const target = guess.name === 'azure' && !floating ? 'nodePort' : guess.target;
    return { ...guess, target, evidence: `Node providerID ${prefix}` };
  }
  return null;
}
