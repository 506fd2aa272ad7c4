import type { Flow, ServiceReport } from '../analysis/report.ts';
import type { LabelledLine } from './health.ts';
import type { ReportIndex } from './report-index.ts';
import { isMatrix, trafficFlows } from './shape.ts';
import { isItself } from './source.ts';
import { foldList, unique } from './text.ts';

const ADDRESSES = 3;

/**
 * Flows for the matrix. Endpoint pods as clients fare like any pod beside them, but for the source address when they reach
 * themselves: that is a line, not a column, unless one of them fares differently.
 */
export function matrixFlows(report: ServiceReport, index: ReportIndex): readonly Flow[] {
  const flows = trafficFlows(report);
  return endpointsFareAlike(flows, index) ? flows.filter((flow) => !index.isEndpoint(flow.from)) : flows;
}

/** What a pod sees when it reaches itself, where the matrix leaves it out. */
export function itselfLine(report: ServiceReport, index: ReportIndex): LabelledLine[] {
  const flows = trafficFlows(report);
  if (!isMatrix(report, index) || !endpointsFareAlike(flows, index)) return [];
  const hidden = flows.flatMap((flow) =>
    flow.branches.filter((branch) => isItself(flow.from, branch) && branch.source?.kind === 'masqueraded'),
  );
  const addresses = unique(hidden.map((branch) => branch.source?.address ?? 'an address that is not known'));
  if (addresses.length === 0) return [];
  return [
    {
      label: 'to itself',
      text: `a pod that reaches itself through the Service sees ${foldList(addresses, ADDRESSES)}, not its own address`,
    },
  ];
}

function endpointsFareAlike(flows: readonly Flow[], index: ReportIndex): boolean {
  const ordinary = new Map<string, Flow['verdict']>();
  for (const flow of flows) if (flow.from.kind === 'pod' && !index.isEndpoint(flow.from)) ordinary.set(wayOf(flow), flow.verdict);
  return flows.every((flow) => !index.isEndpoint(flow.from) || ordinary.get(wayOf(flow)) === flow.verdict);
}

function wayOf({ from, via, to }: Flow): string {
  return [from.node, from.hostNetwork ?? false, via, to.kind, to.address, to.port, to.protocol].join(' ');
}
