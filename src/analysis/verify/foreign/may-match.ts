import { parseCidr } from '../../../net/ip.ts';
import type {
  AddrtypeMatch,
  ConntrackMatch,
  InterfaceMatch,
  Match,
  Network,
  PortMatch,
  PortRange,
} from '../../../netfilter/rule/match-kinds.ts';
import type { RuleSpec } from '../../../netfilter/ruleset.ts';
import type { Flow } from './flow.ts';

/** Whether packets of a flow match: surely some do, surely none does, or it cannot be told here. */
export type MayMatch = 'yes' | 'maybe' | 'no';

export function mayMatch({ matches }: RuleSpec, flow: Flow): MayMatch {
  let answer: MayMatch = 'yes';
  for (const match of matches) {
    answer = both(answer, one(match, flow));
    if (answer === 'no') return 'no';
  }
  return answer;
}

export function both(a: MayMatch, b: MayMatch): MayMatch {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'maybe';
}

function not(answer: MayMatch, negated: boolean): MayMatch {
  if (!negated || answer === 'maybe') return answer;
  return answer === 'yes' ? 'no' : 'yes';
}

function known(holds: boolean): MayMatch {
  return holds ? 'yes' : 'no';
}

function one(match: Match, flow: Flow): MayMatch {
  switch (match.kind) {
    case 'source':
      return not(flow.direction === 'reply' ? within(match.network.text, flow) : wide(match.network.prefix), match.negated);
    case 'destination':
      if (flow.direction === 'reply' && !match.negated) return ofClients(match.network, flow);
      return not(flow.direction === 'request' ? within(match.network.text, flow) : wide(match.network.prefix), match.negated);
    case 'in-interface':
    case 'out-interface':
      return not(through(match), match.negated);
    case 'protocol':
      return not(known(isProtocol(match.protocol, flow.protocol)), match.negated);
    case 'ports':
      if (!isProtocol(match.protocol, flow.protocol)) return 'no';
      return both(
        both(side(match.source, flow, 'reply'), side(match.destination, flow, 'request')),
        match.flags === null ? 'yes' : 'maybe',
      );
    case 'multiport':
      return multiport(match.side, match.ranges, flow, match.negated);
    case 'conntrack':
      return state(match, flow);
    case 'addrtype':
      return addrtype(match, flow);
    case 'comment':
      return 'yes';
    default:
      return 'maybe';
  }
}

function wide(prefix: number): MayMatch {
  return prefix === 0 ? 'yes' : 'maybe';
}

function ofClients({ text, prefix }: Network, { endpoints }: Flow): MayMatch {
  const cidr = prefix === 0 ? null : parseCidr(text);
  return cidr !== null && endpoints.some((address) => cidr.contains(address)) ? 'no' : wide(prefix);
}

function within(network: string, { address, own }: Flow): MayMatch {
  const cidr = parseCidr(network);
  if (cidr === null) return 'maybe';
  if (address !== null) return known(cidr.contains(address));
  return known(cidr.prefix === 0 || own.some((each) => cidr.contains(each)));
}

/** Bridges of container engines beside Kubernetes carry no Service traffic; on loopback the node talks to itself. */
const ELSEWHERE = /^(?:lo|docker\d*\+?|br-.*|docker_gwbridge|virbr.*|lxcbr.*|lxdbr.*|podman.*|cni-podman.*)$/;

function through({ device }: InterfaceMatch): MayMatch {
  if (device === '+') return 'yes';
  return ELSEWHERE.test(device) ? 'no' : 'maybe';
}

const NUMBERS: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '132': 'sctp' };

function isProtocol(written: string, protocol: string): boolean {
  const name = NUMBERS[written] ?? written.toLowerCase();
  return name === protocol || name === 'all' || name === '0';
}

/** A port condition on the side of the Service is decided; on the client's side any port may be. */
function side(match: PortMatch | null, flow: Flow, far: Flow['direction']): MayMatch {
  if (match === null) return 'yes';
  return not(flow.direction === far ? known(holds(match.range, flow.port)) : clientPort([match.range], flow), match.negated);
}

/** An answer goes to a port that the client's kernel picked from thousands: a rule for a few is not about answers. */
const MANY = 1024;

function clientPort(ranges: readonly PortRange[], { direction }: Flow): MayMatch {
  return direction === 'reply' && ranges.every(({ from, to }) => to - from < MANY) ? 'no' : 'maybe';
}

function holds({ from, to }: PortRange, port: number): boolean {
  return from <= port && port <= to;
}

function multiport(which: 'sports' | 'dports' | 'ports', ranges: readonly PortRange[], flow: Flow, negated: boolean): MayMatch {
  const listed = ranges.some((range) => holds(range, flow.port));
  if (which === 'ports') return not(listed ? 'yes' : 'maybe', negated);
  const far = which === 'dports' ? 'request' : 'reply';
  return not(flow.direction === far ? known(listed) : clientPort(ranges, flow), negated);
}

/** Requests count as NEW, replies as ESTABLISHED: what happens to the first packets decides. */
function state({ states, others }: ConntrackMatch, flow: Flow): MayMatch {
  const rest: MayMatch = others.length === 0 ? 'yes' : 'maybe';
  if (states === null) return rest;
  const own = flow.direction === 'request' ? 'NEW' : 'ESTABLISHED';
  if (states.names.includes(own)) return not(rest, states.negated);
  const translated = states.names.some((name) => name === 'DNAT' || name === 'SNAT');
  return not(translated ? 'maybe' : 'no', states.negated);
}

function addrtype({ source, destination, limit }: AddrtypeMatch, flow: Flow): MayMatch {
  const end = (types: AddrtypeMatch['source'], far: boolean): MayMatch =>
    types === null ? 'yes' : not(far ? isOfType(types.types, flow.local) : 'maybe', types.negated);
  const request = flow.direction === 'request';
  return both(both(end(source, !request), end(destination, request)), limit === null ? 'yes' : 'maybe');
}

function isOfType(types: readonly string[], local: boolean | null): MayMatch {
  if (types.includes('LOCAL')) return local === null ? 'maybe' : known(local || types.includes('UNICAST'));
  if (types.includes('UNICAST')) return local === null ? 'maybe' : known(!local);
  return types.some((type) => type === 'BROADCAST' || type === 'MULTICAST' || type === 'ANYCAST') ? 'no' : 'maybe';
}
