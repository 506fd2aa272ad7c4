import type { MultiportMatch, PortMatch, PortRange, PortsMatch, TcpFlags } from '../rule/match-kinds.ts';
import type { Packet } from './packet.ts';
import type { Scene } from './scene.ts';
import { and, either, known, type Ternary, withNot } from './ternary.ts';

/** `-m tcp`, `-m udp`, …: a packet of another protocol does not match. */
export function matchPorts(match: PortsMatch, scene: Scene): Ternary {
  const { packet } = scene;
  if (packet.protocol !== match.protocol) return 'no';
  const ports = and(portMatches(match.source, packet.sourcePort), portMatches(match.destination, packet.destinationPort));
  return match.flags === null ? ports : and(ports, flagsMatch(match.flags, scene));
}

export function matchMultiport(match: MultiportMatch, packet: Packet): Ternary {
  const source = match.side === 'dports' ? 'no' : inAny(match.ranges, packet.sourcePort);
  const destination = match.side === 'sports' ? 'no' : inAny(match.ranges, packet.destinationPort);
  return withNot(either(source, destination), match.negated);
}

function portMatches(match: PortMatch | null, port: number | null): Ternary {
  return match === null ? 'yes' : withNot(inAny([match.range], port), match.negated);
}

function inAny(ranges: readonly PortRange[], port: number | null): Ternary {
  if (port === null) return ranges.some((range) => range.from === 0 && range.to === 65535) ? 'yes' : 'unknown';
  return known(ranges.some((range) => range.from <= port && port <= range.to));
}

/** A first packet is a bare SYN, its answer a SYN and ACK. */
function flagsMatch(flags: TcpFlags, { tracked }: Scene): Ternary {
  const set = tracked.direction === 'reply' ? ['SYN', 'ACK'] : ['SYN'];
  const seen = set.filter((flag) => flags.mask.includes(flag));
  return withNot(known(seen.length === flags.set.length && seen.every((flag) => flags.set.includes(flag))), flags.negated);
}
