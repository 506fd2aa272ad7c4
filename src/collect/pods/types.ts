import type { Gap, NodeFile } from '../../cluster/evidence.ts';
import type { Wanted } from '../ssh/types.ts';

/** How nodes are read through pods. */
export interface PodReadOptions {
  /** Default: rules of both families, addresses, routes. */
  readonly wanted?: readonly Wanted[] | undefined;
  /** How many nodes at once. Default: 8. */
  readonly concurrency?: number | undefined;
  /** Default: 30,000 ms, for everything that runs on a node. */
  readonly timeoutMs?: number | undefined;
  /** Most bytes of one file; a longer one is a gap. Default: 256 MiB. */
  readonly fileLimit?: number | undefined;
  /** Takes each node's files as they arrive, instead of keeping them for the result: for more text than fits in memory. */
  readonly take?: ((file: NodeFile) => void) | undefined;
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** How far the collection is, after each node. */
export interface PodReadProgress {
  readonly done: number;
  readonly total: number;
  /** Nodes of which nothing could be read. */
  readonly failed: number;
  readonly node: string;
}

export interface PodReadResult {
  readonly files: readonly NodeFile[];
  readonly gaps: readonly Gap[];
}

/** Where a program runs. */
export interface ContainerPlace {
  readonly namespace: string;
  readonly pod: string;
  /** Undefined: the pod's only one. */
  readonly container?: string | undefined;
}

/** Default of `timeoutMs`. */
export const TIMEOUT_MS = 30_000;
/** Default of `fileLimit`. */
export const FILE_LIMIT = 256 * 2 ** 20;
