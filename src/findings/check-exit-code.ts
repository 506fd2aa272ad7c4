import type { FailOn } from '../analysis/exit-code.ts';
import type { CheckReport } from './check-report.ts';

const RANKS = { error: 3, warning: 2, info: 1 } as const;

/** 1 when something at or above the level was found and is neither suppressed nor in the baseline. */
export function checkExitCode({ findings }: CheckReport, failOn: FailOn): 0 | 1 {
  if (failOn === 'never') return 0;
  return findings.some(({ severity, isNew }) => isNew !== false && RANKS[severity] >= RANKS[failOn]) ? 1 : 0;
}
