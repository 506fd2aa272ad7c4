import { providerOf } from '../../analysis/providers.ts';
import { type Endpoint, type Service, serviceKey } from '../../cluster/model.ts';
import type { Cidr } from '../../net/ip.ts';
import type { Land, NodeClasses } from './landscape.ts';

/** Tells the shape of a Service: what is predicted of one holds of all that have the same. */
export type ShapeOf = (service: Service) => string;

/**
 * All that a prediction looks at, with names, numbers and addresses replaced by what they have to do with nodes, networks and data planes. A
 * Service that shares a number or an address with another is of its own shape.
 */
export function shapesIn(land: Land, classes: NodeClasses): ShapeOf {
  const networks = networksOf(land);
  const shared = sharedAddresses(land);
  const owners = new Map(
    land.cluster.nodes.flatMap((node) =>
      [...node.internalIPs, ...node.externalIPs].map((address): [string, string] => [address, node.name]),
    ),
  );
  const places = new Map<string, string>();
  // Addresses repeat (a node's, a pod's in several Services), and networks are many.
  const place = (address: string): string => {
    const known = places.get(address);
    if (known !== undefined) return known;
    const text = `${address.includes(':') ? 6 : 4}${networks.map((cidr) => (cidr.contains(address) ? 1 : 0)).join('')}`;
    places.set(address, text);
    return text;
  };
  const classOf = (node: string | null, { sourceRanges }: Service): number | null =>
    node === null ? null : classes.of(node, sourceRanges);
  const front = (address: string, service: Service): unknown => [
    place(address),
    classOf(owners.get(address) ?? null, service),
    shared.has(address),
  ];
  const endpoint = (each: Endpoint, service: Service): unknown => {
    const node = land.cluster.nodeByName.get(each.node ?? '');
    const own = node?.podCidrs.some((cidr) => cidr.contains(each.address)) === true;
    const host = owners.get(each.address) === undefined ? 0 : owners.get(each.address) === each.node ? 1 : 2;
    return [
      classOf(each.node, service),
      own,
      host,
      place(each.address),
      each.pod !== null,
      each.ready,
      each.serving,
      each.terminating,
      each.zoneHints,
      service.sourceRanges.map((range) => range.contains(each.address)),
    ];
  };
  return (service) => {
    const {
      ports,
      annotations,
      labels: _labels,
      namespace: _ns,
      name: _name,
      sourceRanges,
      externalIPs,
      ingress,
      clusterIPs,
      healthCheckNodePort,
      ...plain
    } = service;
    const conflicts = ports.some(({ nodePort, protocol }) => nodePort !== null && (shared.get(`${nodePort} ${protocol}`) ?? 0) > 1);
    const isUnique =
      conflicts ||
      [...externalIPs, ...ingress.map(({ ip }) => ip ?? '')].some((address) => (shared.get(address) ?? 0) > 1) ||
      ports.some(({ endpoints }) => endpoints.some(({ nodeHints }) => nodeHints.length > 0));
    if (isUnique) return serviceKey(service);
    const provider = service.type === 'LoadBalancer' ? providerOf(service, land.cluster) : null;
    return JSON.stringify([
      plain,
      provider,
      Object.entries(annotations).filter(([key]) => key.startsWith('service.kubernetes.io/')),
      sourceRanges.map(({ text }) => text),
      healthCheckNodePort === null,
      clusterIPs.map(place),
      externalIPs.map((address) => front(address, service)),
      ingress.map(({ ip, hostname, ipMode }) => [ip === null ? null : front(ip, service), hostname === null, ipMode]),
      ports.map(({ protocol, nodePort, endpoints }) => [protocol, nodePort === null, together(endpoints, service, endpoint)]),
    ]);
  };
}

/** The endpoints by node: which node it is does not matter, but which endpoints share one. */
function together(
  endpoints: readonly Endpoint[],
  service: Service,
  describe: (each: Endpoint, service: Service) => unknown,
): readonly string[] {
  const byNode = new Map<string | null, string[]>();
  for (const each of endpoints) byNode.set(each.node, [...(byNode.get(each.node) ?? []), JSON.stringify(describe(each, service))]);
  return [...byNode.values()].map((list) => list.sort().join(';')).sort();
}

/** Networks that a data plane asks about, before they are told apart by node. */
function networksOf({ cluster, dataplane }: Land): readonly Cidr[] {
  const found = new Map<string, Cidr>();
  const perNode = new Set(cluster.nodes.flatMap(({ podCidrs }) => podCidrs.map(({ text }) => text)));
  for (const { candidates } of dataplane.classes)
    for (const { detector } of candidates)
      for (const each of [detector[4], detector[6]])
        if (each?.kind === 'cidr' && !perNode.has(each.cidr.text)) found.set(each.cidr.text, each.cidr);
  for (const { networks } of dataplane.networks) for (const cidr of networks) if (!perNode.has(cidr.text)) found.set(cidr.text, cidr);
  for (const cidr of cluster.serviceCidrs) found.set(cidr.text, cidr);
  return [...found.values()];
}

/** Node ports and outside addresses, with the number of Services that have them. */
function sharedAddresses({ cluster }: Land): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const note = (key: string): void => void found.set(key, (found.get(key) ?? 0) + 1);
  // A process of the host that has the number answers where no rule does.
  for (const { hostNetwork, ports } of cluster.pods) if (hostNetwork) for (const { port, protocol } of ports) note(`${port} ${protocol}`);
  for (const { ports, externalIPs, ingress, healthCheckNodePort } of cluster.services) {
    for (const { nodePort, protocol } of ports) if (nodePort !== null) note(`${nodePort} ${protocol}`);
    if (healthCheckNodePort !== null) note(`${healthCheckNodePort} TCP`);
    for (const address of new Set([...externalIPs, ...ingress.flatMap(({ ip }) => ip ?? [])])) note(address);
  }
  return found;
}
