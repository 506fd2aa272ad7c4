import type { Hook } from '../hook.ts';
import type { NodeNet } from '../node/node-net.ts';

/** What surrounds a packet while one hook asks its rules. */
export interface Surroundings {
  readonly node: NodeNet;
  readonly hook: Hook;
  readonly newClient: boolean;
  /** The way out of the node, once it is routed. */
  readonly out: { readonly device: string; readonly nextHop: string | null } | null;
  readonly effort: Effort;
}

/** How much has been spent on one trace, and how much may be. */
export interface Effort {
  readonly maxStates: number;
  states: number;
  doubts: number;
  comparisons: number;
}
