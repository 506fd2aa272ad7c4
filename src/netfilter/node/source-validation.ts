import { familyOf } from '../../net/ip.ts';
import type { NodeNet } from './node-net.ts';
import { isLocal, routeTo } from './routing.ts';

/** `net.ipv4.conf.*.rp_filter` of the device that a packet comes in by: 0, 1, 2. */
export type ReversePath = 'off' | 'strict' | 'loose';

/** Why the kernel discards a packet that came in before it routes it on; null when it does not, or when that cannot be known. */
export type SourceFault = 'martian' | 'reverse-path' | null;

/**
 * fib_validate_source: an IPv4 packet from another host never has one of the node's own addresses (accept_local is off), and with a filter the
 * way back to its source leads through the device it came by (strict), or through any device while this one has an address (loose). IPv6 has no such check.
 */
export function sourceFault(
  node: NodeNet,
  arrived: { readonly source: string; readonly device: string },
  filter: ReversePath,
): SourceFault {
  const { source, device } = arrived;
  if (device === 'lo' || familyOf(source) === 6) return null;
  if (isLocal(node, source) === true) return 'martian';
  if (filter === 'off') return null;
  const back = routeTo(node, source);
  if (back.kind === 'unknown') return null;
  if (back.kind === 'out' && back.device === device) return null;
  const hasAddress = node.devices?.find((each) => each.name === device)?.addresses.some((each) => familyOf(each.address) === 4);
  if (filter === 'loose' && back.kind === 'out' && hasAddress !== false) return null;
  return 'reverse-path';
}
