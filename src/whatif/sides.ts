import { flowsFor } from '../analysis/asked-flows.ts';
import { nodeNamed } from '../analysis/clients.ts';
import type { ExplainTools } from '../analysis/explain.ts';
import { explain } from '../analysis/explain.ts';
import { providerOf } from '../analysis/providers.ts';
import type { Question } from '../analysis/question.ts';
import type { Flow, NodeGroup, ServiceReport } from '../analysis/report.ts';
import { scopeOf } from '../analysis/scope.ts';
import { serviceAsked } from '../analysis/service-asked.ts';
import type { Evidence } from '../cluster/evidence.ts';
import { clusterFrom } from '../cluster/from-kubernetes.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import { Failure } from '../net/failure.ts';

/** A report, with the flows of the nodes that both sides tell. */
export interface Side {
  readonly report: ServiceReport;
  readonly flows: readonly Flow[];
}

export interface Sides {
  readonly before: Side;
  readonly after: readonly [Side, ...Side[]];
  readonly groups: readonly NodeGroup[] | null;
}

/** The cluster as it is, explained. */
export interface Told {
  readonly evidence: Evidence;
  readonly report: ServiceReport;
}

/** Explains, beside the cluster as it is, every cluster that it may be then. */
export function bothSides(
  { evidence, report: before }: Told,
  possible: readonly [Evidence, ...Evidence[]],
  question: Question,
  tools: ExplainTools,
): Sides {
  const [first, ...others] = possible;
  const after = [explainAfter(first, question, tools), ...others.map((each) => explainAfter(each, question, tools))] as const;
  const reports = [before, ...after];
  if (reports.every(({ nodeGroups }) => nodeGroups === undefined)) {
    const [one, ...more] = after;
    return { before: sideOf(before), after: [sideOf(one), ...more.map(sideOf)], groups: null };
  }
  const groups = commonGroups(reports);
  const sided = (each: Evidence, report: ServiceReport): Side => ({ report, flows: flowsOfGroups(each, question, groups) });
  const [one, ...more] = after;
  return {
    before: sided(evidence, before),
    after: [sided(first, one), ...more.flatMap((report, index) => sided(others[index] ?? first, report))],
    groups,
  };
}

function sideOf(report: ServiceReport): Side {
  return { report, flows: report.flows };
}

function explainAfter(evidence: Evidence, question: Question, tools: ExplainTools): ServiceReport {
  try {
    return explain(evidence, question, tools);
  } catch (error) {
    throw error instanceof Failure ? new Failure(`after the change: ${error.message}`, error.hint) : error;
  }
}

/** Nodes that are alike in every report. A report without groups tells its nodes apart only where others do. */
export function commonGroups(reports: readonly Pick<ServiceReport, 'nodeGroups'>[]): NodeGroup[] {
  const keys = new Map<string, string[]>();
  const names = new Map<string, string[]>();
  for (const { nodeGroups = [] } of reports) {
    for (const [index, group] of nodeGroups.entries()) {
      for (const node of group.nodes) {
        keys.set(node, [...(keys.get(node) ?? []), String(index)]);
        names.set(node, [...new Set([...(names.get(node) ?? []), group.name])]);
      }
    }
  }
  const members = new Map<string, string[]>();
  for (const [node, key] of keys) members.set(key.join(), [...(members.get(key.join()) ?? []), node]);
  const representatives = members.size <= MOST_GROUPS_OF_TWO ? 2 : 1;
  return [...members.values()].map((nodes) => ({
    name: (names.get(nodes[0] ?? '') ?? []).join(' → '),
    nodes,
    representatives: nodes.slice(0, representatives),
  }));
}

/** Flows grow with the square of the representatives. */
const MOST_GROUPS_OF_TWO = 6;

function flowsOfGroups(evidence: Evidence, question: Question, groups: readonly NodeGroup[]): readonly Flow[] {
  const cluster = clusterFrom(evidence);
  const service = serviceAsked(cluster, evidence, question);
  const dataplane = detectDataplane(evidence, cluster);
  const provider = service.type === 'LoadBalancer' ? providerOf(service, cluster) : null;
  const scope = scopeOf({ cluster, dataplane, service, question, provider });
  const nodes = groups.flatMap(({ representatives }) => representatives).map((name) => nodeNamed(cluster, name));
  return flowsFor({ ...scope, nodes, groups }, null).flows;
}
