import type { CheckFinding, CheckReport, ServiceName } from '../findings/check-report.ts';
import { safeText } from './safe.ts';
import { groupBy } from './text.ts';

/** Which findings fail their test case. */
export type FailsAt = 'error' | 'warning' | 'info' | 'never';

const RANKS = { error: 3, warning: 2, info: 1, never: 4 } as const;

interface JunitCase {
  readonly name: string;
  readonly className: string;
  /** The first is shown in lists. */
  readonly lines: readonly string[];
  readonly is: 'passed' | 'failure' | 'error' | 'skipped';
  /** What kind of failure. */
  readonly type: string;
}

/** Cases that belong together. */
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** JUnit XML: a suite per Service, a case per finding; a Service without any passes as one case. What could not be checked is skipped. */
export function renderJunit(report: CheckReport, failOn: FailsAt): string {
  const byService = groupBy(report.findings, ({ service }) => keyOf(service));
  const names = [...new Set([...report.services.map(keyOf), ...byService.keys()])];
  const suites: JunitSuite[] = names.map((name) => ({ name, cases: casesOf(name, byService.get(name) ?? [], failOn) }));
  const open = report.notChecked.map(({ code, id, why }) => skipped(`${code} ${id}`, 'not checked', why));
  const hidden = report.suppressed.map(({ code, id, service, suppression }) =>
    skipped(`${code} ${id}`, keyOf(service), `suppressed: ${suppression.reason ?? ''}`),
  );
  if (open.length > 0) suites.push({ name: 'not checked', cases: open });
  if (hidden.length > 0) suites.push({ name: 'suppressed', cases: hidden });
  return junitText('kubectl srcip check', suites);
}

function keyOf(service: ServiceName | null): string {
  return service === null ? 'cluster' : `${service.namespace}/${service.name}`;
}

function skipped(name: string, className: string, why: string): JunitCase {
  return { name, className, lines: [why], is: 'skipped', type: '' };
}

function casesOf(name: string, findings: readonly CheckFinding[], failOn: FailsAt): JunitCase[] {
  if (findings.length === 0) return [{ name: 'no findings', className: name, lines: [], is: 'passed', type: '' }];
  return findings.map(({ code, id, severity, isNew, message, why, remedy, location }) => ({
    name: `${code} ${id}`,
    className: name,
    lines: [`${severity}: ${message}`, why, remedy, ...(location === null ? [] : [`${location.file}:${location.line}`])],
    is: isNew !== false && RANKS[severity] >= RANKS[failOn] ? 'failure' : 'passed',
    type: 'finding',
  }));
}

/** The XML of a report. Only what Jenkins' schema (junit-10.xsd) knows: one unknown attribute, and a reader may refuse all of it. */
export function junitText(name: string, suites: readonly JunitSuite[]): string {
  const unique = uniquelyNamed(suites);
  const cases = unique.flatMap((suite) => suite.cases);
  const totals = `tests="${cases.length}" failures="${count(cases, 'failure')}" errors="${count(cases, 'error')}"`;
  const body = unique.map(suiteXml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${xml(name)}" ${totals}>\n${body}</testsuites>\n`;
}

/** Of cases with one class and name, readers keep one (GitLab: the first). */
function uniquelyNamed(suites: readonly JunitSuite[]): JunitSuite[] {
  const taken = new Map<string, number>();
  const nameFor = (className: string, name: string): string => {
    const key = xml(`${className}\n${name}`);
    const times = (taken.get(key) ?? 0) + 1;
    taken.set(key, times);
    return times === 1 ? name : nameFor(className, `${name} (${times})`);
  };
  return suites.map(({ name, cases }) => ({
    name,
    cases: cases.map((one) => ({ ...one, name: nameFor(one.className, one.name) })),
  }));
}

function count(cases: readonly JunitCase[], is: JunitCase['is']): number {
  return cases.filter((one) => one.is === is).length;
}

function suiteXml({ name, cases }: JunitSuite): string {
  const counts = `tests="${cases.length}" failures="${count(cases, 'failure')}" errors="${count(cases, 'error')}" skipped="${count(cases, 'skipped')}"`;
  return `  <testsuite name="${xml(name)}" ${counts}>\n${cases.map(caseXml).join('')}  </testsuite>\n`;
}

function caseXml({ name, className, lines, is, type }: JunitCase): string {
  const head = `    <testcase name="${xml(name)}" classname="${xml(className)}"`;
  const body = lines.map(xml).join('\n');
  if (is === 'passed') return body === '' ? `${head}/>\n` : `${head}>\n      <system-out>${body}</system-out>\n    </testcase>\n`;
  const message = `message="${xml(lines[0] ?? '')}"`;
  const inner = is === 'skipped' ? `<skipped ${message}/>` : `<${is} ${message} type="${xml(type)}">${body}</${is}>`;
  return `${head}>\n      ${inner}\n    </testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text that XML 1.0 can hold, in elements and in attributes, on one line. */
function xml(text: string): string {
  return safeText(text)
    .replace(/[\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
