import type { Match, PortRange } from '../rule/match-kinds.ts';
import { parseNetwork } from '../rule/network.ts';
import { protocolName } from '../rule/protocol.ts';
import { unquoted } from './words.ts';

/** A field of the packet that a statement asks for: how many words name it, and the match for a value. Null: the value is not understood. */
export interface Selector {
  readonly words: number;
  match(value: string, negated: boolean): Match | null;
  /** For sets of addresses. */
  readonly side?: 'src' | 'dst';
}

/** The field that is named at a place; null for none that is known here. */
export function selectorAt(words: readonly string[], at: number): Selector | null {
  const [first = '', second = '', third = ''] = words.slice(at, at + 3);
  switch (first) {
    case 'ip':
    case 'ip6':
      if (second === 'saddr' || second === 'daddr') return addressSelector(second);
      return second === 'protocol' || second === 'nexthdr' ? { words: 2, match: protocolMatch } : null;
    case 'meta':
      return metaSelector(second);
    case 'iifname':
    case 'oifname':
    case 'iif':
    case 'oif':
      return { words: 1, match: interfaceMatch(first.startsWith('i') ? 'in-interface' : 'out-interface') };
    case 'mark':
      return { words: 1, match: markMatch };
    case 'th':
    case 'tcp':
    case 'udp':
    case 'sctp':
      return second === 'dport' || second === 'sport' ? portSelector(first, second) : null;
    case 'ct':
      return second === 'state' ? { words: 2, match: stateMatch } : null;
    case 'fib':
      return fibSelector(words.slice(at), third);
    default:
      return null;
  }
}

function addressSelector(field: 'saddr' | 'daddr'): Selector {
  const kind = field === 'saddr' ? 'source' : 'destination';
  return {
    words: 2,
    side: field === 'saddr' ? 'src' : 'dst',
    match: (value, negated) => {
      const [from, to] = value.split('-');
      if (from !== undefined && to !== undefined) {
        const range = { from, to, negated };
        return { kind: 'iprange', source: kind === 'source' ? range : null, destination: kind === 'destination' ? range : null };
      }
      const network = parseNetwork(value);
      return network === null ? null : { kind, network, negated };
    },
  };
}

function metaSelector(field: string): Selector | null {
  switch (field) {
    case 'l4proto':
      return { words: 2, match: protocolMatch };
    case 'mark':
      return { words: 2, match: markMatch };
    case 'iifname':
    case 'iif':
      return { words: 2, match: interfaceMatch('in-interface') };
    case 'oifname':
    case 'oif':
      return { words: 2, match: interfaceMatch('out-interface') };
    default:
      return null;
  }
}

function protocolMatch(value: string, negated: boolean): Match {
  return { kind: 'protocol', protocol: protocolName(value), negated };
}

function interfaceMatch(kind: 'in-interface' | 'out-interface') {
  // nft writes a trailing * where iptables writes +.
  return (value: string, negated: boolean): Match => ({ kind, device: unquoted(value).replace(/\*$/, '+'), negated });
}

function markMatch(value: string, negated: boolean): Match | null {
  const mark = Number(value);
  return Number.isInteger(mark) ? { kind: 'mark', of: 'packet', value: mark, mask: 0xffffffff, negated } : null;
}

function portSelector(protocol: string, field: 'dport' | 'sport'): Selector {
  return {
    words: 2,
    match: (value, negated) => {
      const range = portRange(value);
      if (range === null) return null;
      if (protocol === 'th') return { kind: 'multiport', side: field === 'dport' ? 'dports' : 'sports', ranges: [range], negated };
      const port = { range, negated };
      return {
        kind: 'ports',
        protocol,
        source: field === 'sport' ? port : null,
        destination: field === 'dport' ? port : null,
        flags: null,
      };
    },
  };
}

function portRange(value: string): PortRange | null {
  const [from, to = from] = value.split('-').map(Number);
  return from === undefined || to === undefined || !Number.isInteger(from) || !Number.isInteger(to) ? null : { from, to };
}

const STATES: ReadonlySet<string> = new Set(['new', 'established', 'related', 'invalid', 'untracked']);

function stateMatch(value: string, negated: boolean): Match | null {
  const names = value.split(',');
  if (!names.every((name) => STATES.has(name))) return null;
  return { kind: 'conntrack', module: 'conntrack', states: { names: names.map((name) => name.toUpperCase()), negated }, others: [] };
}

/** `fib daddr type local`, `fib saddr . oif type local`. */
function fibSelector(words: readonly string[], third: string): Selector | null {
  const limited = third === '.';
  const field = words[1];
  const limit = !limited ? null : words[3] === 'oif' ? 'out' : words[3] === 'iif' ? 'in' : undefined;
  const at = limited ? 4 : 2;
  if ((field !== 'saddr' && field !== 'daddr') || limit === undefined || words[at] !== 'type') return null;
  return {
    words: at + 1,
    match: (value, negated) => {
      const types = { types: [value.toUpperCase()], negated };
      return { kind: 'addrtype', source: field === 'saddr' ? types : null, destination: field === 'daddr' ? types : null, limit };
    },
  };
}
