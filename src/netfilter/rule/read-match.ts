import { canonicalIp } from '../../net/ip.ts';
import type { AddressRange, AddressTypes, Match, Option, PortMatch, TcpFlags } from './match-kinds.ts';
import { FULL_MASK, parseMasked, parsePortRange, parseU32 } from './numbers.ts';

/** Options of one extension by name; null when one is given twice. */
type Options = ReadonlyMap<string, Option>;

type Reader = (options: Options, all: readonly Option[]) => Match | null;

/** Reads one extension; null when its values are not understood. */
export function readModule(module: string, options: readonly Option[]): Match | null {
  const byName = new Map(options.map((option) => [option.name, option]));
  const reader = Object.hasOwn(READERS, module) ? READERS[module] : undefined;
  if (reader === undefined) return { kind: 'module', module, options };
  return byName.size === options.length ? reader(byName, options) : null;
}

const READERS: Readonly<Record<string, Reader>> = {
  comment: (options) => {
    const text = value(options, '--comment');
    return text === null ? null : { kind: 'comment', text };
  },
  tcp: (options) => readPorts('tcp', options),
  udp: (options) => readPorts('udp', options),
  sctp: (options, all) => (options.has('--chunk-types') ? { kind: 'module', module: 'sctp', options: all } : readPorts('sctp', options)),
  udplite: (options) => readPorts('udplite', options),
  multiport: readMultiport,
  conntrack: (options, all) => readConntrack('conntrack', options.get('--ctstate'), all),
  state: (options, all) => readConntrack('state', options.get('--state'), all),
  mark: (options) => readMark('packet', options.get('--mark')),
  connmark: (options) => readMark('connection', options.get('--mark')),
  addrtype: (options) => {
    if (options.has('--limit-iface-in') && options.has('--limit-iface-out')) return null;
    const limit = options.has('--limit-iface-in') ? 'in' : options.has('--limit-iface-out') ? 'out' : null;
    return { kind: 'addrtype', source: types(options.get('--src-type')), destination: types(options.get('--dst-type')), limit };
  },
  statistic: readStatistic,
  recent: readRecent,
  set: (options, all) => {
    const [set, directions] = options.get('--match-set')?.values ?? [];
    if (set === undefined || directions === undefined) return null;
    const others = all.filter((option) => option.name !== '--match-set');
    return { kind: 'set', set, directions, negated: options.get('--match-set')?.negated === true, others };
  },
  iprange: (options) => {
    const [source, destination] = [addressRange(options.get('--src-range')), addressRange(options.get('--dst-range'))];
    return source === undefined || destination === undefined ? null : { kind: 'iprange', source, destination };
  },
};

function value(options: Options, ...names: readonly string[]): string | null {
  for (const name of names) {
    const found = options.get(name)?.values[0];
    if (found !== undefined) return found;
  }
  return null;
}

function readPorts(protocol: string, options: Options): Match | null {
  const source = portMatch(options.get('--sport') ?? options.get('--source-port'));
  const destination = portMatch(options.get('--dport') ?? options.get('--destination-port'));
  const flags = tcpFlags(options.get('--tcp-flags'), options.get('--syn'));
  if (source === undefined || destination === undefined || flags === undefined) return null;
  return options.has('--tcp-option') ? null : { kind: 'ports', protocol, source, destination, flags };
}

/** Undefined: not understood. Null: not asked for. */
function portMatch(option: Option | undefined): PortMatch | null | undefined {
  if (option === undefined) return null;
  const range = parsePortRange(option.values[0] ?? '');
  return range === null ? undefined : { negated: option.negated, range };
}

const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

function tcpFlags(flags: Option | undefined, syn: Option | undefined): TcpFlags | null | undefined {
  if (flags === undefined && syn === undefined) return null;
  if (flags === undefined) return { negated: syn?.negated === true, mask: ['FIN', 'SYN', 'RST', 'ACK'], set: ['SYN'] };
  const [mask, set] = flags.values.map(flagNames);
  return mask && set && syn === undefined ? { negated: flags.negated, mask, set } : undefined;
}

function flagNames(text: string): readonly string[] | null {
  if (text === 'NONE') return [];
  if (text === 'ALL') return FLAG_NAMES;
  const names = text.split(',');
  return names.every((name) => FLAG_NAMES.includes(name)) ? FLAG_NAMES.filter((name) => names.includes(name)) : null;
}

function readMultiport(options: Options): Match | null {
  const option = [...options.values()][0];
  if (option === undefined || options.size !== 1) return null;
  const side = option.name === '--ports' ? 'ports' : /^--s/.test(option.name) ? 'sports' : 'dports';
  const ranges = (option.values[0] ?? '').split(',').map((text) => parsePortRange(text));
  return ranges.includes(null)
    ? null
    : { kind: 'multiport', negated: option.negated, side, ranges: ranges.filter((range) => range !== null) };
}

const CT_STATES = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];

function readConntrack(module: 'conntrack' | 'state', state: Option | undefined, all: readonly Option[]): Match | null {
  const others = all.filter((option) => option !== state);
  const names = state?.values[0]?.split(',') ?? [];
  if (all.length === 0 || !names.every((name) => CT_STATES.includes(name))) return null;
  const states = state === undefined ? null : { negated: state.negated, names: CT_STATES.filter((name) => names.includes(name)) };
  return { kind: 'conntrack', module, states, others };
}

function readMark(of: 'packet' | 'connection', option: Option | undefined): Match | null {
  const mark = parseMasked(option?.values[0] ?? '', FULL_MASK);
  return mark === null || option === undefined ? null : { kind: 'mark', of, negated: option.negated, ...mark };
}

function types(option: Option | undefined): AddressTypes | null {
  return option === undefined ? null : { negated: option.negated, types: (option.values[0] ?? '').split(',') };
}

function readStatistic(options: Options): Match | null {
  const mode = value(options, '--mode');
  const probability = Number(value(options, '--probability') ?? Number.NaN);
  if (mode === 'random') {
    const fits = probability >= 0 && probability <= 1 && options.size === 2;
    return fits ? { kind: 'statistic', mode, negated: options.get('--probability')?.negated === true, probability } : null;
  }
  const every = parseU32(value(options, '--every') ?? '');
  const packet = parseU32(value(options, '--packet') ?? '0');
  if (mode !== 'nth' || every === null || packet === null || every === 0) return null;
  return { kind: 'statistic', mode, negated: options.get('--every')?.negated === true, every, packet };
}

function readRecent(options: Options): Match | null {
  const actions = (['set', 'rcheck', 'update', 'remove'] as const).filter((action) => options.has(`--${action}`));
  const [action] = actions;
  const seconds = optionalNumber(options, '--seconds');
  const hitcount = optionalNumber(options, '--hitcount');
  if (action === undefined || actions.length !== 1 || seconds === undefined || hitcount === undefined) return null;
  return {
    kind: 'recent',
    negated: options.get(`--${action}`)?.negated === true,
    action,
    list: value(options, '--name') ?? 'DEFAULT',
    side: options.has('--rdest') ? 'rdest' : 'rsource',
    mask: value(options, '--mask'),
    seconds,
    hitcount,
    reap: options.has('--reap'),
    rttl: options.has('--rttl'),
  };
}

function optionalNumber(options: Options, name: string): number | null | undefined {
  const text = value(options, name);
  return text === null ? null : (parseU32(text) ?? undefined);
}

function addressRange(option: Option | undefined): AddressRange | null | undefined {
  if (option === undefined) return null;
  const [first = '', last = first] = (option.values[0] ?? '').split('-');
  const [from, to] = [canonicalIp(first), canonicalIp(last)];
  return from === null || to === null ? undefined : { negated: option.negated, from, to };
}
