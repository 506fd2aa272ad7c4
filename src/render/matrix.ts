import type { Flow, ServiceReport } from '../analysis/report.ts';
import { type CellWords, cellKey, cellOf } from './cells.ts';
import { type Column, columnOf, orderColumns } from './columns.ts';
import { foldItems, type Item, type Row } from './fold.ts';
import { matrixFlows } from './itself.ts';
import { mergeColumns } from './merge.ts';
import type { Place } from './place.ts';
import type { ReportIndex } from './report-index.ts';
import { sectionsOf, type TargetSection } from './sections.ts';
import { groupBy } from './text.ts';

/** The picture that people draw: targets down, clients across. */
export interface Matrix {
  readonly titles: readonly string[];
  readonly sections: readonly MatrixSection[];
}

export interface MatrixSection {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Rows left out because a screen ends. */
  readonly hidden: readonly Row[];
}

export function buildMatrix(report: ServiceReport, index: ReportIndex, maxRows: number): Matrix {
  const sections = sectionsOf(matrixFlows(report, index));
  const columns = orderColumns(sections.flatMap((section) => section.flows.map((flow) => columnOf(flow, section.entryOf(flow), index))));
  const hasNodePorts = sections.some((section) => section.addressed);
  const folded = sections.map((section) => {
    const spelledOut = hasNodePorts && !section.addressed;
    return { section, rows: foldItems(itemsOf(section, columns, index), { section, index, spelledOut }) };
  });
  const merged = mergeColumns(
    columns,
    folded.map(({ rows }) => rows),
  );
  const told = folded.map(({ section }, i) => ({ section, rows: merged.sections[i] ?? [] }));
  return { titles: merged.titles, sections: joinAlike(told).map((joined) => limitRows(joined, maxRows)) };
}

function itemsOf(section: TargetSection, columns: readonly Column[], index: ReportIndex): Item[] {
  const groups = groupBy(section.flows, (flow) => `${section.entryOf(flow)} ${section.addressed ? flow.to.address : ''}`);
  const entryOf = (flows: readonly Flow[]): string => (flows[0] === undefined ? '' : section.entryOf(flows[0]));
  return spreadAnywhere([...groups.values()].map((flows) => itemOf(flows, { entry: entryOf(flows), index }, columns)));
}

function itemOf(flows: readonly Flow[], place: Place, columns: readonly Column[]): Item {
  const byColumn = groupBy(flows, (flow) => columnOf(flow, place.entry, place.index).key);
  const cells = columns.map((column) => {
    const found = byColumn.get(column.key);
    return found === undefined ? null : cellOf(found, place);
  });
  return { entry: place.entry, address: flows[0]?.to.address ?? '', cells };
}

/** An external client that enters "anywhere" has no node: what it meets holds in every row. */
function spreadAnywhere(items: readonly Item[]): Item[] {
  const anywhere = items.find((item) => item.entry === '');
  if (anywhere === undefined || items.length === 1) return [...items];
  const spread = (cell: CellWords | null, i: number): CellWords | null => cell ?? anywhere.cells[i] ?? null;
  return items.filter((item) => item !== anywhere).map((item) => ({ ...item, cells: item.cells.map(spread) }));
}

interface Told {
  readonly section: TargetSection;
  readonly rows: readonly Row[];
}

/** Ports and addresses that behave alike share their rows. */
function joinAlike(told: readonly Told[]): MatrixSection[] {
  const groups = groupBy(told, ({ section, rows }) =>
    JSON.stringify([section.kind, rows.map((row) => [row.label, row.cells.map((cell) => cellKey(cell ?? []))])]),
  );
  return [...groups.values()].map((group) => ({
    title: `${group[0]?.section.kind ?? ''} ${group.map(({ section }) => section.end).join(', ')}`,
    rows: group[0]?.rows ?? [],
    hidden: [],
  }));
}

function limitRows(section: MatrixSection, maxRows: number): MatrixSection {
  if (section.rows.length <= maxRows) return section;
  return { ...section, rows: section.rows.slice(0, maxRows), hidden: section.rows.slice(maxRows) };
}
