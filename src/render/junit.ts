import type { CheckFinding, CheckReport } from '../findings/check-report.ts';
import { groupBy } from './text.ts';

/** Which findings fail their test case. */
export type FailsAt = 'error' | 'warning' | 'info' | 'never';

const RANKS = { error: 3, warning: 2, info: 1, never: 4 } as const;

interface Case {
  readonly name: string;
  readonly className: string;
  readonly body: string;
  readonly is: 'passed' | 'failure' | 'skipped';
}

/** JUnit XML: a suite per Service, a case per finding; a Service without any passes as one case. What could not be checked is skipped. */
export function renderJunit(report: CheckReport, failOn: FailsAt): string {
  const byService = groupBy(report.findings, ({ service }) => (service === null ? 'cluster' : `${service.namespace}/${service.name}`));
  const names = [...new Set([...report.services.map(({ namespace, name }) => `${namespace}/${name}`), ...byService.keys()])];
  const suites = names.map((name) => suite(name, casesOf(name, byService.get(name) ?? [], failOn)));
  const open = report.notChecked.map(({ code, id, why }) => ({
    name: `${code} ${id}`,
    className: 'not checked',
    body: why,
    is: 'skipped' as const,
  }));
  const hidden = report.suppressed.map(({ code, id, service, suppression }) => ({
    name: `${code} ${id}`,
    className: service === null ? 'cluster' : `${service.namespace}/${service.name}`,
    body: `suppressed: ${suppression.reason ?? ''}`,
    is: 'skipped' as const,
  }));
  if (open.length > 0) suites.push(suite('not checked', open));
  if (hidden.length > 0) suites.push(suite('suppressed', hidden));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kubectl srcip check">\n${suites.join('')}</testsuites>\n`;
}

function casesOf(name: string, findings: readonly CheckFinding[], failOn: FailsAt): Case[] {
  if (findings.length === 0) return [{ name: 'no findings', className: name, body: '', is: 'passed' }];
  return findings.map(({ code, id, severity, isNew, message, why, remedy, location }) => ({
    name: `${code} ${id}`,
    className: name,
    body: [`${severity}: ${message}`, why, remedy, location === null ? '' : `${location.file}:${location.line}`]
      .filter((line) => line !== '')
      .join('\n'),
    is: isNew !== false && RANKS[severity] >= RANKS[failOn] ? 'failure' : 'passed',
  }));
}

function suite(name: string, cases: readonly Case[]): string {
  const count = (is: Case['is']): number => cases.filter((one) => one.is === is).length;
  const head = `  <testsuite name="${xml(name)}" tests="${cases.length}" failures="${count('failure')}" errors="0" skipped="${count('skipped')}">\n`;
  return `${head}${cases.map(caseXml).join('')}  </testsuite>\n`;
}

function caseXml({ name, className, body, is }: Case): string {
  const head = `    <testcase name="${xml(name)}" classname="${xml(className)}"`;
  if (is === 'passed') return body === '' ? `${head}/>\n` : `${head}>\n      <system-out>${xml(body)}</system-out>\n    </testcase>\n`;
  const first = body.split('\n')[0] ?? '';
  const inner =
    is === 'skipped' ? `<skipped message="${xml(first)}"/>` : `<failure message="${xml(first)}" type="finding">${xml(body)}</failure>`;
  return `${head}>\n      ${inner}\n    </testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text for XML 1.0: its markup escaped; characters that it does not know, and those that act on terminals, made visible. */
function xml(text: string): string {
  return text
    .replace(
      /[^\n\t\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
      (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
