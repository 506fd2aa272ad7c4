import type { Cluster, Endpoint, Node, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { healthAnswer } from '../kubeproxy/health-check.ts';
import type { Provider } from './providers.ts';
import { providerOf } from './providers.ts';
import type { LoadBalancerNode, LoadBalancerView } from './report.ts';
import { labelOf } from './targets.ts';

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';
const AUTOSCALER_TAINT = 'ToBeDeletedByClusterAutoscaler';
const PROXY_HEALTHZ_PORT = 10256;

/**
 * What a load balancer in front of the nodes does with a Service of type LoadBalancer: which nodes it keeps by their health check,
 * and what each endpoint gets when it spreads evenly over these. Null for other Services.
 */
export function loadBalancerView(cluster: Cluster, dataplane: Dataplane, service: Service): LoadBalancerView | null {
  if (service.type !== 'LoadBalancer') return null;
  const provider = providerOf(service, cluster);
  const nodes = cluster.nodes.map((node) => rotation(node, service, provider, dataplane));
  return {
    provider: provider?.name ?? null,
    providerEvidence: provider?.evidence ?? null,
    target: provider?.target ?? null,
    healthCheck: healthCheckOf(service, provider),
    nodes,
    shares: sharesOf(service, provider, nodes),
  };
}

function healthCheckOf(service: Service, provider: Provider | null): LoadBalancerView['healthCheck'] {
  if (provider !== null && provider.choice !== 'health-check' && provider.choice !== 'unknown')
    return { what: 'none', port: null, path: '' };
  if (service.externalTrafficPolicy === 'Local')
    return { what: 'healthCheckNodePort', port: service.healthCheckNodePort, path: '/healthz' };
  return { what: 'kube-proxy healthz', port: PROXY_HEALTHZ_PORT, path: '/healthz' };
}

/** Whether the load balancer sends to a node. k8s service controller: not excluded by label, Ready; then by what the health check answers (KEP-3458). */
function rotation(node: Node, service: Service, provider: Provider | null, dataplane: Dataplane): LoadBalancerNode {
  const local = service.externalTrafficPolicy === 'Local';
  const known = (dataplane.classOf.get(node.name)?.candidates.length ?? 0) > 0;
  const answer = healthAnswer(service, node);
  const leaving = node.deleting || node.taints.includes(AUTOSCALER_TAINT);
  const status = !known ? null : local ? answer.status : leaving ? 503 : 200;
  const base = { node: node.name, httpStatus: status };
  if (node.labels[EXCLUDED] !== undefined) return { ...base, inRotation: false, why: `label ${EXCLUDED}` };
  if (provider?.choice === 'status') {
    const listed = service.ingress.some(
      (entry) => entry.ip !== null && (node.internalIPs.includes(entry.ip) || node.externalIPs.includes(entry.ip)),
    );
    return { ...base, inRotation: listed, why: listed ? 'its address is in the status' : 'its address is not in the status' };
  }
  if (!node.ready) return { ...base, inRotation: false, why: 'the node is not Ready' };
  if (provider?.choice === 'announcer') return { ...base, ...announces(node, service, local) };
  if (provider?.target === 'pod') return { ...base, inRotation: null, why: 'targets are the pods themselves' };
  if (status === null) return { ...base, inRotation: null, why: 'its data plane is not modelled' };
  const why = local
    ? `${answer.localEndpoints} ready local endpoint${answer.localEndpoints === 1 ? '' : 's'}`
    : leaving
      ? 'the node is leaving'
      : 'kube-proxy is expected to be healthy';
  if (provider?.choice === 'unknown')
    return {
      ...base,
      inRotation: status === 200 ? true : null,
      why: `${why}; whether ${provider.name} heeds the health check is not known`,
    };
  return { ...base, inRotation: status === 200, why };
}

/** MetalLB and kube-vip: with Local policy only nodes with a usable endpoint announce. */
function announces(node: Node, service: Service, local: boolean): { inRotation: boolean; why: string } {
  const here = service.ports.some((port) => usableOn(port.endpoints, node.name).length > 0);
  if (!local) return { inRotation: true, why: 'any node may announce the address' };
  return here
    ? { inRotation: true, why: 'may announce the address: it has an endpoint' }
    : { inRotation: false, why: 'does not announce: no local endpoint' };
}

/** Each endpoint's part when the load balancer spreads evenly over the nodes it keeps; nothing where one node at a time announces, or where the rotation is open. */
function sharesOf(service: Service, provider: Provider | null, nodes: readonly LoadBalancerNode[]): LoadBalancerView['shares'] {
  const kept = nodes.filter((entry) => entry.inRotation === true);
  const byPod = provider?.target === 'pod';
  if (!byPod && (kept.length === 0 || nodes.some((entry) => entry.inRotation === null) || provider?.choice === 'announcer')) return [];
  const family = service.clusterIPs[0]?.includes(':') ? 6 : 4;
  return service.ports.flatMap((port) => {
    const endpoints = port.endpoints.filter((endpoint) => endpoint.family === family);
    const shares = byPod || service.externalTrafficPolicy !== 'Local' ? evenly(usable(endpoints)) : byNode(endpoints, kept);
    return shares.map(({ endpoint, share }) => ({
      endpoint: {
        address: endpoint.address,
        port: endpoint.port,
        node: endpoint.node,
        pod: endpoint.pod?.name ?? null,
        namespace: endpoint.pod?.namespace ?? null,
      },
      servicePort: labelOf(port),
      share,
    }));
  });
}

function evenly(endpoints: readonly Endpoint[]): { endpoint: Endpoint; share: number }[] {
  return endpoints.map((endpoint) => ({ endpoint, share: 1 / endpoints.length }));
}

function byNode(endpoints: readonly Endpoint[], kept: readonly LoadBalancerNode[]): { endpoint: Endpoint; share: number }[] {
  return kept.flatMap(({ node }) =>
    evenly(usableOn(endpoints, node)).map(({ endpoint, share }) => ({ endpoint, share: share / kept.length })),
  );
}

function usableOn(endpoints: readonly Endpoint[], node: string): readonly Endpoint[] {
  return usable(endpoints.filter((endpoint) => endpoint.node === node));
}

function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating);
}
