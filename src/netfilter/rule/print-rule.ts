import type { RuleSpec } from '../ruleset.ts';
import type { AddressRange, Match, PortMatch, RecentMatch, StatisticMatch, TcpFlags } from './match-kinds.ts';
import { FULL_MASK, hex, printPortRange } from './numbers.ts';
import { joinWords as join, not, printOptions } from './print-options.ts';
import { printTarget } from './print-target.ts';
import { bareWord, quoteString } from './words.ts';

/** What stands behind `-A CHAIN`, in the order and spelling of iptables-save. Empty for a rule without condition and target. */
export function printSpec(spec: RuleSpec): string {
  const base = BASE_ORDER.flatMap((kind) => spec.matches.filter((match) => match.kind === kind));
  const extensions = spec.matches.filter((match) => !isBase(match));
  return [...base, ...extensions]
    .map(printMatch)
    .concat(printTarget(spec.target))
    .filter((text) => text !== '')
    .join(' ');
}

/** A whole rule as iptables-save prints it. */
export function printRule(chain: string, spec: RuleSpec): string {
  return ['-A', bareWord(chain), printSpec(spec)].filter((text) => text !== '').join(' ');
}

const BASE_ORDER = ['source', 'destination', 'in-interface', 'out-interface', 'protocol'] as const satisfies readonly Match['kind'][];

function isBase(match: Match): boolean {
  return BASE_ORDER.some((kind) => kind === match.kind);
}

/** One match as iptables-save prints it. */
export function printMatch(match: Match): string {
  switch (match.kind) {
    case 'source':
    case 'destination':
      return `${not(match)}${match.kind === 'source' ? '-s' : '-d'} ${match.network.text}`;
    case 'in-interface':
    case 'out-interface':
      return `${not(match)}${match.kind === 'in-interface' ? '-i' : '-o'} ${bareWord(match.device)}`;
    case 'protocol':
      return `${not(match)}-p ${bareWord(match.protocol)}`;
    case 'comment':
      return `-m comment --comment ${quoteString(match.text)}`;
    case 'ports':
      return join(`-m ${match.protocol}`, port('--sport', match.source), port('--dport', match.destination), flags(match.flags));
    case 'multiport':
      return `-m multiport ${not(match)}--${match.side} ${match.ranges.map((range) => printPortRange(range)).join(',')}`;
    case 'conntrack':
      return join(`-m ${match.module}`, states(match.module, match.states), printOptions(match.others));
    case 'mark':
      return `-m ${match.of === 'packet' ? 'mark' : 'connmark'} ${not(match)}--mark ${masked(match.value, match.mask)}`;
    case 'addrtype':
      return join(
        '-m addrtype',
        types('--src-type', match.source),
        types('--dst-type', match.destination),
        match.limit ? `--limit-iface-${match.limit}` : '',
      );
    case 'statistic':
      return printStatistic(match);
    case 'recent':
      return printRecent(match);
    case 'set':
      return join('-m set', `${not(match)}--match-set ${bareWord(match.set)} ${bareWord(match.directions)}`, printOptions(match.others));
    case 'iprange':
      return join('-m iprange', range('--src-range', match.source), range('--dst-range', match.destination));
    case 'module':
      return join(`-m ${match.module}`, printOptions(match.options));
    case 'unrecognised':
      return match.words.join(' ');
    case 'hidden':
      return '';
  }
}

function port(name: string, match: PortMatch | null): string {
  return match === null ? '' : `${not(match)}${name} ${printPortRange(match.range)}`;
}

function flags(match: TcpFlags | null): string {
  return match === null ? '' : `${not(match)}--tcp-flags ${match.mask.join(',') || 'NONE'} ${match.set.join(',') || 'NONE'}`;
}

function states(module: 'conntrack' | 'state', match: { readonly negated: boolean; readonly names: readonly string[] } | null): string {
  return match === null ? '' : `${not(match)}--${module === 'state' ? 'state' : 'ctstate'} ${match.names.join(',')}`;
}

function masked(value: number, mask: number): string {
  return mask === FULL_MASK ? hex(value) : `${hex(value)}/${hex(mask)}`;
}

function types(name: string, match: { readonly negated: boolean; readonly types: readonly string[] } | null): string {
  return match === null ? '' : `${not(match)}${name} ${match.types.join(',')}`;
}

function range(name: string, match: AddressRange | null): string {
  return match === null ? '' : `${not(match)}${name} ${match.from}-${match.to}`;
}

function printStatistic(match: StatisticMatch): string {
  if (match.mode === 'nth') return `-m statistic --mode nth ${not(match)}--every ${match.every} --packet ${match.packet}`;
  return `-m statistic --mode random ${not(match)}--probability ${printProbability(match.probability)}`;
}

/** The kernel keeps 31 bits of a probability; iptables-save prints 11 digits of that. */
export function printProbability(probability: number): string {
  return (Math.round(probability * 0x80000000) / 0x80000000).toFixed(11);
}

function printRecent(match: RecentMatch): string {
  return join(
    `-m recent ${not(match)}--${match.action}`,
    match.seconds === null ? '' : `--seconds ${match.seconds}`,
    match.reap ? '--reap' : '',
    match.hitcount === null ? '' : `--hitcount ${match.hitcount}`,
    match.rttl ? '--rttl' : '',
    `--name ${bareWord(match.list)}`,
    match.mask === null ? '' : `--mask ${bareWord(match.mask)}`,
    `--${match.side}`,
  );
}
