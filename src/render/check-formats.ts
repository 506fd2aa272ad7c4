import type { CheckReport } from '../findings/check-report.ts';
import type { FailsAt } from './junit.ts';
import { FORMATS, type Format, type RenderOptions } from './options.ts';
import { safeText } from './safe.ts';
import type { ToolDescription } from './sarif.ts';

export const CHECK_FORMATS = [...FORMATS, 'sarif', 'junit', 'github'] as const;

export type CheckFormat = (typeof CHECK_FORMATS)[number];

export interface CheckRendering extends RenderOptions {
  readonly format: CheckFormat;
  readonly failOn: FailsAt;
  tool(): Promise<ToolDescription>;
}

/** What `check` found, in any of its formats. */
export async function renderCheck(report: CheckReport, rendering: CheckRendering): Promise<string> {
  const { format } = rendering;
  switch (format) {
    case 'sarif':
      return (await import('./sarif.ts')).renderSarif(report, await rendering.tool());
    case 'junit':
      return (await import('./junit.ts')).renderJunit(report, rendering.failOn);
    case 'github':
      return (await import('./github.ts')).renderGithub(report);
    case 'name':
      return namesOf(report);
    default:
      return (await import('./report.ts')).renderReport(report, format satisfies Format, rendering);
  }
}

/** The Services with findings, as kubectl names them. */
function namesOf({ findings }: CheckReport): string {
  const names = findings.flatMap(({ service }) => (service === null ? [] : [`service/${safeText(service.name)}\n`]));
  return [...new Set(names)].sort().join('');
}
