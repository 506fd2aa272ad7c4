import type { Provider } from '../../analysis/providers.ts';
import { summaryOf } from '../../analysis/summary.ts';
import type { Evidence } from '../../cluster/evidence.ts';
import type { Service } from '../../cluster/model.ts';
import type { TemplateSpecObject } from '../../cluster/objects.ts';
import { Failure } from '../../net/failure.ts';
import { serviceObject } from '../service.ts';
import { answerOf } from './answer.ts';
import { bestChoices, type Ground, worstChoices } from './choices.ts';
import { dropTime, type Foretold } from './drops.ts';
import { findWorkload, type WorkloadName } from './find-workload.ts';
import { faresAt, standing } from './fronts.ts';
import { gapsOf } from './gaps.ts';
import { startOf } from './ground.ts';
import { type Before, createAddresses, evidenceAt } from './moment-evidence.ts';
import { nodesOf, type Walked } from './nodes-of.ts';
import type { RolloutCase, RolloutReport, StopTime, UpdateRules } from './report.ts';
import { updateRules } from './rules.ts';
import { stepsOf } from './steps.ts';
import { type Moment, type RollingPod, walk } from './walk.ts';

/** What is known elsewhere of load balancers' checks and of the ends of pods. */
export interface RolloutTools {
  /** How long a load balancer goes on sending to a node whose check fails. */
  readonly failTime: (service: Service, provider: Provider | null) => { readonly seconds: number; readonly evidence: string } | null;
  /** How long a pod serves after it was told to stop. */
  readonly lingeringOf: (spec: TemplateSpecObject | undefined) => { readonly seconds: number; readonly isEstimate: boolean };
}

export interface RolloutQuestion {
  readonly namespace: string;
  readonly name: string;
  readonly port: string | null;
  readonly workload: WorkloadName;
}

/** Moments that are told one by one, and nodes that are. */
const MOST_MOMENTS = 13;
const MOST_NODES = 24;

/**
 * A Service's traffic during an update of the workload behind it. Each moment of the update is a cluster, predicted as any other; what scheduler
 * and controller are free to choose is walked at its worst and at its best.
 */
export function rollout(evidence: Evidence, question: RolloutQuestion, tools: RolloutTools): RolloutReport {
  const workload = findWorkload(evidence, question.namespace, question.workload);
  const start = startOf(evidence, workload, question);
  const { service, provider } = standing(evidence, question);
  const rules: UpdateRules = {
    ...updateRules(workload, start.pods.length, stopTime(workload.spec?.template?.spec, tools)),
    loadBalancer: balancerOf(service, provider, tools),
  };
  if (rules.strategy === 'OnDelete')
    throw new Failure(
      `${question.workload.kind} ${question.workload.name} does not update by itself (updateStrategy OnDelete)`,
      'ask for one pod at a time with --delete-pod',
    );
  const ground: Ground = { ...start.ground, ownsPorts: rules.ownsPorts };
  const subject = { kind: question.workload.kind, rules };
  const isOpen = !ground.isDaemonSet && ground.open.length > 1;
  const walks = (isOpen ? (['worst', 'best'] as const) : (['only'] as const)).map((name) => ({
    name,
    moments: walk(subject, start.pods, name === 'best' ? bestChoices(ground) : worstChoices(ground)),
  }));
  const nodes = toldNodes(
    walks.flatMap(({ moments }) => moments.slice(0, MOST_MOMENTS)),
    start.pods,
  );
  const before: Before = {
    evidence,
    ...{ namespace: question.namespace, service: question.name },
    old: new Set(start.pods.map(({ id }) => id)),
    nodes: start.nodes,
    hostNetwork: workload.spec?.template?.spec?.hostNetwork === true,
    published: serviceObject(evidence, question.namespace, question.name).spec?.publishNotReadyAddresses === true,
  };
  const asked = { namespace: question.namespace, name: question.name, port: question.port, nodes };
  const foretell = foretelling(before, asked);
  const walked: Walked[] = walks.map(({ name, moments }) => ({ name, moments, told: moments.slice(0, MOST_MOMENTS).map(foretell) }));
  const cases = walked.map(
    (each): RolloutCase => ({
      case: each.name,
      supposed: SUPPOSED[each.name],
      steps: stepsOf(each.told, { rules, nodes }),
      left: each.moments.length - each.told.length,
    }),
  );
  const found = nodesOf(walked, { ground, rules, kind: subject.kind, dropTime: (node, told) => dropTime(node, told, rules) });
  const base = {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'RolloutReport',
    origin: evidence.origin,
    service: summaryOf(service),
    workload: { kind: workload.kind, namespace: question.namespace, name: workload.metadata.name },
    dataplane: walked[0]?.told[0]?.fares.dataplane ?? [],
    update: rules,
    ...found,
    cases,
    gaps: gapsOf({ evidence, walked, rules, provider, isOpen, pods: start.pods, nodes }),
  } as const;
  return { ...base, answer: answerOf(base, walked) };
}

const SUPPOSED: Readonly<Record<RolloutCase['case'], string>> = {
  only: 'nothing is left open: where each pod runs is known',
  worst: 'new pods start where they help least, and the last pod of a node goes first',
  best: 'new pods start beside the pods that they replace, and pods that are not alone go first',
};

/** The same moment of two walks is predicted once. */
function foretelling(before: Before, asked: Parameters<typeof faresAt>[1]): (moment: Moment) => Foretold {
  const addresses = createAddresses(before);
  const known = new Map<string, Foretold['fares']>();
  return (moment) => {
    const key = moment.pods.map(({ id, node, phase }) => `${id}@${node}:${phase}`).join();
    const fares = known.get(key) ?? faresAt(evidenceAt(before, moment.pods, addresses), asked);
    known.set(key, fares);
    return { moment, fares };
  };
}

/** Nodes whose pods change in these moments come first. */
function toldNodes(moments: readonly Moment[], pods: readonly RollingPod[]): readonly string[] {
  const concerned = moments.flatMap((moment) =>
    moment.pods.flatMap(({ node, phase, isNew }) => (node !== null && (isNew || phase === 'terminating') ? [node] : [])),
  );
  const all = [...concerned, ...pods.flatMap(({ node }) => node ?? [])];
  return [...new Set(all)].slice(0, MOST_NODES);
}

function stopTime(spec: TemplateSpecObject | undefined, { lingeringOf }: RolloutTools): StopTime {
  const { seconds, isEstimate } = lingeringOf(spec);
  const grace = spec?.terminationGracePeriodSeconds ?? 30;
  if (isEstimate)
    return { least: 0, most: grace, evidence: `how long its preStop command lasts is not known: at most the grace period of ${grace} s` };
  if (seconds === 0) return { least: 0, most: 0, evidence: 'its pods have no preStop hook, and stop serving at once' };
  return {
    least: seconds,
    most: seconds,
    evidence: seconds === grace ? `the grace period of ${grace} s ends its preStop hook` : `preStop sleeps ${seconds} s`,
  };
}

function balancerOf(service: Service, provider: Provider | null, { failTime }: RolloutTools): UpdateRules['loadBalancer'] {
  if (service.type !== 'LoadBalancer') return null;
  const found = failTime(service, provider);
  if (found !== null) return { provider: provider?.name ?? null, failSeconds: found.seconds, evidence: found.evidence };
  const evidence =
    provider === null
      ? 'whose load balancer it is, is not known'
      : provider.choice === 'announcer'
        ? `${provider.name} moves its announcement to another node, and how long that takes is not known`
        : `the check times of ${provider.name} are not known`;
  return { provider: provider?.name ?? null, failSeconds: null, evidence };
}
