import type { ReportIndex } from './report-index.ts';

/**
 * How particular words are. `exact` has names and addresses; `near` calls what belongs to the client the client's, so that
 * many clients can share it; `alike` does so for the node, too ("its own pods", "SNAT node's cni0"), so that nodes can share it;
 * `rough` also forgets which of the node's addresses it is.
 */
export type Words = 'exact' | 'near' | 'alike' | 'rough';

/** Where a flow is told from: the node through which it enters, and what the report knows. */
export interface Place {
  readonly entry: string;
  readonly index: ReportIndex;
}
