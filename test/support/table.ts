import { expect, test } from 'vitest';
import type { Scene } from './flow.ts';
import { flow } from './flow.ts';

/** One packet: from, to, what becomes of it, and why. */
export type Row = readonly [from: string, to: string, outcome: string, because: string];

/** One test per row of a flow table. */
export function flows(of: Scene, rows: readonly Row[]): void {
  test.each(rows)('%s → %s: %s (%s)', (from, to, outcome) => expect(flow(of, from, to)).toBe(outcome));
}
