import type { Cluster, Endpoint, Node, Service, ServicePort } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { FamilyPort } from '../kubeproxy/endpoints.ts';
import { categorize, familyPorts } from '../kubeproxy/endpoints.ts';
import type { Provider } from './providers.ts';
import { endpointRef } from './refs.ts';
import type { LoadBalancerNode, LoadBalancerView } from './report.ts';
import { labelOf } from './targets.ts';
import { usable } from './usable.ts';

interface Spread {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly service: Service;
  readonly provider: Provider | null;
  readonly nodes: readonly LoadBalancerNode[];
}

interface Share {
  readonly endpoint: Endpoint;
  readonly share: number;
}

/** Each endpoint's part when the load balancer spreads evenly over the nodes it keeps; nothing where which these are is open and decides. */
export function sharesOf(spread: Spread): LoadBalancerView['shares'] {
  const { service, nodes, provider } = spread;
  const family = service.clusterIPs[0]?.includes(':') ? 6 : 4;
  const kept = nodes.filter((entry) => entry.inRotation === true);
  const local = service.externalTrafficPolicy === 'Local';
  const open = nodes.some((entry) => entry.inRotation === null) || provider?.choice === 'announcer';
  return familyPorts(service, family).flatMap((at) => {
    const shares =
      provider?.target === 'pod'
        ? evenly(usable(at.endpoints))
        : kept.length === 0
          ? []
          : local
            ? onKeptNodes(at.endpoints, kept, open)
            : overCluster(spread, at, kept, open);
    return shares.map(({ endpoint, share }) => ({ endpoint: endpointRef(endpoint), servicePort: labelOf(at.port), share }));
  });
}

function evenly(endpoints: readonly Endpoint[]): Share[] {
  return endpoints.map((endpoint) => ({ endpoint, share: 1 / endpoints.length }));
}

function onKeptNodes(endpoints: readonly Endpoint[], kept: readonly LoadBalancerNode[], open: boolean): Share[] {
  if (open) return [];
  const byNode = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    if (endpoint.node === null) continue;
    const here = byNode.get(endpoint.node);
    if (here) here.push(endpoint);
    else byNode.set(endpoint.node, [endpoint]);
  }
  return kept.flatMap(({ node }) =>
    evenly(usable(byNode.get(node) ?? [])).map(({ endpoint, share }) => ({ endpoint, share: share / kept.length })),
  );
}

/** With Cluster policy every node spreads over all endpoints, unless topology hints let it choose: then the mean over the nodes that are kept. */
function overCluster(spread: Spread, at: FamilyPort, kept: readonly LoadBalancerNode[], open: boolean): Share[] {
  if (!hasHints(at.port)) return evenly(usable(at.endpoints));
  if (open) return [];
  const sum = new Map<Endpoint, number>();
  for (const [endpoints, count] of choices(spread, at, kept)) {
    for (const endpoint of endpoints) sum.set(endpoint, (sum.get(endpoint) ?? 0) + count / endpoints.length / kept.length);
  }
  return at.endpoints.flatMap((endpoint) => {
    const share = sum.get(endpoint);
    return share === undefined ? [] : [{ endpoint, share }];
  });
}

/** What kept nodes choose from, each choice with the number of nodes that have it: a node's zone decides, or its name where hints name nodes. */
function choices(
  { cluster, dataplane, service }: Spread,
  at: FamilyPort,
  kept: readonly LoadBalancerNode[],
): Map<readonly Endpoint[], number> {
  const known = new Map<string, readonly Endpoint[]>();
  const found = new Map<readonly Endpoint[], number>();
  const named = new Set(service.ports.flatMap((port) => port.endpoints.flatMap((endpoint) => endpoint.nodeHints)));
  for (const { node: name } of kept) {
    const node = cluster.nodeByName.get(name);
    const config = dataplane.classOf.get(name)?.candidates[0];
    if (node === undefined || config === undefined) continue;
    const key = `${config.minor} ${zoneOf(node)} ${named.has(name) ? name : ''}`;
    const endpoints = known.get(key) ?? categorize(at, node, config).cluster;
    known.set(key, endpoints);
    found.set(endpoints, (found.get(endpoints) ?? 0) + 1);
  }
  return found;
}

function zoneOf(node: Node): string {
  return node.labels['topology.kubernetes.io/zone'] ?? '';
}

function hasHints(port: ServicePort): boolean {
  return port.endpoints.some((endpoint) => endpoint.zoneHints.length > 0 || endpoint.nodeHints.length > 0);
}
