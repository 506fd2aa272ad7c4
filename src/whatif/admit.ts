import type { Gap } from '../cluster/evidence.ts';
import type { ServiceObject } from '../cluster/objects.ts';
import { Failure } from '../net/failure.ts';
import type { ServiceSpec } from './fields.ts';

/** Gives out numbers that nobody uses, for ports whose real number only the API server will choose. */
export interface FreePorts {
  next(): number;
  /** Services by the node ports they have, as `protocol port`. */
  readonly holders: ReadonlyMap<string, string>;
}

export interface Admitted {
  readonly service: ServiceObject;
  readonly gaps: readonly Gap[];
  /** Numbers that stand in for ones not given yet. */
  readonly ports: readonly number[];
}

/**
 * The Service as the API server would store it (pkg/registry/core/service: PrepareForUpdate, dropTypeDependentFields, validation, allocators):
 * what the new type does not have goes away, what it needs is allocated, what cannot be is refused.
 */
export function admit(old: ServiceObject, wanted: ServiceObject, free: FreePorts): Admitted {
  const spec = dropped(old.spec ?? {}, wanted.spec ?? {});
  refuse(old, spec, free);
  const { spec: ported, gaps, ports } = allocated(spec, wanted, free);
  // The service controller takes the load balancer away, and the API server clears what it was.
  const { status, ...rest } = wanted;
  const keepsStatus = ported.type === 'LoadBalancer' && status !== undefined;
  return { service: { ...rest, spec: ported, ...(keepsStatus ? { status } : {}) }, gaps, ports };
}

function typeOf(spec: ServiceSpec): string {
  return spec.type ?? 'ClusterIP';
}

function hasNodePorts(spec: ServiceSpec): boolean {
  return typeOf(spec) === 'NodePort' || (typeOf(spec) === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

function isExternal(spec: ServiceSpec): boolean {
  return typeOf(spec) !== 'ClusterIP' || (spec.externalIPs ?? []).length > 0;
}

function needsHealthCheck(spec: ServiceSpec): boolean {
  return typeOf(spec) === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** Fields that only the old type has, unless they were set along with the new one. */
function dropped(old: ServiceSpec, wanted: ServiceSpec): ServiceSpec {
  let spec = wanted;
  const same = (field: keyof ServiceSpec): boolean => JSON.stringify(old[field]) === JSON.stringify(wanted[field]);
  const samePorts =
    (old.ports ?? []).map(({ nodePort }) => nodePort).join() === (wanted.ports ?? []).map(({ nodePort }) => nodePort).join();
  if (typeOf(spec) === 'ClusterIP' && typeOf(old) !== 'ClusterIP' && samePorts && spec.ports !== undefined)
    spec = { ...spec, ports: spec.ports.map(({ nodePort: _gone, ...port }) => port) };
  if (!needsHealthCheck(spec) && needsHealthCheck(old) && same('healthCheckNodePort')) spec = without(spec, 'healthCheckNodePort');
  if (typeOf(spec) !== 'LoadBalancer' && typeOf(old) === 'LoadBalancer') {
    if (same('allocateLoadBalancerNodePorts')) spec = without(spec, 'allocateLoadBalancerNodePorts');
    if (same('loadBalancerClass')) spec = without(spec, 'loadBalancerClass');
  }
  if (!isExternal(spec) && isExternal(old) && same('externalTrafficPolicy')) spec = without(spec, 'externalTrafficPolicy');
  if (isExternal(spec) && spec.externalTrafficPolicy === undefined) spec = { ...spec, externalTrafficPolicy: 'Cluster' };
  return spec;
}

function without<K extends keyof ServiceSpec>(spec: ServiceSpec, field: K): ServiceSpec {
  const { [field]: _gone, ...rest } = spec;
  return rest;
}

function refuse(old: ServiceObject, spec: ServiceSpec, free: FreePorts): void {
  const type = typeOf(spec);
  if (spec.clusterIP === 'None' && type !== 'ClusterIP')
    throw new Failure(`a headless Service cannot be of type ${type}`, 'its clusterIP is None, which cannot be changed');
  if (!isExternal(spec) && spec.externalTrafficPolicy !== undefined)
    throw new Failure(
      `externalTrafficPolicy is refused for a Service of type ${type} without externalIPs`,
      'it concerns node ports, load balancers and external IPs; add --set type=NodePort, or mean internalTrafficPolicy',
    );
  if (type !== 'LoadBalancer' && (spec.loadBalancerSourceRanges ?? []).length > 0)
    throw new Failure(
      `loadBalancerSourceRanges are refused for type ${type}`,
      'take them away with --set loadBalancerSourceRanges=, or keep type=LoadBalancer',
    );
  if (type !== 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== undefined)
    throw new Failure(`allocateLoadBalancerNodePorts is refused for type ${type}`, 'it concerns type LoadBalancer');
  if (!needsHealthCheck(spec) && spec.healthCheckNodePort)
    throw new Failure('healthCheckNodePort is refused', 'only type LoadBalancer with externalTrafficPolicy Local has one');
  const before = old.spec?.healthCheckNodePort;
  if (needsHealthCheck(old.spec ?? {}) && before && spec.healthCheckNodePort && before !== spec.healthCheckNodePort)
    throw new Failure(`healthCheckNodePort cannot be changed from ${before}`, 'it is given once; switch to Cluster and back for another');
  refuseNodePorts(old, spec, free);
}

function refuseNodePorts(old: ServiceObject, spec: ServiceSpec, { holders }: FreePorts): void {
  const own = `${old.metadata.namespace ?? 'default'}/${old.metadata.name}`;
  for (const { nodePort, protocol = 'TCP' } of spec.ports ?? []) {
    if (!nodePort) continue;
    if (typeOf(spec) === 'ClusterIP') throw new Failure('nodePort is refused for type ClusterIP', 'add --set type=NodePort');
    const holder = holders.get(`${protocol} ${nodePort}`);
    if (holder !== undefined && holder !== own)
      throw new Failure(`nodePort ${nodePort}/${protocol} is taken by Service ${holder}`, 'choose another');
  }
}

/** Ports that the API server gives out: which, nobody knows before. */
function allocated(spec: ServiceSpec, wanted: ServiceObject, free: FreePorts): { spec: ServiceSpec; gaps: Gap[]; ports: number[] } {
  const given: number[] = [];
  const gaps: Gap[] = [];
  const next = (): number => {
    const port = free.next();
    given.push(port);
    return port;
  };
  let result = spec;
  if (hasNodePorts(spec) && (spec.ports ?? []).some(({ nodePort }) => !nodePort)) {
    result = { ...result, ports: sharedPorts(spec.ports ?? [], next) };
    gaps.push({
      what: `node ports of ${wanted.metadata.name}`,
      why: 'the API server chooses them when the change is made; told for any free port',
    });
  }
  if (needsHealthCheck(spec) && !spec.healthCheckNodePort) {
    result = { ...result, healthCheckNodePort: next() };
    gaps.push({ what: `healthCheckNodePort of ${wanted.metadata.name}`, why: 'the API server chooses it when the change is made' });
  }
  if (typeOf(spec) === 'LoadBalancer' && (wanted.status?.loadBalancer?.ingress ?? []).length === 0)
    gaps.push({
      what: `load balancer address of ${wanted.metadata.name}`,
      why: 'a provider gives it one, if there is one; nothing is told about it',
    });
  return { spec: result, gaps, ports: given };
}

/** Ports that differ in their protocol only share a node port (portallocator: findRequestedNodePort). */
function sharedPorts(ports: NonNullable<ServiceSpec['ports']>, next: () => number): NonNullable<ServiceSpec['ports']> {
  const byNumber = new Map<number, { readonly nodePort: number; readonly protocols: Set<string> }>();
  return ports.map((port) => {
    if (port.nodePort) return port;
    const protocol = port.protocol ?? 'TCP';
    const known = byNumber.get(port.port);
    const shared = known !== undefined && !known.protocols.has(protocol) ? known : { nodePort: next(), protocols: new Set<string>() };
    shared.protocols.add(protocol);
    byNumber.set(port.port, shared);
    return { ...port, nodePort: shared.nodePort };
  });
}
