import type { Answer, DataplaneEntry, Finding, Gap } from '../../analysis/report.ts';
import type { WhatifChange, WhatifFlow } from '../report.ts';

/** The report of `whatif` about many Services, as `-o json` prints it: which of them fare otherwise after a change that has not been made yet. */
export interface WhatifAllReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'WhatifAllReport';
  readonly origin: string;
  /** Null: those of every namespace. */
  readonly namespace: string | null;
  readonly service: null;
  readonly changes: readonly WhatifChange[];
  /** `good`: nothing gets worse; `mixed`: something does; `bad`: a Service that was answered no longer is at all. */
  readonly answer: Answer;
  readonly before: { readonly dataplane: readonly DataplaneEntry[] };
  readonly after: { readonly dataplane: readonly DataplaneEntry[] };
  /** Services by what becomes of them. */
  readonly counts: Readonly<Record<ServiceChange, number>>;
  /** Services that change alike, the worst first; those that are unchanged or not served are only counted. */
  readonly groups: readonly ServiceGroup[];
  readonly findings: {
    readonly introduced: readonly AboutFinding[];
    readonly fixed: readonly AboutFinding[];
    readonly unchanged: number;
  };
  /** What could not be read or decided, and what the change leaves open. */
  readonly gaps: readonly Gap[];
}

/**
 * `introduced`: some flow gets worse; `fixed`: some gets better and none worse; `unknown`: some is undetermined on one side; `changed`: the same
 * clients are answered, otherwise; `new`, `gone`: the Service is there on one side only; `not-served`: kube-proxy does not serve it.
 */
export type ServiceChange = 'introduced' | 'unknown' | 'fixed' | 'changed' | 'new' | 'gone' | 'unchanged' | 'not-served';

export interface ServiceGroup {
  readonly change: ServiceChange;
  /** What changes, each in a line: `outside clients → node ports: answered → dropped`. */
  readonly what: readonly string[];
  readonly services: readonly AboutService[];
  /** Some flows of one of them. */
  readonly example: { readonly service: AboutService; readonly flows: readonly WhatifFlow[] } | null;
  /** Nothing of these Services that was answered is answered afterwards. */
  readonly isLost: boolean;
}

export interface AboutService {
  readonly namespace: string;
  readonly name: string;
}

export interface AboutFinding extends Finding {
  /** The Service it is about; null for nodes and the whole cluster. */
  readonly service: AboutService | null;
  /** The same for the same finding about the same thing. */
  readonly fingerprint: string;
}
