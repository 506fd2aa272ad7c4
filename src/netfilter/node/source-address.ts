import { commonPrefix, type Family, familyOf } from '../../net/ip.ts';
import { networkHas, parseNetwork } from '../rule/network.ts';
import type { Device, DeviceAddress, NodeNet } from './node-net.ts';
import { type Routed, routeTo } from './routing.ts';

/** A way out of the node, for which a source address is wanted. */
export interface WayOut {
  readonly device: string;
  readonly nextHop: string | null;
  readonly destination: string;
}

/** The address that MASQUERADE gives a packet; null when the node's addresses are not known or none fits. */
export function masqueradeAddress(node: NodeNet, out: WayOut): string | null {
  if (node.devices === null || isUnsure(node.devices, out)) return null;
  return familyOf(out.destination) === 4 ? selectIpv4(node.devices, out) : selectIpv6(node.devices, out);
}

function isUnsure(devices: readonly Device[], out: WayOut): boolean {
  const own = devices.find((device) => device.name === out.device)?.addresses ?? [];
  return own.some(({ address, scope }) => scope === 'unsure' && familyOf(address) === familyOf(out.destination));
}

/** The address that a process of the node gets as source when it does not choose one; null when not known. */
export function ownSource(node: NodeNet, destination: string, routed: Routed = routeTo(node, destination)): string | null {
  if (routed.kind === 'local') return localSource(node, destination);
  if (routed.kind !== 'out') return null;
  return routed.prefsrc ?? masqueradeAddress(node, { device: routed.device, nextHop: routed.nextHop, destination });
}

/**
 * Towards an address of its own a process gets that very address (IPv4: __ip_route_output_key, RTN_LOCAL; IPv6: RFC 6724 rule 1). IPv6 takes only
 * addresses of devices: what is local by a route alone is answered from another one.
 */
function localSource(node: NodeNet, destination: string): string | null {
  if (familyOf(destination) === 4 || destination === '::1' || node.devices === null) return destination;
  return masqueradeAddress(node, { device: 'lo', nextHop: null, destination });
}

/** inet_select_addr: the address in the next hop's subnet, else the first global one of the device, else the first global one of any device. */
function selectIpv4(devices: readonly Device[], out: WayOut): string | null {
  const own = usable(
    devices.find((device) => device.name === out.device),
    4,
  );
  const towards = out.nextHop ?? out.destination;
  const inSubnet = own.find((address) => holds(address, towards));
  if (inSubnet !== undefined) return inSubnet.address;
  const first = own[0] ?? devices.flatMap((device) => usable(device, 4))[0];
  return first?.address ?? null;
}

function usable(device: Device | undefined, family: Family): readonly DeviceAddress[] {
  return (device?.addresses ?? []).filter(
    (address) => familyOf(address.address) === family && address.scope === 'global' && !address.secondary,
  );
}

function holds(address: DeviceAddress, other: string): boolean {
  const network = parseNetwork(`${address.address}/${address.prefix}`);
  return network !== null && networkHas(network, other);
}

/** ipv6_dev_get_saddr, RFC 6724: not deprecated, then of the outgoing device (rule 5), then the same label (6), then the longest common prefix (8). */
function selectIpv6(devices: readonly Device[], out: WayOut): string | null {
  const candidates = devices.flatMap((device) =>
    (device.addresses ?? [])
      .filter((each) => each.scope === 'global' && familyOf(each.address) === 6)
      .map((address) => ({ address, own: device.name === out.device })),
  );
  let best: { readonly address: DeviceAddress; readonly score: readonly number[] } | null = null;
  for (const { address, own } of candidates) {
    const shared = Math.min(commonPrefix(address.address, out.destination), address.prefix);
    const score = [
      address.address === out.destination ? 1 : 0,
      address.deprecated ? 0 : 1,
      own ? 1 : 0,
      isUla(address.address) === isUla(out.destination) ? 1 : 0,
      shared,
    ];
    if (best === null || isHigher(score, best.score)) best = { address, score };
  }
  return best?.address.address ?? null;
}

/** fc00::/7 has a label of its own in the kernel's default table. */
function isUla(address: string): boolean {
  return /^f[cd]/.test(address);
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}
