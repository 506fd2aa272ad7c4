import { type Family, familyOf } from '../net/ip.ts';
import { follow } from './evaluate/journey.ts';
import { firstOf, type Packet, type Tracked, tupleOf } from './evaluate/packet.ts';
import type { NodeNet } from './node/node-net.ts';
import type { Arriving, Branch, Trace, TraceOptions } from './outcome.ts';

export type { Step } from './evaluate/steps.ts';
export type { Arriving, Branch, End, Trace, TraceOptions } from './outcome.ts';

/** Follows the first packet of a connection through one node. */
export function tracePacket(node: NodeNet, arriving: Arriving, options: TraceOptions = {}): Trace {
  const packet = packetOf(arriving);
  return follow(node, { packet, tracked: firstOf(tupleOf(packet)), from: arriving.from }, options);
}

/**
 * Follows a reply through one node. `request` is the entry that this node has for the connection (`tracked` of the request's branch), or null
 * when the request never passed here: then (as behind NOTRACK) a TCP answer is INVALID, and any other protocol's starts a connection of its own.
 */
export function traceReply(node: NodeNet, arriving: Arriving, request: Tracked | null, options: TraceOptions = {}): Trace {
  const packet = packetOf(arriving);
  const isKnown = request !== null && request.state !== 'UNTRACKED' && request.state !== 'INVALID';
  const tracked: Tracked = isKnown ? { ...request, state: 'ESTABLISHED', direction: 'reply' } : strangeReply(packet);
  return follow(node, { packet, tracked, from: arriving.from }, options);
}

/** The connection among those that passed a node whose reply this is; null when it is the reply of none of them. */
export function connectionOf(passed: readonly Pick<Branch, 'packet' | 'tracked'>[], reply: Arriving): Tracked | null {
  const same = (a: string | number | null, b: string | number | null): boolean => a === null || b === null || a === b;
  const found = passed.find(
    ({ packet }) =>
      packet.protocol === reply.protocol &&
      same(packet.source, reply.destination) &&
      same(packet.destination, reply.source) &&
      same(packet.sourcePort, reply.destinationPort) &&
      same(packet.destinationPort, reply.sourcePort),
  );
  return found?.tracked ?? null;
}

// nf_conntrack_proto_tcp: a SYN and ACK is no way to begin a connection.
function strangeReply(packet: Packet): Tracked {
  const first = firstOf(tupleOf(packet));
  return packet.protocol === 'tcp' || packet.protocol === 'sctp' ? { ...first, state: 'INVALID', direction: 'reply' } : first;
}

function packetOf(arriving: Arriving): Packet {
  const family: Family = familyOf(arriving.destination);
  const { protocol, source, sourcePort, destination, destinationPort } = arriving;
  const inDevice = arriving.from === 'local' ? '' : arriving.from.device;
  return { family, protocol, source, sourcePort, destination, destinationPort, mark: 0, inDevice, outDevice: '' };
}
