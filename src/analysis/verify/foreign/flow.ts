import type { Service } from '../../../cluster/model.ts';
import type { Proxier } from '../../../expected/types.ts';
import { categorize, familyPorts, vipsOf } from '../../../kubeproxy/endpoints.ts';
import { hostPort } from '../../../net/ip.ts';

/** Packets of a Service as rules on a node meet them. */
export interface Flow {
  /** request: towards an address of the Service, or translated towards an endpoint; reply: what an endpoint sends back. */
  readonly direction: 'request' | 'reply';
  readonly protocol: string;
  /** The far end: where requests go and replies come from. */
  readonly address: string | null;
  readonly port: number;
  /** The far end is an address of the node: `own` stands for any of them; null: not known. */
  readonly local: boolean | null;
  readonly own: readonly string[];
  /** Of replies: the Service's endpoints. A rule for packets to them is not about clients. */
  readonly endpoints: readonly string[];
  /** For sentences: `clusterIP 10.96.0.10:80`, `node port 30080`, `endpoint 10.244.1.10:8080`. */
  readonly name: string;
}

/** The packets of one Service on one node, by where on their way they are. */
export interface Flows {
  /** Before DNAT. */
  readonly arriving: readonly Flow[];
  /** After DNAT, to endpoints beyond the node's own addresses: forwarded. */
  readonly forwarded: readonly Flow[];
  /** Of ports that nothing here is translated for to an endpoint elsewhere: what pods send on to other nodes, and in `unserved` what nobody translates. */
  readonly sentOn: readonly Flow[];
  readonly unserved: readonly Flow[];
  /** After DNAT, to endpoints on the node's own addresses, and health checks: taken in. */
  readonly taken: readonly Flow[];
  readonly replies: readonly Flow[];
  /** Of those, what comes back to processes of this node. */
  readonly answers: readonly Flow[];
  /** Every request to the Service that comes from outside is masqueraded. */
  readonly alwaysMasqueraded: boolean;
}

export function flowsOf(service: Service, proxier: Proxier): Flows {
  const { node, config, family } = proxier;
  const own = (proxier.dialect?.localAddresses ?? node.internalIPs).filter((address) => address.includes(':') === (family === 6));
  const arriving: Flow[] = [];
  const forwarded = new Map<string, Flow>();
  const sentOn: Flow[] = [];
  const unserved: Flow[] = [];
  const taken = new Map<string, Flow>();
  const replies = new Map<string, Flow>();
  for (const at of familyPorts(service, family)) {
    const protocol = at.port.protocol.toLowerCase();
    const endpoints = at.endpoints.map((endpoint) => endpoint.address);
    const shared = { protocol, own, endpoints } as const;
    const before = { arriving: arriving.length, forwarded: forwarded.size };
    const entry = (word: string, address: string, local: boolean | null): Flow => ({
      ...shared,
      direction: 'request',
      address,
      port: at.port.port,
      local,
      name: `${word} ${hostPort(address, at.port.port)}`,
    });
    arriving.push(entry('clusterIP', at.clusterIP, false));
    for (const address of at.externalIPs) arriving.push(entry('external IP', address, own.includes(address) || null));
    for (const address of vipsOf(at, config)) arriving.push(entry('load balancer IP', address, own.includes(address) || null));
    const { nodePort } = at.port;
    if (nodePort !== null) {
      arriving.push({ ...shared, direction: 'request', address: null, port: nodePort, local: true, name: `node port ${nodePort}` });
    }
    const categories = categorize(at, node, config);
    for (const endpoint of new Set([...categories.cluster, ...categories.local])) {
      const { address, port } = endpoint;
      const name = `endpoint ${hostPort(address, port)}`;
      const isOwn = own.includes(address);
      (isOwn ? taken : forwarded).set(name, { ...shared, direction: 'request', address, port, local: isOwn, name });
      replies.set(name, { ...shared, direction: 'reply', address, port, local: isOwn, name: `answers of ${name}` });
    }
    if (forwarded.size > before.forwarded) continue;
    if (nodePort !== null) {
      const name = `node port ${nodePort} of other nodes`;
      sentOn.push({ ...shared, own: [], direction: 'request', address: null, port: nodePort, local: false, name });
    }
    if (categories.cluster.length + categories.local.length === 0)
      unserved.push(...arriving.slice(before.arriving).filter(({ local }) => local !== true));
  }
  const check = service.type === 'LoadBalancer' && service.externalTrafficPolicy === 'Local' ? service.healthCheckNodePort : null;
  if (check !== null) {
    const name = `health checks on port ${check}`;
    taken.set(name, { direction: 'request', protocol: 'tcp', address: null, port: check, local: true, own, endpoints: [], name });
  }
  return {
    arriving,
    forwarded: [...forwarded.values()],
    sentOn,
    unserved,
    taken: [...taken.values()],
    replies: [...replies.values()],
    answers: [...replies.values()]
      .filter((flow) => flow.local !== true)
      .map((flow) => ({ ...flow, name: `${flow.name} to processes of this node` })),
    alwaysMasqueraded: service.externalTrafficPolicy !== 'Local',
  };
}
