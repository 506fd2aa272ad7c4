import type { Endpoint, Node, Service, ServicePort } from '../cluster/model.ts';
import type { ProxyConfig } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';

/** One port of one Service in one IP family: what a proxier calls a service port. */
export interface FamilyPort {
  readonly service: Service;
  readonly port: ServicePort;
  readonly family: Family;
  readonly clusterIP: string;
  readonly externalIPs: readonly string[];
  /** LB addresses by ipMode. */
  readonly vips: readonly string[];
  readonly proxyIps: readonly string[];
  readonly endpoints: readonly Endpoint[];
}

/** The Service's ports of a family; none where it has no clusterIP of it. kube-proxy filters everything to the proxier's family. */
export function familyPorts(service: Service, family: Family): FamilyPort[] {
  const mine = (address: string): boolean => address.includes(':') === (family === 6);
  const clusterIP = service.clusterIPs.find(mine);
  if (service.unproxied !== null || clusterIP === undefined) return [];
  const ingress = service.ingress.filter((entry) => entry.ip !== null && mine(entry.ip));
  const ips = (proxy: boolean): string[] =>
    ingress
      .filter((entry) => (entry.ipMode === 'Proxy') === proxy)
      .map((entry) => entry.ip)
      .filter((ip) => ip !== null);
  return service.ports.map((port) => ({
    service,
    port,
    family,
    clusterIP,
    externalIPs: service.externalIPs.filter(mine),
    vips: ips(false),
    proxyIps: ips(true),
    endpoints: port.endpoints.filter((endpoint) => endpoint.family === family),
  }));
}

/** The endpoints that a node's kube-proxy uses for a service port, by policy. */
export interface Categories {
  /** For Cluster policy, and for the short circuits of Local policy. */
  readonly cluster: readonly Endpoint[];
  /** For Local policy: those on this node. */
  readonly local: readonly Endpoint[];
  /** Some endpoint is usable somewhere; without, kube-proxy rejects. */
  readonly hasEndpoints: boolean;
  /** externalTrafficPolicy Local is in force. */
  readonly externalLocal: boolean;
  /** internalTrafficPolicy Local is in force for the clusterIP. */
  readonly internalLocal: boolean;
}

/** kube-proxy ≥1.24 pkg/proxy/topology.go CategorizeEndpoints; before, internalTrafficPolicy filtered the whole Service (1.22–1.23) or did not exist. */
export function categorize(at: FamilyPort, node: Node, config: ProxyConfig): Categories {
  const { service } = at;
  const reachable = at.port.nodePort !== null || vipsOf(at, config).length > 0 || at.externalIPs.length > 0;
  // Since 1.29 type ClusterIP with externalIPs honours the policy, too.
  const honoured = config.minor >= 29 || service.type === 'NodePort' || service.type === 'LoadBalancer';
  const wantsLocal = service.externalTrafficPolicy === 'Local' && honoured;
  const externalLocal = wantsLocal && reachable;
  const here = (endpoint: Endpoint): boolean => endpoint.node === node.name;
  if (config.minor < 24) return legacyCategories(at, here, node, config, wantsLocal);

  const internalLocal = service.internalTrafficPolicy === 'Local';
  const usesCluster = !internalLocal || reachable;
  const usesLocal = internalLocal || externalLocal;
  const cluster = usesCluster ? orTerminating(withTopology(at.endpoints.filter(isReady), service, node, config), at.endpoints, config) : [];
  const mine = at.endpoints.filter(here);
  const local = usesLocal ? orTerminating(mine.filter(isReady), mine, config) : [];
  const any = at.endpoints.some((endpoint) => endpoint.ready || (fallsBack(config) && endpoint.serving && endpoint.terminating));
  return { cluster, local, hasEndpoints: cluster.length > 0 || (usesLocal && any), externalLocal, internalLocal };
}

function legacyCategories(
  at: FamilyPort,
  here: (endpoint: Endpoint) => boolean,
  node: Node,
  config: ProxyConfig,
  externalLocal: boolean,
): Categories {
  const ready = at.endpoints.filter(isReady);
  // Gate ServiceInternalTrafficPolicy is on since 1.22; until 1.23 it is ignored together with externalTrafficPolicy Local.
  const filtered = config.minor >= 22 && at.service.internalTrafficPolicy === 'Local' && !externalLocal ? ready.filter(here) : ready;
  const cluster = externalLocal ? filtered : withTopology(filtered, at.service, node, config);
  return { cluster, local: ready.filter(here), hasEndpoints: filtered.length > 0, externalLocal, internalLocal: false };
}

/** LB addresses that kube-proxy captures: ipMode is honoured since 1.30 (gate LoadBalancerIPMode, KEP-1860). */
export function vipsOf(at: FamilyPort, config: ProxyConfig): readonly string[] {
  return config.minor >= 30 ? at.vips : [...at.vips, ...at.proxyIps];
}

function isReady(endpoint: Endpoint): boolean {
  return endpoint.ready;
}

/** Gate ProxyTerminatingEndpoints: on since 1.26. */
function fallsBack(config: ProxyConfig): boolean {
  return config.minor >= 26;
}

function orTerminating(ready: readonly Endpoint[], all: readonly Endpoint[], config: ProxyConfig): readonly Endpoint[] {
  if (ready.length > 0 || !fallsBack(config)) return ready;
  return all.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

/** kube-proxy pkg/proxy/topology.go: hints count only if every ready endpoint has one and some name this node or its zone. */
function withTopology(ready: readonly Endpoint[], service: Service, node: Node, config: ProxyConfig): readonly Endpoint[] {
  if (!hintsInForce(service, config) || ready.length === 0) return ready;
  if (config.minor >= 34 && ready.every((endpoint) => endpoint.nodeHints.length > 0)) {
    const forNode = ready.filter((endpoint) => endpoint.nodeHints.includes(node.name));
    if (forNode.length > 0) return forNode;
  }
  const zone = node.labels['topology.kubernetes.io/zone'];
  if (zone === undefined || !ready.every((endpoint) => endpoint.zoneHints.length > 0)) return ready;
  const forZone = ready.filter((endpoint) => endpoint.zoneHints.includes(zone));
  return forZone.length > 0 ? forZone : ready;
}

/** Gate TopologyAwareHints is on since 1.24; the annotation decides until 1.30, the slices' hints alone since 1.31 (gate ServiceTrafficDistribution). */
function hintsInForce(service: Service, config: ProxyConfig): boolean {
  if (config.minor < 24) return false;
  if (config.minor >= 31) return true;
  const old = service.annotations['service.kubernetes.io/topology-aware-hints'];
  if (config.minor < 27) return old === 'Auto' || old === 'auto';
  const value = old ?? service.annotations['service.kubernetes.io/topology-mode'] ?? '';
  return value !== '' && value !== 'Disabled' && value !== 'disabled';
}
