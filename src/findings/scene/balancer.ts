import type { Provider } from '../../analysis/providers.ts';
import { excludedBy } from '../../analysis/providers.ts';
import type { Cluster, Node, Service } from '../../cluster/model.ts';
import { matchesSelectorText } from './selector.ts';

/** Which nodes outside traffic may be sent to. Services whose load balancers choose alike share one. */
export interface Balancer {
  /** For a LoadBalancer Service the nodes that its load balancer may choose, else every node. */
  readonly eligible: readonly Node[];
  isEligible(node: string): boolean;
  /** Why a node is not eligible, or null. */
  exclusionOf(node: Node): string | null;
}

const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';
const KARPENTER = 'karpenter.sh/disrupted';
const AWS_NODE_LABELS = 'service.beta.kubernetes.io/aws-load-balancer-target-node-labels';
const HETZNER_SELECTOR = 'load-balancer.hetzner.cloud/node-selector';
const KLIPPER_LABEL = 'svccontroller.k3s.cattle.io/enablelb';

/** Makes the balancer of any Service of a cluster; a cluster with thousands of Services has a handful. */
export function balancersOf(cluster: Cluster): (service: Service, provider: Provider | null) => Balancer {
  const known = new Map<string, Balancer>();
  return (service, provider) => {
    const key = keyOf(service, provider);
    const found = known.get(key) ?? createBalancer(cluster, exclusionFor(cluster, service, provider));
    known.set(key, found);
    return found;
  };
}

function keyOf(service: Service, provider: Provider | null): string {
  if (service.type !== 'LoadBalancer') return 'all';
  const selectors = [AWS_NODE_LABELS, HETZNER_SELECTOR].map((name) => service.annotations[name] ?? '');
  return JSON.stringify([provider?.name, provider?.choice, provider?.excluding, selectors]);
}

function createBalancer(cluster: Cluster, exclusionOf: Balancer['exclusionOf']): Balancer {
  const eligible = cluster.nodes.filter((node) => exclusionOf(node) === null);
  const names = new Set(eligible.map((node) => node.name));
  return { eligible, isEligible: (node) => names.has(node), exclusionOf };
}

function exclusionFor(cluster: Cluster, service: Service, provider: Provider | null): Balancer['exclusionOf'] {
  if (service.type !== 'LoadBalancer') return () => null;
  if (provider?.choice === 'status') return klipperExclusion(cluster);
  const selector = service.annotations[provider?.name === 'hetzner' ? HETZNER_SELECTOR : AWS_NODE_LABELS];
  const isSelecting = selector !== undefined && (provider?.name === 'hetzner' || provider?.name.startsWith('aws') === true);
  return (node) => {
    const label = excludedBy(node.labels, provider);
    if (label !== null) return `label ${label}=${node.labels[label] ?? ''}`;
    if (provider?.choice === 'announcer') return node.ready ? null : 'the node is not Ready';
    if (node.deleting) return 'the node is being deleted';
    if (node.taints.includes(TO_BE_DELETED)) return `taint ${TO_BE_DELETED}`;
    if (provider?.excluding !== undefined && node.taints.includes(KARPENTER)) return `taint ${KARPENTER}`;
    if (isSelecting && !matchesSelectorText(selector, node.labels))
      return `it does not match ${JSON.stringify(selector)} of the Service's annotation`;
    return null;
  };
}

/** k3s ServiceLB runs on nodes with the label, or on all where no node has it. */
function klipperExclusion(cluster: Cluster): Balancer['exclusionOf'] {
  const chosen = cluster.nodes.some((node) => node.labels[KLIPPER_LABEL] === 'true');
  return (node) => (chosen && node.labels[KLIPPER_LABEL] !== 'true' ? `no label ${KLIPPER_LABEL}=true, which other nodes have` : null);
}
