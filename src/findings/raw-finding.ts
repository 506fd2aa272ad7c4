import type { Service } from '../cluster/model.ts';
import type { FlowClaim } from './claims.ts';
import type { FindingId } from './codes.ts';
import type { Confidence, ObjectRef, Rule, Severity, Telling } from './types.ts';

/** A finding with what the engine knows about it; not yet a line of a report. */
export interface RawFinding extends Telling {
  readonly rule: Rule;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly service: Service | null;
  readonly objects: readonly ObjectRef[];
  readonly field: string | null;
  readonly key: string;
  /** What it says of packets. */
  readonly claims: () => readonly FlowClaim[];
  /** Findings of nodes' rules beside which it need not hold; its message names them. */
  readonly apartFrom: readonly FindingId[];
  /** Its consequences. */
  readonly folded: readonly RawFinding[];
}
