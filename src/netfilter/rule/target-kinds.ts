import type { Option, PortRange } from './match-kinds.ts';

/** `--to-destination`, `--to-source`: addresses, ports or both. */
export interface NatRange {
  readonly from: string | null;
  /** Equal to `from` unless the rule names a range. */
  readonly to: string | null;
  readonly ports: PortRange | null;
}

/** `-j MARK`: mark = (mark & ~mask) ^ value, the form in which every way of setting a mark is saved. */
export interface MarkTarget {
  readonly kind: 'mark';
  readonly value: number;
  readonly mask: number;
}

export type ConnmarkTarget =
  | { readonly kind: 'connmark'; readonly action: 'set'; readonly value: number; readonly mask: number }
  | { readonly kind: 'connmark'; readonly action: 'save' | 'restore'; readonly nfmask: number; readonly ctmask: number };

export interface NatTarget {
  readonly kind: 'dnat' | 'snat';
  readonly range: NatRange;
  /** `--random`, `--random-fully`, `--persistent`. */
  readonly flags: readonly string[];
}

export interface PortTarget {
  readonly kind: 'masquerade' | 'redirect';
  readonly ports: PortRange | null;
  readonly flags: readonly string[];
}

export interface ChainTarget {
  readonly kind: 'chain';
  readonly chain: string;
  readonly via: 'jump' | 'goto';
}

/** What a rule does. */
export type Target =
  | { readonly kind: 'none' }
  | { readonly kind: 'verdict'; readonly verdict: 'ACCEPT' | 'DROP' | 'RETURN' | 'QUEUE' }
  | ChainTarget
  | { readonly kind: 'reject'; readonly with: string | null }
  | NatTarget
  | PortTarget
  | MarkTarget
  | ConnmarkTarget
  | { readonly kind: 'extension'; readonly name: string; readonly options: readonly Option[] }
  | { readonly kind: 'unrecognised'; readonly words: readonly string[] };
