import type { Branch, Flow, ServiceReport } from '../analysis/report.ts';
import { clientLabel, flowTarget } from './describe.ts';
import type { GridCell, GridRow } from './grid.ts';
import { endings, shareOf, unhandledWord, verdictWord } from './phrase.ts';
import type { Place } from './place.ts';
import type { ReportIndex } from './report-index.ts';
import { sourceSeen } from './source.ts';
import { percent } from './text.ts';
import { toneOf } from './theme.ts';
import { whoAnswers } from './who.ts';

export const LIST_TITLES = ['from', 'to', 'verdict', 'who answers', 'source seen'] as const;

/** Named flows one by one; a flow with several endings has a row for each. */
export function listRows(report: ServiceReport, index: ReportIndex): GridRow[] {
  return report.flows.flatMap((flow) => flowRows(flow, index));
}

function flowRows(flow: Flow, index: ReportIndex): GridRow[] {
  const head = [label(clientLabel(flow.from)), label(flowTarget(flow))];
  const place = { entry: flow.to.node ?? flow.via ?? flow.from.node ?? '', index };
  if (flow.verdict === 'undetermined' || flow.branches.length === 0) {
    return [{ cells: [...head, [{ tone: toneOf(flow.verdict), text: verdictWord(flow.verdict) }], [], []] }];
  }
  const groups = endings(flow.branches);
  return groups.map((group, i) => ({
    cells: [...(i === 0 ? head : [[], []]), ...endingCells(flow, group, { place, only: groups.length === 1 })],
  }));
}

function endingCells(
  flow: Flow,
  branches: readonly Branch[],
  { place, only }: { readonly place: Place; readonly only: boolean },
): GridCell[] {
  const [first] = branches;
  if (first === undefined) return [[], [], []];
  const how = { place, words: 'exact' } as const;
  const verdict = `${only ? '' : `${percent(shareOf(branches))} `}${endingWord(first)}`;
  return [[{ tone: toneOf(first.outcome), text: verdict }], label(whoAnswers(flow, branches, how)), label(sourceSeen(flow, branches, how))];
}

function endingWord(branch: Branch): string {
  if (branch.httpStatus !== undefined) return `HTTP ${branch.httpStatus}`;
  return branch.outcome === 'unhandled' ? unhandledWord(branch) : verdictWord(branch.outcome);
}

function label(text: string): GridCell {
  return text === '' ? [] : [{ tone: null, text }];
}
