import type { ConntrackMatch, Option } from '../rule/match-kinds.ts';
import { networkHas, parseNetwork } from '../rule/network.ts';
import { parsePortRange } from '../rule/numbers.ts';
import { protocolName } from '../rule/protocol.ts';
import { hasEntry, type Tracked } from './packet.ts';
import type { Scene } from './scene.ts';
import { and, known, type Ternary, withNot } from './ternary.ts';

/** `-m conntrack`, `-m state`. */
export function matchConntrack(match: ConntrackMatch, scene: Scene): Ternary {
  const { tracked } = scene;
  const state =
    match.states === null
      ? 'yes'
      : withNot(known(match.states.names.some((name) => statesOf(tracked).includes(name))), match.states.negated);
  // xt_conntrack: for a packet without an entry the state alone decides, and a rule that asks for no state does not match.
  if (!hasEntry(tracked)) return match.states === null ? 'no' : state;
  return match.others.reduce<Ternary>((result, option) => and(result, withNot(condition(option, scene), option.negated)), state);
}

/** DNAT and SNAT count as states beside the one state proper. */
function statesOf(tracked: Tracked): readonly string[] {
  const nat = hasEntry(tracked) ? [...(tracked.dnat ? ['DNAT'] : []), ...(tracked.snat ? ['SNAT'] : [])] : [];
  return [tracked.state, ...nat];
}

function condition(option: Option, scene: Scene): Ternary {
  const { tracked, packet } = scene;
  const wanted = option.values[0] ?? '';
  switch (option.name) {
    case '--ctproto':
      return known(protocolName(wanted) === packet.protocol);
    case '--ctorigsrc':
      return address(wanted, tracked.original.source);
    case '--ctorigdst':
      return address(wanted, tracked.original.destination);
    case '--ctorigsrcport':
      return port(wanted, tracked.original.sourcePort);
    case '--ctorigdstport':
      return port(wanted, tracked.original.destinationPort);
    case '--ctreplsrc':
      return tracked.direction === 'original' ? address(wanted, packet.destination) : 'unknown';
    case '--ctrepldst':
      return tracked.direction === 'original' ? address(wanted, packet.source) : 'unknown';
    case '--ctreplsrcport':
      return tracked.direction === 'original' ? port(wanted, packet.destinationPort) : 'unknown';
    case '--ctrepldstport':
      return tracked.direction === 'original' ? port(wanted, packet.sourcePort) : 'unknown';
    case '--ctstatus':
      return status(wanted.split(','), scene);
    case '--ctdir':
      return known(wanted.toLowerCase() === tracked.direction);
    default:
      return 'unknown';
  }
}

/** A first packet has no status before it leaves the node (or comes round by lo); its answer is seen and confirmed, but assures nothing yet. NONE is a mask of no bits. */
function status(wanted: readonly string[], { tracked, packet }: Scene): Ternary {
  if (tracked.direction === 'reply') return known(wanted.includes('SEEN_REPLY') || wanted.includes('CONFIRMED'));
  if (tracked.state !== 'NEW') return 'unknown';
  return known(wanted.includes('CONFIRMED') && packet.inDevice === 'lo');
}

function address(wanted: string, actual: string | null): Ternary {
  const network = parseNetwork(wanted);
  return network === null || actual === null ? 'unknown' : known(networkHas(network, actual));
}

function port(wanted: string, actual: number | null): Ternary {
  const range = parsePortRange(wanted);
  return range === null || actual === null ? 'unknown' : known(range.from <= actual && actual <= range.to);
}
