import type { NodeNet } from '../node/node-net.ts';
import type { MarkMatch, Match, SetMatch, StatisticMatch } from '../rule/match-kinds.ts';
import { isBetween, networkHas } from '../rule/network.ts';
import { matchAddrtype } from './match-addrtype.ts';
import { matchConntrack } from './match-conntrack.ts';
import { matchModule } from './match-module.ts';
import { matchMultiport, matchPorts } from './match-ports.ts';
import { matchRecent } from './match-recent.ts';
import { hasEntry } from './packet.ts';
import type { Scene } from './scene.ts';
import { and, known, perhaps, type Ternary, withNot } from './ternary.ts';

/** Whether one condition holds for the packet. `-m statistic` is a chance, not a fact: see {@link chanceOf}. */
export function evaluateMatch(match: Match, scene: Scene): Ternary {
  const { packet } = scene;
  switch (match.kind) {
    case 'source':
    case 'destination':
      return withNot(inNetwork(match.network, match.kind === 'source' ? packet.source : packet.destination), match.negated);
    case 'in-interface':
    case 'out-interface':
      return withNot(isDevice(match.device, match.kind === 'in-interface' ? packet.inDevice : packet.outDevice, scene.node), match.negated);
    case 'protocol':
      return withNot(known(match.protocol === packet.protocol || match.protocol === 'all'), match.negated);
    case 'comment':
      return 'yes';
    case 'ports':
      return matchPorts(match, scene);
    case 'multiport':
      return matchMultiport(match, packet);
    case 'conntrack':
      return matchConntrack(match, scene);
    case 'mark':
      return matchMark(match, scene);
    case 'addrtype':
      return matchAddrtype(match, scene);
    case 'statistic':
      return 'unknown';
    case 'recent':
      return matchRecent(match, scene);
    case 'iprange':
      return and(inRange(match.source, packet.source), inRange(match.destination, packet.destination));
    case 'module':
      return matchModule(match, scene);
    case 'set':
      return matchSet(match, scene);
    case 'unrecognised':
    case 'hidden':
      return 'unknown';
  }
}

/** Only a plain set of addresses, asked for source or destination alone. */
function matchSet({ set, directions, others, negated }: SetMatch, { packet, node }: Scene): Ternary {
  const has = node.sets?.get(set);
  const address = directions === 'src' ? packet.source : directions === 'dst' ? packet.destination : null;
  return has === undefined || address === null || others.length > 0 ? 'unknown' : withNot(known(has(address)), negated);
}

/** How likely a statistic match takes a new connection. */
export function chanceOf(match: StatisticMatch): number {
  const chance = match.mode === 'random' ? match.probability : 1 / match.every;
  return match.negated ? 1 - chance : chance;
}

/** Why a match could not be decided, for the reader. */
export function whyUnknown(match: Match): string {
  switch (match.kind) {
    case 'set':
      return `the members of set "${match.set}" are not in the rules`;
    case 'recent':
      return `whether the client is in list "${match.list}" is not in the rules`;
    case 'unrecognised':
      return `"${match.words.join(' ')}" is not understood`;
    case 'hidden':
      return 'the listing does not show interfaces (iptables -L without -v)';
    case 'module':
      return `"-m ${match.module}" cannot be decided from the rules`;
    case 'addrtype':
      return 'the addresses of the node are not known';
    default:
      return 'this field of the packet is not known';
  }
}

function matchMark(match: MarkMatch, { packet, tracked }: Scene): Ternary {
  // connmark_mt: without an entry nothing matches, also with "!".
  if (match.of === 'connection' && !hasEntry(tracked)) return 'no';
  const mark = match.of === 'packet' ? packet.mark : tracked.mark;
  return withNot(known((mark & match.mask) >>> 0 === match.value), match.negated);
}

function inNetwork(network: Parameters<typeof networkHas>[0], address: string | null): Ternary {
  return address === null ? 'unknown' : known(networkHas(network, address));
}

/** A device that is not known cannot be told from another; no device at all has the empty name, which only `+` takes. */
function isDevice(pattern: string, device: string | null, node: NodeNet): Ternary {
  if (pattern === '+') return 'yes';
  if (device === null) return 'unknown';
  const unnamed = node.unnamed?.get(device);
  if (unnamed !== undefined) return isAnother(pattern, node) ? 'no' : perhaps(unnamed(pattern));
  return known(pattern.endsWith('+') ? device.startsWith(pattern.slice(0, -1)) : device === pattern);
}

/** Whether a name belongs to a device that is known by it. */
function isAnother(pattern: string, node: NodeNet): boolean {
  return pattern === 'lo' || (node.devices ?? []).some((each) => each.name === pattern && node.unnamed?.has(each.name) !== true);
}

function inRange(range: { readonly from: string; readonly to: string; readonly negated: boolean } | null, address: string | null): Ternary {
  if (range === null) return 'yes';
  if (address === null) return 'unknown';
  return withNot(known(isBetween(address, range.from, range.to)), range.negated);
}
