import { explain } from '../analysis/explain.ts';
import type { Question } from '../analysis/question.ts';
import type { Answer, Flow, Gap, ServiceReport } from '../analysis/report.ts';
import type { Evidence } from '../cluster/evidence.ts';
import { Failure } from '../net/failure.ts';
import type { Assertion, FlowAssertions } from './assertions.ts';
import { hold } from './hold.ts';
import type { AssertProblem, AssertReport, AssertResult, AssertStatus } from './report.ts';

/** Holds every expected flow of these files against the cluster; `namespace` is that of Services without one. */
export function assertFlows(evidence: Evidence, files: readonly FlowAssertions[], namespace: string): AssertReport {
  const gaps = new Map<string, Gap>();
  const results = files.flatMap((file) =>
    file.flows.map((flow) => {
      const { result, found } = resultOf(evidence, file, flow, namespace);
      for (const gap of result.status === 'undetermined' ? found : []) gaps.set(`${gap.what}\0${gap.why}`, gap);
      return result;
    }),
  );
  const counts: Record<AssertStatus, number> = { holds: 0, fails: 0, undetermined: 0, unanswerable: 0 };
  for (const { status } of results) counts[status]++;
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'AssertReport',
    origin: evidence.origin,
    service: onlyService(results),
    answer: answerOf(results, counts),
    counts,
    results,
    gaps: [...gaps.values()],
  };
}

function onlyService(results: readonly AssertResult[]): AssertReport['service'] {
  const [first, ...others] = results.map(({ service }) => service);
  return first !== undefined && others.every(({ namespace, name }) => namespace === first.namespace && name === first.name) ? first : null;
}

/** The question that an expected flow asks. */
export function questionOf({ namespace, name }: FlowAssertions, { from, to, via, port }: Assertion, otherwise: string): Question {
  const own = namespace ?? otherwise;
  return { namespace: own, name, from: from(own), to, via, port };
}

interface Judged {
  readonly result: AssertResult;
  readonly found: readonly Gap[];
}

function resultOf(evidence: Evidence, file: FlowAssertions, assertion: Assertion, namespace: string): Judged {
  const question = questionOf(file, assertion, namespace);
  const base = {
    service: { namespace: question.namespace, name: question.name },
    name: assertion.name,
    file: file.file,
    line: assertion.line,
  };
  const answered = answer(evidence, question);
  if ('why' in answered || answered.flows.length === 0) {
    const text = 'why' in answered ? answered.why : 'no client and target of it go together';
    return {
      result: { ...base, status: 'unanswerable', flows: 0, problems: [{ from: null, via: null, to: null, verdict: null, text, why: [] }] },
      found: [],
    };
  }
  const { flows, gaps } = answered;
  const judged = flows.map((flow) => ({ flow, held: hold(flow, assertion.expect) }));
  const status = judged.some(({ held }) => held.status === 'fails')
    ? 'fails'
    : judged.some(({ held }) => held.status === 'undetermined')
      ? 'undetermined'
      : 'holds';
  const problems = judged.flatMap(({ flow, held }) => (held.status === 'holds' ? [] : [problemOf(flow, held.text)]));
  return { result: { ...base, status, flows: flows.length, problems }, found: gaps };
}

function answer(evidence: Evidence, question: Question): ServiceReport | { readonly why: string } {
  try {
    return explain(evidence, question);
  } catch (error) {
    if (error instanceof Failure) return { why: error.hint === undefined ? error.message : `${error.message} (${error.hint})` };
    throw error;
  }
}

function problemOf({ from, via, to, verdict, because }: Flow, text: string): AssertProblem {
  return { from, via, to, verdict, text, why: because.map((reason) => reason.text) };
}

function answerOf(results: readonly AssertResult[], counts: AssertReport['counts']): Answer {
  const total = results.length;
  const flows = `${total} expected flow${total === 1 ? '' : 's'}`;
  const bad = [
    ...(counts.fails > 0 ? [`${counts.fails} of ${flows} ${counts.fails === 1 ? 'does' : 'do'} not hold`] : []),
    ...(counts.undetermined > 0 ? [`${counts.undetermined} ${counts.undetermined === 1 ? 'is' : 'are'} undetermined`] : []),
    ...(counts.unanswerable > 0 ? [`${counts.unanswerable} cannot be answered`] : []),
  ];
  if (bad.length === 0) return { mood: 'good', text: total === 1 ? 'The expected flow holds.' : `All ${flows} hold.` };
  const mood = counts.fails > 0 ? (counts.holds > 0 ? 'mixed' : 'bad') : 'unknown';
  const text = bad.join(', ');
  return { mood, text: `${text.charAt(0).toUpperCase()}${text.slice(1)}.` };
}
