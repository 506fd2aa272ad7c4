import type { Family } from '../../net/ip.ts';

/** A packet as one hook sees it. Null is "not known", an empty device name is "none". */
export interface Packet {
  readonly family: Family;
  /** As rules spell it: `tcp`, `udp`, `sctp`, `icmp`, `ipv6-icmp`, … */
  readonly protocol: string;
  readonly source: string | null;
  readonly sourcePort: number | null;
  readonly destination: string | null;
  readonly destinationPort: number | null;
  readonly mark: number;
  readonly inDevice: string | null;
  readonly outDevice: string | null;
}

/** Addresses and ports of one direction. */
export interface Tuple {
  readonly source: string | null;
  readonly sourcePort: number | null;
  readonly destination: string | null;
  readonly destinationPort: number | null;
}

/** What this node's connection tracking knows of the packet's connection. */
export interface Tracked {
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';
  readonly direction: 'original' | 'reply';
  /** The request as it came to this node. */
  readonly original: Tuple;
  /** Whether the destination, and the source, of the request was changed here. */
  readonly dnat: boolean;
  readonly snat: boolean;
  /** A NAT hook decides once per connection, also when it decides to change nothing. */
  readonly destinationDecided: boolean;
  readonly sourceDecided: boolean;
  readonly mark: number;
}

export function tupleOf(packet: Tuple): Tuple {
  return { source: packet.source, sourcePort: packet.sourcePort, destination: packet.destination, destinationPort: packet.destinationPort };
}

/** The tracking state of the first packet of a connection. */
export function firstOf(packet: Tuple): Tracked {
  return {
    state: 'NEW',
    direction: 'original',
    original: tupleOf(packet),
    dnat: false,
    snat: false,
    destinationDecided: false,
    sourceDecided: false,
    mark: 0,
  };
}

/** Whether connection tracking has an entry for the packet at all. */
export function hasEntry(tracked: Tracked): boolean {
  return tracked.state !== 'INVALID' && tracked.state !== 'UNTRACKED';
}
