import type { ClientSpec, TargetSpec } from '../analysis/question.ts';
import type { Outcome, Verdict } from '../analysis/report.ts';

/** Expected flows of one Service, as one document of a file has them. */
export interface FlowAssertions {
  readonly file: string;
  readonly line: number;
  /** Null: the namespace of the question. */
  readonly namespace: string | null;
  readonly name: string;
  readonly flows: readonly Assertion[];
}

/** What is expected of every flow from each of these clients to each of these targets. */
export interface Assertion {
  readonly line: number;
  readonly name: string;
  /** In whatever namespace the Service turns out to be. */
  from(namespace: string): readonly ClientSpec[];
  readonly to: readonly TargetSpec[];
  readonly via: readonly string[];
  readonly port: string | null;
  readonly expect: Expectation;
}

export interface Expectation {
  /** Any of these; empty: whatever. */
  readonly verdict: readonly Expectable[];
  readonly source: 'preserved' | 'masqueraded' | null;
  readonly sourceAddress: string | null;
  readonly minShare: readonly Share[];
  readonly maxShare: readonly Share[];
}

export type Expectable = Exclude<Verdict, 'undetermined'>;

export const EXPECTABLE = ['delivered', 'partial', 'no-reply', 'rejected', 'dropped', 'unhandled'] as const satisfies readonly (
  | Outcome
  | 'partial'
)[];

/** A share of a flow: what one node's, pod's or address's endpoints get. */
export interface Share {
  readonly of: SharePlace;
  readonly share: number;
  /** As written. */
  readonly text: string;
}

export type SharePlace =
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'pod'; readonly namespace: string | null; readonly name: string }
  | { readonly kind: 'address'; readonly address: string; readonly port: number | null };
