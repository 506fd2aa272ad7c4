import { hex, printPortRange } from './numbers.ts';
import { printOptions } from './print-options.ts';
import type { ConnmarkTarget, NatRange, Target } from './target-kinds.ts';
import { bareWord } from './words.ts';

/** A target as iptables-save prints it; empty when there is none. */
export function printTarget(target: Target): string {
  switch (target.kind) {
    case 'none':
      return '';
    case 'verdict':
      return `-j ${target.verdict}`;
    case 'chain':
      return `${target.via === 'goto' ? '-g' : '-j'} ${bareWord(target.chain)}`;
    case 'reject':
      return target.with === null ? '-j REJECT' : `-j REJECT --reject-with ${bareWord(target.with)}`;
    case 'dnat':
      return ['-j DNAT --to-destination', printNatRange(target.range), ...target.flags].join(' ');
    case 'snat':
      return ['-j SNAT --to-source', printNatRange(target.range), ...target.flags].join(' ');
    case 'masquerade':
    case 'redirect': {
      const ports = target.ports === null ? [] : [`--to-ports ${printPortRange(target.ports, '-')}`];
      return [target.kind === 'masquerade' ? '-j MASQUERADE' : '-j REDIRECT', ...ports, ...target.flags].join(' ');
    }
    case 'mark':
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    case 'connmark':
      return printConnmark(target);
    case 'extension':
      return [`-j ${target.name}`, printOptions(target.options)].filter((text) => text !== '').join(' ');
    case 'unrecognised':
      return target.words.join(' ');
  }
}

function printConnmark(target: ConnmarkTarget): string {
  if (target.action === 'set') return `-j CONNMARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
  return `-j CONNMARK --${target.action}-mark --nfmask ${hex(target.nfmask)} --ctmask ${hex(target.ctmask)}`;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, with ranges where there are any. */
export function printNatRange(range: NatRange): string {
  const addresses = range.from === null ? '' : range.from === range.to ? range.from : `${range.from}-${range.to}`;
  if (range.ports === null) return addresses;
  const bracketed = addresses.includes(':') ? `[${addresses}]` : addresses;
  return `${bracketed}:${printPortRange(range.ports, '-')}`;
}
