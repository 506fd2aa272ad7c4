import { healthAnswer } from './answer-health.ts';
import { insideAnswer } from './answer-inside.ts';
import { outsideAnswer } from './answer-outside.ts';
import type { Answer, TargetKind } from './report.ts';
import { outsideFlows } from './tally.ts';
import type { Told } from './told.ts';

/** Kinds of targets by which outside clients come, the first that was asked about counts. */
const FACING: readonly TargetKind[] = ['nodePort', 'loadBalancerIP', 'externalIP'];

/** The answer in a sentence or two: what an outside client meets, else what clients in the cluster meet. */
export function answerFor(told: Told): Answer {
  const { flows } = told;
  if (flows.length === 0) return { mood: 'unknown', text: 'Nothing was asked: no client and target of the question go together.' };
  if (flows.every((flow) => flow.verdict === 'undetermined')) {
    const why = flows[0]?.because[0]?.text ?? 'the evidence does not decide';
    return { mood: 'unknown', text: `Undetermined: ${why}.` };
  }
  if (flows.every((flow) => flow.to.kind === 'healthCheckNodePort')) return healthAnswer(told);
  const facing = FACING.find((kind) => outsideFlows(flows, kind).length > 0);
  return facing === undefined ? insideAnswer(told) : outsideAnswer(told, facing);
}
