import type { ExpectedRule } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import type { Balance } from './balance.ts';
import type { DifferenceCode, Severity } from './types.ts';

/** A difference as it was found, before it is put into words. */
export type Finding =
  | { readonly kind: 'missing'; readonly expected: ExpectedRule }
  | { readonly kind: 'changed'; readonly how: 'content' | 'share'; readonly expected: ExpectedRule; readonly observed: Rule }
  /** Stands behind a rule that should follow it, or in front of one that should precede it. */
  | {
      readonly kind: 'changed';
      readonly how: 'late' | 'early';
      readonly expected: ExpectedRule;
      readonly observed: Rule;
      /** The rule that it should have let pass, or that should have let it pass. */
      readonly other: ExpectedRule;
    }
  | { readonly kind: 'unexpected'; readonly observed: Rule; readonly code: DifferenceCode; readonly reachable: boolean };

/** Where findings were made. */
export interface Found {
  readonly table: string;
  readonly chain: string;
  readonly chainIs: 'present' | 'empty' | 'gone';
  readonly findings: readonly Finding[];
  /** Of a chain that picks endpoints. */
  readonly balance: Balance | null;
}

/** What a difference does to traffic. */
export interface Effect {
  readonly effect: string;
  readonly severity: Severity;
}

export function error(effect: string): Effect {
  return { effect, severity: 'error' };
}

export function warning(effect: string): Effect {
  return { effect, severity: 'warning' };
}

export function info(effect: string): Effect {
  return { effect, severity: 'info' };
}
