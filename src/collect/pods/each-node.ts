import { setMaxListeners } from 'node:events';
import { Failure } from '../../net/failure.ts';
import { createLimit } from '../live/limit.ts';
import { clean } from '../live/text.ts';
import type { PodReadOptions, PodReadProgress, PodReadResult } from './types.ts';

const CONCURRENCY = 8;

interface Reading<N> {
  /** Reads one node; never rejects for a fault of the world. */
  readonly read: (node: N, signal: AbortSignal) => Promise<PodReadResult>;
  readonly progress: (progress: PodReadProgress) => void;
}

/** Reads nodes, some at once. An interruption becomes a Failure when everything under way has ended. */
export async function eachNode<N extends { readonly name: string }>(
  nodes: readonly N[],
  options: PodReadOptions,
  { read, progress }: Reading<N>,
): Promise<PodReadResult> {
  const signal = options.signal ?? new AbortController().signal;
  // Every node listens to it.
  setMaxListeners(0, signal);
  const inTurn = createLimit(options.concurrency ?? CONCURRENCY);
  let [done, failed] = [0, 0];
  const settled = await Promise.allSettled(
    nodes.map((node) =>
      inTurn(async () => {
        if (signal.aborted) return { files: [], gaps: [] };
        const result = await read(node, signal);
        done++;
        if (result.files.length === 0) failed++;
        progress({ done, total: nodes.length, failed, node: clean(node.name) });
        if (options.take === undefined) return result;
        for (const file of result.files) options.take(file);
        return { files: [], gaps: result.gaps };
      }),
    ),
  );
  const results = settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  if (signal.aborted) throw new Failure('interrupted while reading nodes through pods');
  return { files: results.flatMap(({ files }) => files), gaps: results.flatMap(({ gaps }) => gaps) };
}
