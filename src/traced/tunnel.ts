import type { Family } from '../net/ip.ts';
import { familyOf } from '../net/ip.ts';
import { ownSource } from '../netfilter/node/source-address.ts';
import type { Branch, Trace } from '../netfilter/trace.ts';
import { tracePacket } from '../netfilter/trace.ts';
import { deviceFrom } from './next-node.ts';
import type { ObservedNode, ObservedNodes } from './nodes.ts';

/** What becomes of the packet that wraps another between two nodes: null where it arrives, as far as it is looked into. */
export type Wrapped =
  | { readonly kind: 'lost'; readonly node: string; readonly text: string; readonly line: string | null }
  | { readonly kind: 'unknown'; readonly node: string; readonly why: string };

export interface Passage {
  readonly from: string;
  readonly to: string;
  /** By which the inner packet leaves. */
  readonly device: string;
  readonly family: Family;
}

/**
 * The UDP port of VXLAN devices by name, as their makers set it where nothing else is configured (flannel: the kernel's default; felix:
 * VXLANPort).
 */
const PORTS: readonly (readonly [device: RegExp, port: number])[] = [
  [/^flannel(?:-v6)?\.\d+$/, 8472],
  [/^vxlan(?:-v6)?\.calico$/, 4789],
];
/** Any that no rule names: the kernel takes it from a hash of the inner packet. */
const SOURCE_PORT = 50_000;

/**
 * A packet in a tunnel is one of the host's own on both nodes: it passes OUTPUT on one and INPUT on the other. Each direction has its own ports
 * (RFC 7348), so to connection tracking it is always new.
 */
export function wrapped(nodes: ObservedNodes, { from, to, device, family }: Passage): Wrapped | null {
  const port = PORTS.find(([name]) => name.test(device))?.[1];
  const [sender, receiver] = [nodes.get(from), nodes.get(to)];
  if (port === undefined || sender === null || receiver === null) return null;
  const destination = addressOf(receiver, family);
  const source = destination === null ? null : ownSource(sender.net, destination);
  if (destination === null || source === null) return null;
  const packet = { protocol: 'udp', source, sourcePort: SOURCE_PORT, destination, destinationPort: port };
  const sent = tracePacket(sender.net, { ...packet, from: 'local' });
  const arrived = tracePacket(receiver.net, { ...packet, from: { device: deviceFrom(nodes, { name: to }, source) } });
  return fateOf(from, port, sent) ?? fateOf(to, port, arrived);
}

function addressOf({ addresses }: ObservedNode, family: Family): string | null {
  return addresses.find((address) => familyOf(address) === family) ?? null;
}

/** Only rules are asked: how such a packet is routed shows in that the tunnel works at all. */
function fateOf(node: string, port: number, { branches }: Trace): Wrapped | null {
  const stopped = branches.filter(isStopped);
  const [first] = stopped;
  if (first === undefined) return null;
  const what = `the packet that carries it between the nodes (UDP ${port})`;
  if (stopped.length < branches.length) return { kind: 'unknown', node, why: `whether its rules let ${what} pass is not decided` };
  const { end } = first;
  if (end.kind !== 'dropped' && end.kind !== 'rejected') return null;
  const by = end.rule === null ? `by the policy of ${end.hook}` : `in ${end.hook}`;
  return { kind: 'lost', node, text: `${what} is discarded ${by} on node ${node}`, line: end.rule?.line ?? null };
}

function isStopped({ end }: Branch): boolean {
  return end.kind === 'dropped' || end.kind === 'rejected';
}
