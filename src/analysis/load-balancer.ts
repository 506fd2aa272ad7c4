import type { Cluster, Node, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { Provider } from './providers.ts';
import { excludedBy } from './providers.ts';
import type { LoadBalancerNode, LoadBalancerView } from './report.ts';
import { sharesOf } from './shares.ts';
import { isUsable, usable } from './usable.ts';

const AUTOSCALER_TAINT = 'ToBeDeletedByClusterAutoscaler';
const PROXY_HEALTHZ_PORT = 10256;

interface Subject {
  readonly service: Service;
  readonly provider: Provider | null;
  readonly local: boolean;
  readonly check: 'http' | 'tcp' | 'none';
  /** By node: distinct addresses of ready endpoints, which kube-proxy's health check counts, and whether any endpoint there is usable. */
  readonly endpoints: ReadonlyMap<string, { readonly ready: ReadonlySet<string>; readonly usable: boolean }>;
  readonly anyUsable: boolean;
  known(node: Node): boolean;
}

/**
 * What a load balancer in front of the nodes does with a Service of type LoadBalancer: which nodes it keeps by their health check,
 * and what each endpoint gets when it spreads evenly over these. Null for other Services.
 */
export function loadBalancerView(
  cluster: Cluster,
  dataplane: Dataplane,
  service: Service,
  provider: Provider | null,
): LoadBalancerView | null {
  if (service.type !== 'LoadBalancer') return null;
  const local = service.externalTrafficPolicy === 'Local';
  const subject: Subject = {
    service,
    provider,
    local,
    check: provider === null ? 'http' : provider.check[local ? 'Local' : 'Cluster'],
    endpoints: endpointsByNode(service),
    anyUsable: service.ports.some((port) => usable(port.endpoints).length > 0),
    known: (node) => (dataplane.classOf.get(node.name)?.candidates.length ?? 0) > 0,
  };
  const nodes = cluster.nodes.map((node) => standingOf(node, subject));
  return {
    provider: provider?.name ?? null,
    providerEvidence: provider?.evidence ?? null,
    target: provider?.target ?? null,
    healthCheck: healthCheckOf(subject),
    nodes,
    shares: sharesOf({ cluster, dataplane, service, provider, nodes }),
  };
}

function endpointsByNode(service: Service): Subject['endpoints'] {
  const found = new Map<string, { ready: Set<string>; usable: boolean }>();
  for (const endpoint of service.ports.flatMap((port) => port.endpoints)) {
    if (endpoint.node === null || !isUsable(endpoint)) continue;
    const here = found.get(endpoint.node) ?? { ready: new Set<string>(), usable: true };
    if (endpoint.ready) here.ready.add(endpoint.address);
    found.set(endpoint.node, here);
  }
  return found;
}

function healthCheckOf({ service, local, check }: Subject): LoadBalancerView['healthCheck'] {
  if (check === 'none') return { what: 'none', port: null, path: '' };
  if (check === 'tcp') return { what: 'nodePort (TCP)', port: service.ports[0]?.nodePort ?? null, path: '' };
  if (local) return { what: 'healthCheckNodePort', port: service.healthCheckNodePort, path: '/healthz' };
  return { what: 'kube-proxy healthz', port: PROXY_HEALTHZ_PORT, path: '/healthz' };
}

type Standing = Pick<LoadBalancerNode, 'inRotation' | 'why'>;

function standingOf(node: Node, subject: Subject): LoadBalancerNode {
  return { node: node.name, httpStatus: statusOf(node, subject), ...rotation(node, subject) };
}

/** What kube-proxy answers, where the load balancer asks it (pkg/proxy/healthcheck; KEP-3836 for nodes that are leaving). */
function statusOf(node: Node, subject: Subject): 200 | 503 | null {
  if (subject.check !== 'http' || !subject.known(node) || !node.ready) return null;
  if (subject.local) return readyOn(node, subject) > 0 ? 200 : 503;
  return isLeaving(node) ? 503 : 200;
}

function readyOn(node: Node, subject: Subject): number {
  return subject.endpoints.get(node.name)?.ready.size ?? 0;
}

function isLeaving(node: Node): boolean {
  return node.deleting || node.taints.includes(AUTOSCALER_TAINT);
}

/** Whether the load balancer sends to a node: by what its controller leaves out, then by what its health check meets. */
function rotation(node: Node, subject: Subject): Standing {
  const { provider } = subject;
  if (provider?.target === 'pod') return { inRotation: null, why: 'targets are the pods themselves' };
  if (provider?.choice === 'status') return listed(node, subject);
  const label = excludedBy(node.labels, provider);
  if (label !== null) return { inRotation: false, why: `label ${label}` };
  if (provider?.choice === 'announcer') return announces(node, subject);
  // k8s service controller: both predicates take a node out at once.
  if (node.deleting) return { inRotation: false, why: 'the node is being deleted' };
  if (isLeaving(node)) return { inRotation: false, why: `taint ${AUTOSCALER_TAINT}` };
  if (!subject.known(node)) return { inRotation: null, why: 'its data plane is not modelled' };
  return checked(node, subject);
}

function listed(node: Node, { service }: Subject): Standing {
  const own = new Set([...node.internalIPs, ...node.externalIPs]);
  const inRotation = service.ingress.some((entry) => entry.ip !== null && own.has(entry.ip));
  return { inRotation, why: inRotation ? 'its address is in the status' : 'its address is not in the status' };
}

/** MetalLB and kube-vip: with Local policy only nodes with a usable endpoint announce, with Cluster any while there is an endpoint at all. */
function announces(node: Node, { local, endpoints, anyUsable }: Subject): Standing {
  if (!node.ready) return { inRotation: false, why: 'the node is not Ready' };
  if (!anyUsable) return { inRotation: false, why: 'nobody announces: no usable endpoint anywhere' };
  if (!local) return { inRotation: true, why: 'any node may announce the address' };
  return endpoints.has(node.name)
    ? { inRotation: true, why: 'may announce the address: it has an endpoint' }
    : { inRotation: false, why: 'does not announce: no local endpoint' };
}

function checked(node: Node, subject: Subject): Standing {
  const { provider, local, check, anyUsable, endpoints } = subject;
  const ready = readyOn(node, subject);
  const count = `${ready} ready local endpoint${ready === 1 ? '' : 's'}`;
  const passes = check === 'http' ? !local || ready > 0 : local ? endpoints.has(node.name) : anyUsable;
  if (check === 'none') return openChoice(provider?.name ?? 'the load balancer', !local || passes, count);
  // Since 1.27 the service controller leaves a node in that is not Ready: what runs on it answers, or does not.
  if (!node.ready && passes)
    return { inRotation: null, why: 'the node is not Ready: whether it still answers the health check is not known' };
  if (check === 'http') return { inRotation: passes, why: local ? count : 'kube-proxy is expected to be healthy' };
  return {
    inRotation: passes,
    why: passes ? 'its node port answers' : local ? 'its node port drops: no local endpoint' : 'its node port rejects',
  };
}

function openChoice(name: string, passes: boolean, count: string): Standing {
  return { inRotation: passes ? true : null, why: `${count}; whether ${name} checks the health of nodes is not known` };
}
