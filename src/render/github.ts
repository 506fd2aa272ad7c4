import type { CheckFinding, CheckReport } from '../findings/check-report.ts';
import { safeText } from './safe.ts';

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** Workflow commands of GitHub Actions: an annotation per finding, at the manifest's line where one is known. */
export function renderGithub(report: CheckReport): string {
  const lines = report.findings.filter(({ isNew }) => isNew !== false).map(annotation);
  return `${[...lines, safeText(report.answer.text)].join('\n')}\n`;
}

function annotation({ code, id, severity, message, why, remedy, location }: CheckFinding): string {
  const properties = [
    ...(location === null ? [] : [`file=${property(location.file)}`, `line=${location.line}`]),
    `title=${property(`${code} ${id}`)}`,
  ];
  // %0A is the one line break that a workflow command knows.
  return `::${COMMANDS[severity]} ${properties.join(',')}::${[message, why, remedy].map(data).join('%0A')}`;
}

/** A line that begins with `::` would be a command of its own; so would one after a line break. */
function data(text: string): string {
  return safeText(text).replaceAll('%', '%25').replace(/^::/, ' ::');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
