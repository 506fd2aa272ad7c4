import type { Evidence } from '../../cluster/evidence.ts';
import { Failure } from '../../net/failure.ts';
import { applyChanges } from '../apply.ts';
import type { Change } from '../change.ts';
import type { RolloutReport } from './report.ts';
import { type RolloutQuestion, type RolloutTools, rollout } from './rollout.ts';

interface After {
  readonly changes: readonly Change[];
  readonly tools: RolloutTools;
}

/** An update after other changes: in the cluster that these leave, where they leave one. */
export function rolloutAfter(evidence: Evidence, question: RolloutQuestion, { changes, tools }: After): RolloutReport {
  const stage = applyChanges(evidence, question, changes);
  if (stage.possible.length > 1) throw new Failure('--rollout cannot follow a change that leaves open where pods run', 'leave --scale out');
  const [cluster] = stage.possible;
  return rollout({ ...cluster, gaps: [...stage.gaps, ...cluster.gaps] }, question, tools);
}
