import type { Gap } from '../cluster/evidence.ts';

/** Each gap once, in the order in which they came up. */
export function uniqueGaps(gaps: readonly Gap[]): Gap[] {
  return [...new Map(gaps.map((gap) => [`${gap.what}\0${gap.why}`, gap])).values()];
}
