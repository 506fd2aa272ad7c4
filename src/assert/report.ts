import type { Answer, Client, Gap, Target, Verdict } from '../analysis/report.ts';

/** The report of `assert`, as `-o json` prints it. */
export interface AssertReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'AssertReport';
  readonly origin: string;
  /** Null where the files are about several. */
  readonly service: { readonly namespace: string; readonly name: string } | null;
  readonly answer: Answer;
  readonly counts: Readonly<Record<AssertStatus, number>>;
  /** One per expected flow of the files, in their order. */
  readonly results: readonly AssertResult[];
  readonly gaps: readonly Gap[];
}

/** `undetermined`: the evidence does not decide; `unanswerable`: there is no such Service, client or target. */
export type AssertStatus = 'holds' | 'fails' | 'undetermined' | 'unanswerable';

export interface AssertResult {
  readonly service: { readonly namespace: string; readonly name: string };
  /** As the file has it, or what it asks. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly status: AssertStatus;
  /** How many flows the entry stands for. */
  readonly flows: number;
  readonly problems: readonly AssertProblem[];
}

export interface AssertProblem {
  /** Null where nothing could be asked. */
  readonly from: Client | null;
  readonly via: string | null;
  readonly to: Target | null;
  readonly verdict: Verdict | null;
  /** Expected and found, in words. */
  readonly text: string;
  /** Why the flow ends as it does. */
  readonly why: readonly string[];
}
