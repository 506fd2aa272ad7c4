import { familyOf } from '../../net/ip.ts';
import { networkHas } from '../rule/network.ts';
import type { NodeNet, Route } from './node-net.ts';

/** Where ordinary routing sends a packet. */
export type Routed =
  | { readonly kind: 'local' }
  /** A null next hop: the destination is on the device's own segment. `prefsrc`: the source that the route suggests. */
  | { readonly kind: 'out'; readonly device: string; readonly nextHop: string | null; readonly prefsrc: string | null }
  | { readonly kind: 'nowhere'; readonly how: 'no-route' | 'unreachable' | 'prohibit' | 'blackhole' }
  | { readonly kind: 'unknown'; readonly why: string };

/** Routes by the local table first, then by the longest prefix of main and default. Rules for other tables (`ip rule`) are not known here. */
export function routeTo(node: NodeNet, destination: string): Routed {
  const type = addressType(node, destination);
  if (type !== null && type !== 'UNICAST') return DISCARDED[type] ?? { kind: 'local' };
  if (node.routes === null)
    return {
      kind: 'unknown',
      why: type === null ? 'neither addresses nor routes of the node are known' : 'the routes of the node are not known',
    };
  const route = best(
    node.routes.filter((candidate) => candidate.table === 'main' || candidate.table === 'default'),
    destination,
  );
  if (route === null) return { kind: 'nowhere', how: 'no-route' };
  return follow(route);
}

/** What else the local table may say; anycast, broadcast and multicast are for the node itself. */
const DISCARDED: Readonly<Record<string, Routed>> = {
  UNREACHABLE: { kind: 'nowhere', how: 'unreachable' },
  PROHIBIT: { kind: 'nowhere', how: 'prohibit' },
  BLACKHOLE: { kind: 'nowhere', how: 'blackhole' },
};

function follow(route: Route): Routed {
  if (route.type === 'unreachable' || route.type === 'prohibit' || route.type === 'blackhole') return { kind: 'nowhere', how: route.type };
  const hops = route.nextHops;
  const [first] = hops;
  if (first === undefined)
    return route.device === null
      ? { kind: 'unknown', why: `route ${route.dst.text} names no device` }
      : { kind: 'out', device: route.device, nextHop: route.gateway, prefsrc: route.prefsrc };
  const sameDevice = first.device !== null && hops.every((hop) => hop.device === first.device);
  return sameDevice && hops.length === 1
    ? { kind: 'out', device: first.device ?? '', nextHop: first.gateway, prefsrc: route.prefsrc }
    : { kind: 'unknown', why: `route ${route.dst.text} has several next hops` };
}

/** The longest prefix, then the lowest metric, then the first. */
function best(routes: readonly Route[], destination: string): Route | null {
  let found: Route | null = null;
  for (const route of routes) {
    if (route.family !== familyOf(destination) || !networkHas(route.dst, destination)) continue;
    const better =
      found === null || route.dst.prefix > found.dst.prefix || (route.dst.prefix === found.dst.prefix && route.metric < found.metric);
    if (better) found = route;
  }
  return found;
}

/** Whether an address is the node's own; null when nothing is known of its addresses. */
export function isLocal(node: NodeNet, address: string): boolean | null {
  if (isListed(node, address, null)) return true;
  const type = addressType(node, address);
  return type === null ? null : type === 'LOCAL';
}

/** The type of an address as `-m addrtype` sees it: what the local table says, else unicast. Null when the node's addresses are not known. */
export function addressType(node: NodeNet, address: string, device: string | null = null): string | null {
  const special = specialType(address);
  if (special !== null) return special;
  const listed = isListed(node, address, device);
  // The anycast address of an IPv6 subnet's routers may at the same time be an address of a device: the route that stands first decides.
  if (listed && familyOf(address) === 4) return 'LOCAL';
  const route =
    node.routes === null
      ? null
      : best(
          node.routes.filter((candidate) => candidate.table === 'local' && (device === null || candidate.device === device)),
          address,
        );
  if (route !== null) return route.type.toUpperCase();
  if (listed) return 'LOCAL';
  if (address === '::1' || address.startsWith('127.')) return device === null || device === 'lo' ? 'LOCAL' : 'UNICAST';
  return node.devices === null && !(node.routes ?? []).some((candidate) => candidate.table === 'local') ? null : 'UNICAST';
}

function isListed({ devices }: NodeNet, address: string, device: string | null): boolean {
  return (devices ?? []).some((each) => (device === null || each.name === device) && each.addresses.some((own) => own.address === address));
}

// inet_addr_type: zeronet and 255.255.255.255 are broadcast, 224/4 multicast, before any table is asked.
function specialType(address: string): string | null {
  if (address === '255.255.255.255' || address.startsWith('0.')) return 'BROADCAST';
  const first = Number(address.split('.')[0]);
  if (!address.includes(':') && first >= 224 && first < 240) return 'MULTICAST';
  return address.includes(':') && address.startsWith('ff') ? 'MULTICAST' : null;
}

/** The device through which the node would answer an address; null when unknown or local. */
export function deviceTowards(node: NodeNet, address: string): string | null {
  const routed = routeTo(node, address);
  return routed.kind === 'out' ? routed.device : null;
}
