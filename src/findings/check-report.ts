import type { Answer, DataplaneEntry, Finding, Gap, ServiceSummary } from '../analysis/report.ts';

/** The report of `check`, as `-o json` prints it: what is wrong, who is hurt, what to do. */
export interface CheckReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'CheckReport';
  readonly origin: string;
  /** The Service, where one was checked by itself; else null. */
  readonly service: ServiceSummary | null;
  /** Every Service that was checked. */
  readonly services: readonly ServiceName[];
  readonly answer: Answer;
  readonly dataplane: readonly DataplaneEntry[];
  /** The gravest first; without those that another one causes (they are folded under it) and those that were suppressed. */
  readonly findings: readonly CheckFinding[];
  readonly suppressed: readonly SuppressedFinding[];
  /** Suppressions that nothing came of: what they were for is gone, or they name it wrongly. */
  readonly unusedSuppressions: readonly SuppressionRef[];
  /** Findings that could not be looked for: not found does not mean not there. */
  readonly notChecked: readonly NotChecked[];
  readonly gaps: readonly Gap[];
}

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

export interface CheckFinding extends Finding {
  /** The Service it is about; null for nodes and the whole cluster. */
  readonly service: ServiceName | null;
  /** Its consequences, which need no action of their own. */
  readonly folded: readonly FoldedFinding[];
  /** Where the manifest says so, when manifests were given. */
  readonly location: Location | null;
  /** Whether the baseline lacks it; null without a baseline. */
  readonly isNew: boolean | null;
  /** The same for the same finding about the same thing, whatever its words, nodes and addresses. */
  readonly fingerprint: string;
}

export interface FoldedFinding {
  readonly code: string;
  readonly id: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
}

export interface Location {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface SuppressionRef {
  readonly code: string;
  /** `ns/name`; null: every Service. */
  readonly service: string | null;
  /** Null: none was given, so it does not hold. */
  readonly reason: string | null;
  /** `annotation` of the Service, or the file. */
  readonly from: string;
}

export interface SuppressedFinding extends CheckFinding {
  readonly suppression: SuppressionRef;
}

export interface NotChecked {
  readonly code: string;
  readonly id: string;
  readonly why: string;
  /** How many Services this is so for; null: all that were checked. */
  readonly services: number | null;
}
