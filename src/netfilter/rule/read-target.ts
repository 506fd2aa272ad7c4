import { canonicalIp } from '../../net/ip.ts';
import { TARGETS } from './extensions.ts';
import type { Option } from './match-kinds.ts';
import { FULL_MASK, parseMasked, parsePortRange, parseU32 } from './numbers.ts';
import type { ConnmarkTarget, NatRange, Target } from './target-kinds.ts';

/** Reads a target and its options; null when they are not understood. */
export function readTarget(name: string, options: readonly Option[], via: 'jump' | 'goto'): Target | null {
  if (via === 'goto') return options.length === 0 ? { kind: 'chain', chain: name, via } : null;
  if (options.some((option) => option.negated)) return null;
  switch (name) {
    case 'ACCEPT':
    case 'DROP':
    case 'RETURN':
    case 'QUEUE':
      return { kind: 'verdict', verdict: name };
    case 'REJECT':
      return { kind: 'reject', with: optionValue(options, '--reject-with') };
    case 'DNAT':
      return readNat('dnat', options, '--to-destination');
    case 'SNAT':
      return readNat('snat', options, '--to-source');
    case 'MASQUERADE':
    case 'REDIRECT':
      return readPortTarget(name === 'MASQUERADE' ? 'masquerade' : 'redirect', options);
    case 'MARK':
      return readMarkTarget(options);
    case 'CONNMARK':
      return readConnmark(options);
    default:
      return TARGETS.has(name) ? { kind: 'extension', name, options } : { kind: 'chain', chain: name, via };
  }
}

function optionValue(options: readonly Option[], name: string): string | null {
  return options.find((option) => option.name === name)?.values[0] ?? null;
}

const FLAGS = ['--random', '--random-fully', '--persistent'];

function flagsOf(options: readonly Option[]): readonly string[] {
  return FLAGS.filter((flag) => options.some((option) => option.name === flag));
}

function readNat(kind: 'dnat' | 'snat', options: readonly Option[], name: string): Target | null {
  const values = options.filter((option) => option.name === name).map((option) => option.values[0] ?? '');
  const range = values.length === 1 ? parseNatRange(values[0] ?? '') : null;
  return range === null ? null : { kind, range, flags: flagsOf(options) };
}

const NAT_V4 = /^(?:([\d.]+)(?:-([\d.]+))?)?(?::(\d+(?:-\d+)?))?$/;
const NAT_V6 = /^(?:\[([0-9a-fA-F:.]+)(?:-([0-9a-fA-F:.]+))?\](?::(\d+(?:-\d+)?))?|([0-9a-fA-F:.]+)(?:-([0-9a-fA-F:.]+))?)$/;

/** `10.0.0.1`, `10.0.0.1-10.0.0.9:80-90`, `:80`, `fd00::1`, `[fd00::1]:80`. */
export function parseNatRange(text: string): NatRange | null {
  const v4 = NAT_V4.exec(text);
  const v6 = v4 === null ? NAT_V6.exec(text) : null;
  const first = v4?.[1] ?? v6?.[1] ?? v6?.[4];
  const last = v4?.[2] ?? v6?.[2] ?? v6?.[5];
  const portText = v4?.[3] ?? v6?.[3];
  if (first === undefined && portText === undefined) return null;
  const from = first === undefined ? null : canonicalIp(first);
  const to = last === undefined ? from : canonicalIp(last);
  const ports = portText === undefined ? null : parsePortRange(portText, '-');
  const broken = (first !== undefined && (from === null || to === null)) || (portText !== undefined && ports === null);
  return broken ? null : { from, to, ports };
}

function readPortTarget(kind: 'masquerade' | 'redirect', options: readonly Option[]): Target | null {
  const text = optionValue(options, '--to-ports');
  const ports = text === null ? null : parsePortRange(text, '-');
  return text !== null && ports === null ? null : { kind, ports, flags: flagsOf(options) };
}

/** Every way to set a mark in the one form in which the kernel keeps it: mark = (mark & ~mask) ^ value. */
function xmark(options: readonly Option[]): { readonly value: number; readonly mask: number } | null {
  const option = options[0];
  if (option === undefined || options.length !== 1) return null;
  const text = option.values[0] ?? '';
  const masked = parseMasked(text, FULL_MASK);
  if (option.name === '--set-xmark') return masked;
  if (option.name === '--set-mark') return masked && { value: masked.value, mask: (masked.mask | masked.value) >>> 0 };
  const bits = parseU32(text);
  if (bits === null) return null;
  if (option.name === '--or-mark') return { value: bits, mask: bits };
  if (option.name === '--xor-mark') return { value: bits, mask: 0 };
  return option.name === '--and-mark' ? { value: 0, mask: ~bits >>> 0 } : null;
}

function readMarkTarget(options: readonly Option[]): Target | null {
  const mark = xmark(options);
  return mark === null ? null : { kind: 'mark', ...mark };
}

function readConnmark(options: readonly Option[]): ConnmarkTarget | null {
  const mark = xmark(options);
  if (mark !== null) return { kind: 'connmark', action: 'set', ...mark };
  const has = (name: string): boolean => options.some((option) => option.name === name);
  const both = optionValue(options, '--mask');
  const nfmask = parseU32(optionValue(options, '--nfmask') ?? both ?? String(FULL_MASK));
  const ctmask = parseU32(optionValue(options, '--ctmask') ?? both ?? String(FULL_MASK));
  if (has('--save-mark') === has('--restore-mark') || nfmask === null || ctmask === null) return null;
  return { kind: 'connmark', action: has('--save-mark') ? 'save' : 'restore', nfmask, ctmask };
}
