import type { Endpoint, Node, Service } from '../../cluster/model.ts';
import { servicePortName } from '../../cluster/model.ts';
import type { Proxier } from '../../expected/types.ts';
import type { Categories } from '../../kubeproxy/endpoints.ts';
import { categorize, familyPorts, vipsOf } from '../../kubeproxy/endpoints.ts';
import { endpointChain, serviceChain } from '../../kubeproxy/names.ts';
import { hostPort } from '../../net/ip.ts';

/** What sentences about a service port's rules need. */
export interface PortFacts {
  /** `ns/name:port`. */
  readonly name: string;
  /** The 16 characters that its chains have in common. */
  readonly hash: string;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort: number | null;
  readonly externalIPs: readonly string[];
  readonly vips: readonly string[];
  readonly categories: Categories;
  /** Every endpoint that the API lists, usable or not, by its chain. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly node: Node;
}

export function portFacts(service: Service, { node, config, family }: Proxier): PortFacts[] {
  return familyPorts(service, family).map((at) => ({
    name: servicePortName(service, at.port),
    hash: serviceChain('KUBE-SVC', service, at.port).slice('KUBE-SVC-'.length),
    clusterIP: at.clusterIP,
    port: at.port.port,
    nodePort: at.port.nodePort,
    externalIPs: at.externalIPs,
    vips: vipsOf(at, config),
    categories: categorize(at, node, config),
    endpoints: new Map(at.endpoints.map((endpoint) => [endpointChain(service, at.port, endpoint), endpoint])),
    node,
  }));
}

/** `web-1 (10.244.1.10:8080)`, or the address alone. */
export function callEndpoint({ address, port, pod }: Endpoint): string {
  const text = hostPort(address, port);
  return pod === null ? text : `${pod.name} (${text})`;
}

/** `node port 30080, load balancer IP 192.0.2.10:80`: the ways from outside. */
export function outsideDoors({ nodePort, vips, externalIPs, port }: PortFacts): string {
  const doors = [
    ...(nodePort === null ? [] : [`node port ${nodePort}`]),
    ...vips.map((address) => `load balancer IP ${hostPort(address, port)}`),
    ...externalIPs.map((address) => `external IP ${hostPort(address, port)}`),
  ];
  return doors.length === 0 ? 'addresses from outside' : doors.join(', ');
}

export function clusterDoor({ clusterIP, port }: PortFacts): string {
  return `clusterIP ${hostPort(clusterIP, port)}`;
}

/** Who comes through a chain of a service port. */
export function throughChain(chain: string, facts: PortFacts): string {
  const { internalLocal, externalLocal } = facts.categories;
  const outside = outsideDoors(facts);
  if (chain.startsWith('KUBE-FW-')) return facts.vips.map((address) => `load balancer IP ${hostPort(address, facts.port)}`).join(', ');
  if (chain.startsWith('KUBE-EXT-') || chain.startsWith('KUBE-XLB-')) return outside;
  const local = chain.startsWith('KUBE-SVL-');
  const doors = [
    ...(internalLocal === local ? [clusterDoor(facts)] : []),
    ...(externalLocal === local && outside !== NOWHERE ? [outside] : []),
  ];
  return doors.length === 0 ? clusterDoor(facts) : doors.join(', ');
}

const NOWHERE = 'addresses from outside';
