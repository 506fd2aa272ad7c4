import fc from 'fast-check';
import type { Match } from '../../../src/netfilter/rule/match-kinds.ts';
import { parseNetwork } from '../../../src/netfilter/rule/network.ts';
import type { Target } from '../../../src/netfilter/rule/target-kinds.ts';
import type { RuleSpec } from '../../../src/netfilter/ruleset.ts';

const negated = fc.boolean();
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const portRange = fc
  .tuple(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 0, max: 65535 }))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
/** What a comment may hold: anything that stays in its line. */
const freeText = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/[\0\r\n]/g, ' '));
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const device = fc.stringMatching(/^[a-z][a-z0-9.@_-]{0,10}\+?$/);

const network = fc
  .oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`),
    fc.tuple(fc.ipV6(), fc.integer({ min: 1, max: 128 })).map(([address, prefix]) => `${address}/${prefix}`),
  )
  .map(parseNetwork)
  .filter((each) => each !== null);

const port = fc.option(fc.record({ negated, range: portRange }));
const flags = fc.subarray(['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']);
const types = fc.option(fc.record({ negated, types: fc.subarray(['LOCAL', 'BROADCAST', 'MULTICAST', 'UNICAST'], { minLength: 1 }) }));
const addressRange = fc.option(fc.record({ negated, from: fc.ipV4(), to: fc.ipV4() }));
const masked = fc.tuple(u32, u32).map(([value, mask]) => ({ value, mask }));

const base: fc.Arbitrary<readonly Match[]> = fc
  .record(
    {
      source: fc.record({ kind: fc.constant('source' as const), negated, network }),
      destination: fc.record({ kind: fc.constant('destination' as const), negated, network }),
      in: fc.record({ kind: fc.constant('in-interface' as const), negated, device }),
      out: fc.record({ kind: fc.constant('out-interface' as const), negated, device }),
      protocol: fc.record({
        kind: fc.constant('protocol' as const),
        negated,
        protocol: fc.constantFrom('tcp', 'udp', 'sctp', 'icmp', 'gre'),
      }),
    },
    { requiredKeys: [] },
  )
  .map((found) => [found.source, found.destination, found.in, found.out, found.protocol].filter((match) => match !== undefined));

const extension: fc.Arbitrary<Match> = fc.oneof(
  freeText.map((text): Match => ({ kind: 'comment', text })),
  fc.record({
    kind: fc.constant('ports' as const),
    protocol: fc.constantFrom('tcp', 'udp'),
    source: port,
    destination: port,
    flags: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('ports' as const),
    protocol: fc.constant('tcp'),
    source: port,
    destination: port,
    flags: fc.option(fc.record({ negated, mask: flags, set: flags })),
  }),
  fc.record({
    kind: fc.constant('multiport' as const),
    negated,
    side: fc.constantFrom('sports', 'dports', 'ports'),
    ranges: fc.array(portRange, { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('conntrack' as const),
    module: fc.constant('conntrack' as const),
    states: fc.record({
      negated,
      names: fc.subarray(['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'], { minLength: 1 }),
    }),
    others: fc.subarray([
      { name: '--ctdir', values: ['ORIGINAL'], negated: false },
      { name: '--ctorigdst', values: ['10.96.0.10'], negated: true },
    ]),
  }),
  fc.record({ kind: fc.constant('mark' as const), of: fc.constantFrom('packet', 'connection'), negated, value: u32, mask: u32 }),
  fc.record({ kind: fc.constant('addrtype' as const), source: types, destination: types, limit: fc.constantFrom('in', 'out', null) }),
  // The kernel keeps 31 bits of a probability.
  fc.record({
    kind: fc.constant('statistic' as const),
    negated,
    mode: fc.constant('random' as const),
    probability: fc.integer({ min: 0, max: 0x80000000 }).map((share) => Number((share / 0x80000000).toFixed(11))),
  }),
  fc.record({
    kind: fc.constant('statistic' as const),
    negated,
    mode: fc.constant('nth' as const),
    every: fc.integer({ min: 1, max: 1000 }),
    packet: fc.integer({ min: 0, max: 999 }),
  }),
  fc.record({
    kind: fc.constant('recent' as const),
    negated,
    action: fc.constantFrom('set', 'rcheck', 'update', 'remove'),
    list: name,
    side: fc.constantFrom('rsource', 'rdest'),
    mask: fc.option(fc.constant('255.255.255.0')),
    seconds: fc.option(fc.integer({ min: 1, max: 10800 })),
    hitcount: fc.option(fc.integer({ min: 1, max: 20 })),
    reap: fc.boolean(),
    rttl: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('set' as const),
    negated,
    set: name,
    directions: fc.constantFrom('src', 'dst,dst'),
    others: fc.constant([]),
  }),
  fc.record({ kind: fc.constant('iprange' as const), source: addressRange, destination: addressRange }),
  fc.record({
    kind: fc.constant('module' as const),
    module: fc.constant('limit'),
    options: fc.constant([{ name: '--limit', values: ['3/min'], negated: false }]),
  }),
  fc.record({
    kind: fc.constant('module' as const),
    module: fc.constant('string'),
    options: freeText.map((text) => [
      { name: '--string', values: [text], negated: false },
      { name: '--algo', values: ['bm'], negated: false },
    ]),
  }),
);

const natRange = fc.oneof(
  fc.record({ address: fc.ipV4(), ports: fc.option(portRange) }).map(({ address, ports }) => ({ from: address, to: address, ports })),
  fc.record({ from: fc.ipV4(), to: fc.ipV4(), ports: fc.option(portRange) }),
  fc
    .constantFrom('fd00::1', '2001:db8::a')
    .chain((address) => fc.option(portRange).map((ports) => ({ from: address, to: address, ports }))),
  portRange.map((ports) => ({ from: null, to: null, ports })),
);
const natFlags = fc.subarray(['--random', '--random-fully', '--persistent']);
const portFlags = fc.subarray(['--random', '--random-fully']);

const target: fc.Arbitrary<Target> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('verdict' as const), verdict: fc.constantFrom('ACCEPT', 'DROP', 'RETURN', 'QUEUE') }),
  fc.record({ kind: fc.constant('chain' as const), chain: name.map((text) => `K-${text}`), via: fc.constantFrom('jump', 'goto') }),
  fc.record({ kind: fc.constant('reject' as const), with: fc.option(fc.constantFrom('icmp-port-unreachable', 'tcp-reset')) }),
  fc.record({ kind: fc.constantFrom('dnat', 'snat'), range: natRange, flags: natFlags }),
  fc.record({ kind: fc.constantFrom('masquerade', 'redirect'), ports: fc.option(portRange), flags: portFlags }),
  masked.map((mark): Target => ({ kind: 'mark', ...mark })),
  masked.map((mark): Target => ({ kind: 'connmark', action: 'set', ...mark })),
  fc.record({ kind: fc.constant('connmark' as const), action: fc.constantFrom('save', 'restore'), nfmask: u32, ctmask: u32 }),
  freeText.map((text): Target => ({ kind: 'extension', name: 'LOG', options: [{ name: '--log-prefix', values: [text], negated: false }] })),
);

/** Any rule that the model can say, in the order in which iptables-save prints it. */
export const anyRule: fc.Arbitrary<RuleSpec> = fc
  .record({ base, extensions: fc.uniqueArray(extension, { maxLength: 4, selector: moduleOf }), target })
  .map((found) => ({ matches: [...found.base, ...found.extensions], target: found.target }));

function moduleOf(match: Match): string {
  return match.kind === 'module' ? match.module : match.kind === 'ports' ? match.protocol : match.kind === 'mark' ? match.of : match.kind;
}
