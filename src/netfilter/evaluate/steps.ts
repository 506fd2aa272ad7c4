import type { Hook } from '../hook.ts';
import type { Routed } from '../node/routing.ts';
import type { Rule } from '../ruleset.ts';
import type { Packet } from './packet.ts';

/** What a rule that was taken did. */
export type Effect =
  | 'jump'
  | 'goto'
  | 'return'
  | 'accept'
  | 'drop'
  | 'reject'
  | 'mark'
  | 'connmark'
  | 'dnat'
  | 'snat'
  | 'notrack'
  | 'nothing'
  | 'unknown';

/** One thing that happened to the packet, in order. */
export type Step =
  | {
      readonly kind: 'rule';
      readonly hook: Hook;
      readonly rule: Rule;
      /** `taken` for certain, `perhaps` where a match could not be decided, `by-chance` for a statistic match. */
      readonly how: 'taken' | 'perhaps' | 'by-chance';
      readonly effect: Effect;
      /** The packet after it. */
      readonly packet: Packet;
    }
  | { readonly kind: 'policy'; readonly hook: Hook; readonly table: string; readonly policy: string }
  | { readonly kind: 'routing'; readonly destination: string; readonly to: Routed }
  /** An entry of connection tracking undoes what was done to the request. */
  | { readonly kind: 'undo'; readonly hook: Hook; readonly packet: Packet };

/** Steps so far, last first; branches share their beginning. */
export interface StepList {
  readonly step: Step;
  readonly before: StepList | null;
}

export function stepsOf(list: StepList | null): readonly Step[] {
  const steps: Step[] = [];
  for (let at = list; at !== null; at = at.before) steps.push(at.step);
  return steps.reverse();
}
