import type { ServiceReport } from '../analysis/report.ts';

/** The report with the fate that packets really meet: where the nodes' own rules decide otherwise than predicted, theirs is shown. */
export function asTraced(report: ServiceReport): ServiceReport {
  if (report.flows.every(({ traced }) => traced?.agrees !== false)) return report;
  const flows = report.flows.map((flow) => {
    const { traced } = flow;
    return traced?.agrees === false ? { ...flow, verdict: traced.verdict, branches: traced.branches, because: traced.because } : flow;
  });
  return { ...report, flows };
}
