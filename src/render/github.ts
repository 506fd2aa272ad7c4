import type { CheckFinding, CheckReport, Location } from '../findings/check-report.ts';
import { safeText } from './safe.ts';

const COMMANDS = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** A note of a workflow run. */
interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  /** Null: at no file. */
  readonly location: Location | null;
  readonly title: string;
  readonly lines: readonly string[];
}

/** Workflow commands of GitHub Actions: an annotation per finding, at the manifest's line where one is known. */
export function renderGithub(report: CheckReport): string {
  const annotations = report.findings
    .filter(({ isNew }) => isNew !== false)
    .map(({ code, id, severity, message, why, remedy, location }: CheckFinding) => ({
      level: COMMANDS[severity],
      location,
      title: `${code} ${id}`,
      lines: [message, why, remedy],
    }));
  return githubText(annotations, report.answer.text);
}

/** Annotations, and a sentence for the log. */
export function githubText(annotations: readonly Annotation[], sentence: string): string {
  return `${[...annotations.map(command), logLine(sentence)].join('\n')}\n`;
}

function command({ level, location, title, lines }: Annotation): string {
  const properties = [
    ...(location === null ? [] : [`file=${property(location.file)}`, `line=${location.line}`]),
    `title=${property(title)}`,
  ];
  // %0A is the one line break that a workflow command knows.
  return `::${level} ${properties.join(',')}::${lines.map(data).join('%0A')}`;
}

/** actions/toolkit packages/core/src/command.ts escapeData, escapeProperty; line breaks are visible escapes already. */
function data(text: string): string {
  return safeText(text).replaceAll('%', '%25');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** actions/runner ActionCommand.cs: a command begins with `::`, after any blanks, or is `##[name]` anywhere in a line. */
function logLine(text: string): string {
  return safeText(text)
    .replace(/^(\s*):(?=:)/, '$1\\:')
    .replaceAll('##[', '## [');
}
