import type { AssertProblem, AssertReport, AssertResult, AssertStatus } from '../assert/report.ts';
import { clientLabel, flowTarget } from './describe.ts';
import type { Document, Item } from './document.ts';
import { groupBy, plural, unique } from './text.ts';
import { type Tone, toneOfMood } from './theme.ts';

const MOST_PROBLEMS = 6;
const TONES = { holds: 'good', fails: 'bad', undetermined: 'unknown', unanswerable: 'unknown' } as const satisfies Record<
  AssertStatus,
  Tone
>;

/** What does not hold, from top to bottom; `all` shows what holds as well. */
export function assertDocument(report: AssertReport, all: boolean): Document {
  const byService = groupBy(report.results, ({ service }) => `${service.namespace}/${service.name}`);
  const names = [...byService.keys()];
  return {
    title: `${names.length === 1 ? (names[0] ?? '') : plural(names.length, 'Service')} · ${plural(report.results.length, 'expected flow')}`,
    subtitle: unique(report.results.map(({ file }) => file)).join(', '),
    answer: { tone: toneOfMood(report.answer.mood), text: report.answer.text },
    sections: [
      ...[...byService].map(([name, results]) => ({ heading: name, items: resultItems(results, all) })),
      { heading: 'not known', items: report.gaps.map(({ what, why }): Item => ({ tone: 'unknown', text: `${what}: ${why}` })) },
    ],
  };
}

function resultItems(results: readonly AssertResult[], all: boolean): readonly Item[] {
  const shown = all ? results : results.filter(({ status }) => status !== 'holds');
  const rest = results.length - shown.length;
  const items = shown.map((result) => resultItem(result, all));
  return rest === 0 || items.length === 0
    ? items
    : [...items, { tone: 'good', text: `${plural(rest, 'other')} hold${rest === 1 ? 's' : ''}` }];
}

function resultItem({ name, file, line, status, flows, problems }: AssertResult, all: boolean): Item {
  const shown = all ? problems : problems.slice(0, MOST_PROBLEMS);
  const rest = problems.length - shown.length;
  const what = flows > 1 && problems.length > 0 ? ` (${problems.length} of ${plural(flows, 'flow')})` : '';
  return {
    tone: TONES[status],
    text: `${name}${what}  ${file}:${line}`,
    more: [...shown.map(problemItem), ...(rest > 0 ? [{ tone: null, text: `${plural(rest, 'more flow')}: -o wide` }] : [])],
  };
}

function problemItem(problem: AssertProblem): Item {
  const reasons = problem.verdict === 'delivered' ? [] : problem.why;
  return { tone: null, text: problemText(problem), more: unique(reasons).map((text) => ({ tone: null, text })) };
}

/** `outside → nodePort node1 172.18.0.11:30080: expected delivered, found dropped`. */
export function problemText({ from, via, to, text }: AssertProblem): string {
  if (from === null || to === null) return text;
  const target = flowTarget({ from, via, to, verdict: 'undetermined', branches: [], because: [] });
  return `${clientLabel(from)} → ${target}: ${text}`;
}
