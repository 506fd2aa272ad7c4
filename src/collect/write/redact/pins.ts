import type { NodeFile } from '../../../cluster/evidence.ts';
import type { KubeObject } from '../../../cluster/objects.ts';
import { addressAt, type Cidr, canonicalIp, parseCidr, parseCidrs } from '../../../net/ip.ts';
import type { AddressMap } from './address-map.ts';

/** Addresses with a meaning in their network, which they must have after as well. */
export interface Pin {
  readonly network: Cidr;
  /** Its place, counted from the first address; `last`: the broadcast address. */
  readonly place: number | 'last';
  readonly address: string;
}

/** The first two addresses of pod networks (flannel's tunnel, the bridge of a node), and the broadcast addresses of links. */
export function findPins(objects: readonly KubeObject[], files: readonly NodeFile[]): Pin[] {
  const cidrs = objects.flatMap((object) =>
    object.kind === 'Node' ? parseCidrs(object.spec?.podCIDRs ?? [object.spec?.podCIDR ?? '']) : [],
  );
  const firsts = cidrs.flatMap((network) =>
    [0, 1].flatMap((place) => {
      const address = addressAt(network, place);
      return address === null ? [] : [{ network, place, address }];
    }),
  );
  return [...firsts, ...files.filter(({ format }) => format === 'ip-addr').flatMap(({ text }) => broadcasts(text))];
}

/** The same map, but for the pinned addresses. */
export function withPins(pins: readonly Pin[], map: AddressMap): AddressMap {
  const placed = new Map<string, string>();
  for (const { network, place, address } of pins) {
    const base = network.text.slice(0, network.text.indexOf('/'));
    const moved = parseCidr(`${map.network(base, network.prefix)}/${network.prefix}`);
    const found = moved === null ? null : place === 'last' ? lastOf(moved) : addressAt(moved, place);
    if (found !== null) placed.set(address, found);
  }
  return { ...map, address: (canonical) => placed.get(canonical) ?? map.address(canonical) };
}

function lastOf(network: Cidr): string | null {
  return addressAt(network, 2 ** (32 - network.prefix) - 1);
}

function broadcasts(text: string): Pin[] {
  let links: unknown;
  try {
    links = JSON.parse(text);
  } catch {
    return [];
  }
  const found: Pin[] = [];
  for (const link of Array.isArray(links) ? (links as readonly unknown[]) : []) {
    const infos = typeof link === 'object' && link !== null ? (Reflect.get(link, 'addr_info') as unknown) : null;
    for (const info of Array.isArray(infos) ? (infos as readonly Readonly<Record<string, unknown>>[]) : []) {
      const network = parseCidr(`${String(info['local'])}/${String(info['prefixlen'])}`);
      if (network?.family !== 4) continue;
      // `ip` names it only where it was set by hand; the kernel's own is the last address.
      const address = canonicalIp(String(info['broadcast'] ?? lastOf(network)));
      if (address !== null && address === lastOf(network)) found.push({ network, place: 'last', address });
    }
  }
  return found;
}
