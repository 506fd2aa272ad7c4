import type { Cluster, Node, Service, ServicePort } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import { Failure } from '../net/failure.ts';
import type { Family } from '../net/ip.ts';
import { FAMILIES, familyOf } from '../net/ip.ts';
import { didYouMean } from '../net/near.ts';
import { nodeNamed } from './clients.ts';
import type { TargetSpec } from './question.ts';
import type { Target } from './report.ts';

/** The Service's ports that the question is about. */
export function portsAsked(service: Service, wanted: string | null): readonly ServicePort[] {
  if (wanted === null) return service.ports;
  const found = service.ports.filter((port) => port.name === wanted || String(port.port) === wanted || String(port.nodePort) === wanted);
  if (found.length > 0) return found;
  const names = service.ports.map((port) => (port.name === '' ? String(port.port) : port.name));
  throw new Failure(
    `Service ${service.namespace}/${service.name} has no port "${wanted}"`,
    didYouMean(wanted, names) ?? `it has ${names.join(', ')}`,
  );
}

/** Every address and port of the Service on these nodes, in the order of the report: clusterIP, LB IPs, externalIPs, node ports, health check. */
export function allTargets(service: Service, ports: readonly ServicePort[], nodes: readonly Node[]): Target[] {
  return [
    ...addressTargets(service, ports),
    ...ports.flatMap((port) => nodes.flatMap((node) => nodePortTargets(service, port, node))),
    ...healthCheckTargets(service, nodes),
  ];
}

/** The targets that the flags name; every target of the Service without flags. */
export function targetsAsked(
  specs: readonly TargetSpec[],
  service: Service,
  ports: readonly ServicePort[],
  cluster: Cluster,
  nodes: readonly Node[],
): Target[] {
  if (specs.length === 0) return allTargets(service, ports, nodes);
  const found = specs.flatMap((spec) => targetsOf(spec, service, ports, cluster, nodes));
  const unique = new Map(found.map((target) => [`${target.kind} ${target.address} ${target.port} ${target.protocol}`, target]));
  if (unique.size > 0) return [...unique.values()];
  throw new Failure(
    `Service ${service.namespace}/${service.name} has no target of that kind`,
    `it is of type ${service.type}; without --to every target it has is reported`,
  );
}

function targetsOf(spec: TargetSpec, service: Service, ports: readonly ServicePort[], cluster: Cluster, nodes: readonly Node[]): Target[] {
  switch (spec.kind) {
    case 'clusterIP':
      return addressTargets(service, ports).filter((target) => target.kind === 'clusterIP');
    case 'externalIP':
      return addressTargets(service, ports).filter((target) => target.kind === 'externalIP');
    case 'loadBalancer':
      return addressTargets(service, ports).filter((target) => target.kind === 'loadBalancerIP');
    case 'nodePort':
      return ports.flatMap((port) => nodes.flatMap((node) => nodePortTargets(service, port, node)));
    case 'healthCheck':
      return healthCheckTargets(service, nodes);
    case 'node':
      return ports.flatMap((port) => nodePortTargets(service, port, nodeNamed(cluster, spec.name)));
    case 'address':
      return [addressedTarget(spec, service, cluster)];
  }
}

function addressTargets(service: Service, ports: readonly ServicePort[]): Target[] {
  const kinds = [
    ['clusterIP', service.clusterIPs],
    ['loadBalancerIP', service.ingress.map((entry) => entry.ip).filter((ip) => ip !== null)],
    ['externalIP', service.externalIPs],
  ] as const;
  return kinds.flatMap(([kind, addresses]) =>
    ports.flatMap((port) =>
      addresses.map((address) => ({ kind, node: null, address, port: port.port, protocol: port.protocol, servicePort: labelOf(port) })),
    ),
  );
}

function nodePortTargets(service: Service, port: ServicePort, node: Node): Target[] {
  const { nodePort } = port;
  if (nodePort === null) return [];
  return familiesOf(service).flatMap((family) => {
    const address = nodeIp(node, family);
    return address === null
      ? []
      : [{ kind: 'nodePort' as const, node: node.name, address, port: nodePort, protocol: port.protocol, servicePort: labelOf(port) }];
  });
}

function healthCheckTargets(service: Service, nodes: readonly Node[]): Target[] {
  const port = service.healthCheckNodePort;
  if (port === null) return [];
  const families = familiesOf(service).slice(0, 1);
  return nodes.flatMap((node) =>
    families.flatMap((family) => {
      const address = nodeIp(node, family);
      return address === null
        ? []
        : [{ kind: 'healthCheckNodePort' as const, node: node.name, address, port, protocol: 'TCP' as const, servicePort: null }];
    }),
  );
}

/** An address that was typed in: whose it is among the Service's and the nodes' decides what it is called. */
function addressedTarget(spec: Extract<TargetSpec, { kind: 'address' }>, service: Service, cluster: Cluster): Target {
  const { address, port, protocol } = spec;
  const owner = cluster.nodes.find((node) => node.internalIPs.includes(address) || node.externalIPs.includes(address)) ?? null;
  const base = { address, port, protocol, node: owner?.name ?? null };
  const known = addressTargets(service, service.ports).find(
    (target) => target.address === address && target.port === port && target.protocol === protocol,
  );
  if (known !== undefined) return { ...known, node: base.node };
  const byNodePort = service.ports.find((candidate) => candidate.nodePort === port && candidate.protocol === protocol);
  if (byNodePort !== undefined && owner !== null) return { ...base, kind: 'nodePort', servicePort: labelOf(byNodePort) };
  if (port === service.healthCheckNodePort && protocol === 'TCP' && owner !== null)
    return { ...base, kind: 'healthCheckNodePort', servicePort: null };
  return { ...base, kind: 'other', servicePort: null };
}

function familiesOf(service: Service): Family[] {
  return FAMILIES.filter((family) => service.clusterIPs.some((address) => familyOf(address) === family));
}

export function labelOf(port: ServicePort): string {
  return port.name === '' ? String(port.port) : port.name;
}
