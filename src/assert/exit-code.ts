import type { AssertReport } from './report.ts';

/** 0: all hold; 1: some do not, or nobody can tell; 2: some cannot be answered at all. */
export function assertExitCode({ counts }: AssertReport, allowUndetermined: boolean): 0 | 1 | 2 {
  if (counts.unanswerable > 0) return 2;
  return counts.fails > 0 || (counts.undetermined > 0 && !allowUndetermined) ? 1 : 0;
}
