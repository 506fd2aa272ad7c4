import type { FailOn } from './exit-code.ts';
import type { VerifyReport } from './verify-report.ts';

const RANKS = { error: 3, warning: 2, info: 1 } as const;

/** 1 when something at or above the level was found; a flow that ends otherwise than predicted is an error. */
export function verifyExitCode({ nodes, flows, gaps }: VerifyReport, failOn: FailOn): 0 | 1 {
  if (failOn === 'never') return 0;
  const differs = flows.some(({ agrees }) => agrees === false);
  const worst = Math.max(
    0,
    ...nodes.map(({ worst: found }) => (found === null ? 0 : RANKS[found])),
    differs ? RANKS.error : 0,
    gaps.length > 0 ? RANKS.info : 0,
  );
  return worst >= RANKS[failOn] ? 1 : 0;
}
