import type { Flow, ServiceReport } from '../analysis/report.ts';
import type { ReportIndex } from './report-index.ts';

const FEW_CLIENTS = 12;

/**
 * Whether the flows make a matrix: every node (or representative) as a place for pods and as a client itself, and the outside.
 * Few clients that somebody named are better told one by one.
 */
export function isMatrix(report: ServiceReport, index: ReportIndex): boolean {
  const flows = trafficFlows(report);
  const clients = new Set(flows.map(({ from }) => `${from.kind} ${from.namespace} ${from.name} ${from.node} ${from.address}`));
  return clients.size > FEW_CLIENTS || coversAllNodes(flows, report, index);
}

/** Flows of people's traffic: health checks are told in their own line. */
export function trafficFlows(report: ServiceReport): readonly Flow[] {
  return report.flows.filter((flow) => flow.to.kind !== 'healthCheckNodePort');
}

function coversAllNodes(flows: readonly Flow[], report: ServiceReport, index: ReportIndex): boolean {
  if (!flows.some((flow) => flow.from.kind === 'external')) return false;
  const asked = new Set(report.nodeGroups === undefined ? index.nodes : report.nodeGroups.flatMap((group) => group.representatives));
  return asked.size > 0 && isSuperset(clientNodes(flows, 'pod'), asked) && isSuperset(clientNodes(flows, 'node'), asked);
}

function clientNodes(flows: readonly Flow[], kind: 'pod' | 'node'): Set<string | null> {
  return new Set(flows.filter((flow) => flow.from.kind === kind).map((flow) => flow.from.node));
}

function isSuperset(all: ReadonlySet<string | null>, part: ReadonlySet<string>): boolean {
  return [...part].every((node) => all.has(node));
}
