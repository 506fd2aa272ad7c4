import { createHash } from 'node:crypto';
import type { AssertReport, AssertResult } from '../assert/report.ts';
import { problemText } from './assert.ts';
import { githubText } from './github.ts';
import { type JunitSuite, junitText } from './junit.ts';
import { FORMATS, type RenderOptions } from './options.ts';
import { renderReport } from './report.ts';
import { fileLocation, sarifText } from './sarif.ts';
import { groupBy } from './text.ts';

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
  fails: { id: 'expected-flow', name: 'ExpectedFlow', text: 'A flow does not end as it is expected to.' },
  undetermined: { id: 'undetermined-flow', name: 'UndeterminedFlow', text: 'The evidence does not decide how a flow ends.' },
  unanswerable: {
    id: 'unanswerable-flow',
    name: 'UnanswerableFlow',
    text: 'A flow cannot be asked for: the Service, client or target is not there.',
  },
} as const;
const HELP = 'Change the cluster or the expected flow; kubectl srcip explain says why a flow ends as it does.';

/** SARIF 2.1.0 (OASIS): a result for every expected flow that does not hold, at its line. */
function renderAssertSarif(report: AssertReport, program: Program): string {
  const seen = new Map<string, number>();
  const results = report.results.flatMap((result) => {
    const { status, service, name } = result;
    const key = JSON.stringify([service.namespace, service.name, name]);
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    if (status === 'holds') return [];
    return {
      ruleId: RULES[status].id,
      level: isBad(result, program) ? ('error' as const) : ('note' as const),
      message: messageOf(result),
      location: fileLocation(result),
      // Lines move; what a flow is called stays.
      fingerprint: { 'srcipFlow/v1': createHash('sha256').update(`${key}${times}`).digest('hex').slice(0, 32) },
    };
  });
  const rules = Object.values(RULES).map((rule) => ({ ...rule, help: HELP, level: 'error' as const }));
  return sarifText({ version: program.version, rules, results });
}

// ---- JUnit -----------------------------------------------------------------------------------

/** JUnit XML: a suite per Service, a case per expected flow. */
function renderAssertJunit({ results }: AssertReport, program: Program): string {
  const byService = groupBy(results, ({ service }) => `${service.namespace}/${service.name}`);
  const suites = [...byService].map(([name, own]) => ({ name, cases: own.map((result) => caseOf(name, result, program)) }));
  return junitText('kubectl srcip assert', suites);
}

function caseOf(className: string, result: AssertResult, program: Program): JunitSuite['cases'][number] {
  const { name, file, line, status, problems } = result;
  const said = problems.flatMap((problem) => [problemText(problem), ...problem.why.map((why) => `  ${why}`)]);
  const lines = [...(said.length === 0 && status !== 'holds' ? [status] : said), `${file}:${line}`];
  const bad = status === 'unanswerable' ? 'error' : 'failure';
  return { name, className, lines, is: status === 'holds' ? 'passed' : isBad(result, program) ? bad : 'skipped', type: status };
}

// ---- GitHub ----------------------------------------------------------------------------------

/** Workflow commands: an annotation at the line of every expected flow that does not hold. */
function renderAssertGithub({ results, answer }: AssertReport, program: Program): string {
  const annotations = results
    .filter(({ status }) => status !== 'holds')
    .map((result) => ({
      level: isBad(result, program) ? ('error' as const) : ('notice' as const),
      location: result,
      title: `expected flow ${result.status}`,
      lines: [messageOf(result)],
    }));
  return githubText(annotations, answer.text);
}
