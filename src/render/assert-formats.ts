import type { AssertReport, AssertResult } from '../assert/report.ts';
import { problemText } from './assert.ts';
import { FORMATS, type RenderOptions } from './options.ts';
import { renderReport } from './report.ts';
import { safeJson, safeText } from './safe.ts';

export const ASSERT_FORMATS = [...FORMATS, 'sarif', 'junit', 'github'] as const;
export type AssertFormat = (typeof ASSERT_FORMATS)[number];

/** What the program says about itself in machine formats. */
export interface Program {
  readonly version: string;
  readonly allowUndetermined: boolean;
}

/** The report in any of its formats, those of pipelines included. */
export async function renderAssert(report: AssertReport, format: AssertFormat, options: RenderOptions, program: Program): Promise<string> {
  switch (format) {
    case 'sarif':
      return renderAssertSarif(report, program);
    case 'junit':
      return renderAssertJunit(report, program);
    case 'github':
      return renderAssertGithub(report, program);
    default:
      return renderReport(report, format, options);
  }
}

function isBad({ status }: AssertResult, { allowUndetermined }: Program): boolean {
  return status !== 'holds' && !(status === 'undetermined' && allowUndetermined);
}

function messageOf({ name, service, problems }: AssertResult): string {
  const shown = problems.slice(0, 10).map(problemText);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more flows`] : [];
  return `${service.namespace}/${service.name}: ${name}: ${[...shown, ...more].join('; ')}`;
}

// ---- SARIF 2.1.0 -----------------------------------------------------------------------------

const RULES = {
  fails: { id: 'expected-flow', text: 'A flow does not end as it is expected to.' },
  undetermined: { id: 'undetermined-flow', text: 'The evidence does not decide how a flow ends.' },
  unanswerable: { id: 'unanswerable-flow', text: 'A flow cannot be asked for: the Service, client or target is not there.' },
} as const;

/** SARIF 2.1.0 (OASIS): a result for every expected flow that does not hold, at its line. */
function renderAssertSarif(report: AssertReport, program: Program): string {
  const statuses = ['fails', 'undetermined', 'unanswerable'] as const;
  const results = report.results.flatMap((result) => {
    const { status, file, line } = result;
    if (status === 'holds') return [];
    return [
      {
        ruleId: RULES[status].id,
        ruleIndex: statuses.indexOf(status),
        level: isBad(result, program) ? 'error' : 'note',
        message: { text: safeText(messageOf(result)) },
        locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line } } }],
      },
    ];
  });
  const rules = statuses.map((status) => ({ id: RULES[status].id, shortDescription: { text: RULES[status].text } }));
  const driver = { name: 'kubectl-srcip', semanticVersion: program.version, rules };
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
  return `${safeJson(JSON.stringify(log, null, 2))}\n`;
}

/** A relative reference (RFC 3986): SARIF takes no bare paths. */
function uriOf(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/');
}

// ---- JUnit -----------------------------------------------------------------------------------

/** JUnit XML: a suite per Service, a case per expected flow. */
function renderAssertJunit({ results }: AssertReport, program: Program): string {
  const services = new Map<string, AssertResult[]>();
  for (const result of results) {
    const name = `${result.service.namespace}/${result.service.name}`;
    services.set(name, [...(services.get(name) ?? []), result]);
  }
  const suites = [...services].map(([name, own]) => suite(name, own, program));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals(results, program)}>\n${suites.join('')}</testsuites>\n`;
}

function totals(results: readonly AssertResult[], program: Program): string {
  const bad = results.filter((result) => isBad(result, program));
  const errors = bad.filter(({ status }) => status === 'unanswerable').length;
  const skipped = results.filter((result) => result.status === 'undetermined' && !isBad(result, program)).length;
  return `tests="${results.length}" failures="${bad.length - errors}" errors="${errors}" skipped="${skipped}"`;
}

function suite(name: string, results: readonly AssertResult[], program: Program): string {
  const cases = results.map((result) => testCase(name, result, program)).join('');
  return `  <testsuite name="${xml(name)}" ${totals(results, program)}>\n${cases}  </testsuite>\n`;
}

function testCase(suiteName: string, result: AssertResult, program: Program): string {
  const { name, file, line, status, problems } = result;
  const head = `    <testcase name="${xml(name)}" classname="${xml(suiteName)}" file="${xml(file)}" line="${line}"`;
  if (status === 'holds') return `${head}/>\n`;
  const text = xml(problems.flatMap((problem) => [problemText(problem), ...problem.why.map((why) => `  ${why}`)]).join('\n'), '\n');
  const first = problems[0] === undefined ? status : problemText(problems[0]);
  if (!isBad(result, program)) return `${head}>\n      <skipped message="${xml(first)}"/>\n    </testcase>\n`;
  const tag = status === 'unanswerable' ? 'error' : 'failure';
  return `${head}>\n      <${tag} message="${xml(first)}" type="${status}">${text}</${tag}>\n    </testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Text that XML 1.0 can hold; line feeds only where they are the layout. */
function xml(text: string, keep = ''): string {
  const safe = keep === '' ? safeText(text) : text.split(keep).map(safeText).join(keep);
  return safe.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

// ---- GitHub ----------------------------------------------------------------------------------

/** Workflow commands: an annotation at the line of every expected flow that does not hold. */
function renderAssertGithub({ results, answer }: AssertReport, program: Program): string {
  const lines = results
    .filter(({ status }) => status !== 'holds')
    .map((result) => {
      const level = isBad(result, program) ? 'error' : 'notice';
      return `::${level} file=${property(result.file)},line=${result.line},title=${property(`expected flow ${result.status}`)}::${data(messageOf(result))}`;
    });
  return [...lines, safeText(answer.text), ''].join('\n');
}

/** actions/toolkit packages/core/src/command.ts escapeData, escapeProperty. */
function data(text: string): string {
  return safeText(text).replaceAll('%', '%25');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
