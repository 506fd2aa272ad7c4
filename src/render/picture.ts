import type { Branch, ServiceReport } from '../analysis/report.ts';
import type { Cell } from './cells.ts';
import type { Grid, GridCell, GridRow } from './grid.ts';
import { LIST_TITLES, listRows } from './list.ts';
import { buildMatrix, type MatrixSection } from './matrix.ts';
import type { ReportIndex } from './report-index.ts';
import { isMatrix } from './shape.ts';
import { plural } from './text.ts';
import { toneOf } from './theme.ts';

/** The flows as one grid, with its cells for the legend. */
export interface Picture {
  readonly grid: Grid;
  readonly cells: readonly Cell[];
}

/** The node × client matrix, or the flows one by one where somebody asked for few. Null without flows. */
export function pictureOf(report: ServiceReport, index: ReportIndex, maxRows: number): Picture | null {
  if (report.flows.length === 0) return null;
  return isMatrix(report, index) ? matrixPicture(report, index, maxRows) : listPicture(report, index, maxRows);
}

function matrixPicture(report: ServiceReport, index: ReportIndex, maxRows: number): Picture {
  const matrix = buildMatrix(report, index, maxRows);
  const cells = matrix.sections.flatMap((section) =>
    [...section.rows, ...section.hidden].flatMap((row) => row.cells.map((cell) => cell ?? [])),
  );
  return { grid: { titles: ['to', ...matrix.titles], rows: matrix.sections.flatMap(sectionRows) }, cells };
}

function sectionRows(section: MatrixSection): GridRow[] {
  const [only] = section.rows;
  if (section.rows.length + section.hidden.length === 1 && only !== undefined) {
    const label = only.label === '' ? section.title : `${section.title}, ${only.label}`;
    return [{ cells: [labelCell(label), ...only.cells.map(partsCell)] }];
  }
  const rows = section.rows.map((row) => ({ cells: [labelCell(`  ${row.label || 'otherwise'}`), ...row.cells.map(partsCell)] }));
  const more = section.hidden.length === 0 ? [] : [{ across: `  and ${plural(section.hidden.length, 'more row')}` }];
  return [{ across: section.title }, ...rows, ...more];
}

function listPicture(report: ServiceReport, index: ReportIndex, maxRows: number): Picture {
  const all = listRows(report, index);
  const rows = all.slice(0, maxRows);
  const hidden = all.length - rows.length;
  const more = hidden === 0 ? [] : [{ across: `and ${plural(hidden, 'more row')}` }];
  const cells = report.flows.map((flow) =>
    flow.branches.length === 0
      ? [{ verdict: flow.verdict, text: '' }]
      : flow.branches.map((branch) => ({ verdict: branch.outcome, text: snatOf(branch) })),
  );
  return { grid: { titles: LIST_TITLES, rows: [...rows, ...more] }, cells };
}

function snatOf(branch: Branch): string {
  return branch.source?.kind === 'masqueraded' ? 'SNAT' : '';
}

function partsCell(cell: Cell | null): GridCell {
  return (cell ?? []).map((part) => ({ tone: toneOf(part.verdict), text: part.text }));
}

function labelCell(text: string): GridCell {
  return [{ tone: null, text }];
}
