import type { Cluster, Endpoint } from '../cluster/model.ts';
import { nodeIp, servicePortName } from '../cluster/model.ts';
import type { Categories, FamilyPort } from '../kubeproxy/endpoints.ts';
import { categorize, familyPorts, vipsOf } from '../kubeproxy/endpoints.ts';
import { endpointChain, serviceChain } from '../kubeproxy/names.ts';
import type { Cidr, Family } from '../net/ip.ts';
import { hostPort } from '../net/ip.ts';
import type { DetectorMatch } from './detector.ts';
import { detectorMatch } from './detector.ts';
import { nodePortAddresses } from './node-ports.ts';
import type { Dialect, Proxier, ServiceProxier } from './types.ts';
import { DEFAULT_DIALECT } from './types.ts';

/** One service port as one proxier sees it: everything that decides its rules. */
export interface Site {
  readonly at: FamilyPort;
  readonly proxier: Proxier;
  readonly minor: number;
  readonly family: Family;
  /** `ns/name:port`. */
  readonly name: string;
  readonly proto: string;
  readonly detector: DetectorMatch;
  readonly dialect: Dialect;
  readonly largeCluster: boolean;
  readonly vips: readonly string[];
  readonly ranges: readonly Cidr[];
  /** Some range holds the node's own address. */
  readonly allowsNode: boolean;
  /** nodePortAddresses match none of the node's addresses. */
  readonly withoutNodePortAddress: boolean;
  readonly categories: Categories;
  readonly healthCheckPort: number | null;
  /** Names of chains, as they are asked for. */
  readonly names: Map<string | Endpoint, string>;
}

/** The ports of a Service as this proxier sees them; none where the Service is not proxied or has no clusterIP of the family. */
export function sitesOf(asked: ServiceProxier): Site[] {
  const { service, node, config, family, cluster } = asked;
  const dialect = { ...DEFAULT_DIALECT, ...asked.dialect };
  const addresses = nodePortAddresses(asked);
  const own = dialect.bindAddress ?? nodeIp(node, family) ?? (family === 4 ? '127.0.0.1' : '::1');
  const ranges = sourceRanges(asked);
  return familyPorts(service, family).map((at) => ({
    at,
    proxier: asked,
    minor: config.minor,
    family,
    name: servicePortName(service, at.port),
    proto: at.port.protocol.toLowerCase(),
    detector: detectorMatch(node, config, family, dialect.device),
    dialect,
    largeCluster: dialect.largeCluster ?? isLarge(cluster, family),
    vips: vipsOf(at, config),
    ranges,
    allowsNode: ranges.some((range) => range.contains(own)),
    withoutNodePortAddress: addresses !== null && addresses.length === 0,
    categories: categorize(at, node, config),
    healthCheckPort: service.type === 'LoadBalancer' && service.externalTrafficPolicy === 'Local' ? service.healthCheckNodePort : null,
    names: new Map(),
  }));
}

/** loadBalancerSourceRanges of the family; since 1.34 (kubernetes #132722) a list that holds the family's zero network counts as none. */
function sourceRanges({ service, config, family }: ServiceProxier): readonly Cidr[] {
  const ranges = service.sourceRanges.filter((range) => range.family === family);
  return config.minor >= 34 && ranges.some((range) => range.prefix === 0) ? [] : ranges;
}

/** pkg/proxy/iptables largeClusterEndpointsThreshold. */
const LARGE_CLUSTER_ENDPOINTS = 1000;
const endpointCounts = new WeakMap<Cluster, Map<Family, number>>();

/** More than 1,000 endpoints over all service ports of the family, ready or not. Counted once per cluster. */
export function isLarge(cluster: Cluster, family: Family): boolean {
  const counts = endpointCounts.get(cluster) ?? new Map<Family, number>();
  endpointCounts.set(cluster, counts);
  const known = counts.get(family);
  if (known !== undefined) return known > LARGE_CLUSTER_ENDPOINTS;
  const ports = cluster.services.flatMap((service) => familyPorts(service, family));
  const count = ports.reduce((sum, at) => sum + at.endpoints.length, 0);
  counts.set(family, count);
  return count > LARGE_CLUSTER_ENDPOINTS;
}

/** The name of one of the service port's chains. */
export function chainOf(site: Site, prefix: Parameters<typeof serviceChain>[0]): string {
  return named(site, prefix, () => serviceChain(prefix, site.at.service, site.at.port));
}

export function sepOf(site: Site, endpoint: Endpoint): string {
  return named(site, endpoint, () => endpointChain(site.at.service, site.at.port, endpoint));
}

/** Names are hashes, and each stands in several rules. */
function named(site: Site, key: string | Endpoint, make: () => string): string {
  const known = site.names.get(key);
  if (known !== undefined) return known;
  const name = make();
  site.names.set(key, name);
  return name;
}

/** An endpoint for people: its pod's name where it is known. */
export function callEndpoint(endpoint: Endpoint): string {
  return endpoint.pod?.name ?? hostPort(endpoint.address, endpoint.port);
}

/** nodePort, LB address or externalIP: reachable from outside. */
export function isExternallyAccessible(site: Site): boolean {
  return site.at.port.nodePort !== null || site.vips.length > 0 || site.at.externalIPs.length > 0;
}

/** externalTrafficPolicy Local as ≤1.23 saw it: by type, whether or not anything leads to the Service. */
export function isNodeLocal(site: Site): boolean {
  const { type, externalTrafficPolicy } = site.at.service;
  return externalTrafficPolicy === 'Local' && (type === 'NodePort' || type === 'LoadBalancer');
}

/** The clusterIP leads to endpoints; since 1.25 not where Local policy finds none on this node. */
export function takesInternal({ categories, minor }: Site): boolean {
  return categories.hasEndpoints && (minor < 25 || !categories.internalLocal || categories.local.length > 0);
}

/** What comes from outside is led to endpoints, by the same rule. */
export function takesExternal({ categories, minor }: Site): boolean {
  return categories.hasEndpoints && (minor < 25 || !categories.externalLocal || categories.local.length > 0);
}
