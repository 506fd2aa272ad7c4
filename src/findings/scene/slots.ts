import { usable } from '../../analysis/usable.ts';
import type { Endpoint, Service, ServicePort } from '../../cluster/model.ts';
import type { ServiceObject } from '../../cluster/objects.ts';
import type { Family } from '../../net/ip.ts';
import { FAMILIES, familyOf } from '../../net/ip.ts';
import { append, lazy } from './lazy.ts';

/** One port of a Service in one IP family: endpoints and Local policy are judged for each by itself. */
export interface Slot {
  readonly port: ServicePort;
  readonly family: Family;
  /** `http`, `80`, or `http (IPv6)` where the Service has both families. */
  readonly label: string;
  readonly endpoints: readonly Endpoint[];
  /** What Cluster policy chooses from: the ready ones, or those that terminate and still serve. */
  readonly usable: readonly Endpoint[];
  /** By node, what Local policy chooses from there; nodes without are absent. */
  holders(): ReadonlyMap<string, readonly Endpoint[]>;
}

export function slotsOf(service: Service, object: ServiceObject | null): Slot[] {
  const families = familiesOf(service, object);
  return service.ports.flatMap((port) =>
    families.map((family) => {
      const endpoints = port.endpoints.filter((endpoint) => endpoint.family === family);
      const name = port.name === '' ? String(port.port) : port.name;
      return {
        port,
        family,
        label: families.length === 1 ? name : `${name} (IPv${family})`,
        endpoints,
        usable: usable(endpoints),
        holders: lazy(() => holdersOf(endpoints)),
      };
    }),
  );
}

/** The families that kube-proxy serves a Service in; of one without clusterIPs yet, those that its spec asks for. */
export function familiesOf(service: Service, object: ServiceObject | null): readonly Family[] {
  const found = new Set(service.clusterIPs.map(familyOf));
  if (found.size > 0) return FAMILIES.filter((family) => found.has(family));
  const wanted = (object?.spec?.ipFamilies ?? []).map((text): Family => (text === 'IPv6' ? 6 : 4));
  return wanted.length > 0 ? wanted : FAMILIES.filter((family) => family === 4 || service.ports.some(hasFamily(family)));
}

function hasFamily(family: Family): (port: ServicePort) => boolean {
  return (port) => port.endpoints.some((endpoint) => endpoint.family === family);
}

function holdersOf(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  const byNode = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) if (endpoint.node !== null) append(byNode, endpoint.node, endpoint);
  const holders = new Map<string, readonly Endpoint[]>();
  for (const [node, here] of byNode) {
    const chosen = usable(here);
    if (chosen.length > 0) holders.set(node, chosen);
  }
  return holders;
}
