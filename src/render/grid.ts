import Table from 'cli-table3';
import { padEnd, widthOf, wrap } from './text.ts';
import type { Theme, Tone } from './theme.ts';

/** One statement in a grid: wrapped as a whole, its symbol coloured. */
export interface GridText {
  readonly tone: Tone | null;
  readonly text: string;
}

export type GridCell = readonly GridText[];

/** A row of cells, or a title across all columns. */
export type GridRow = { readonly cells: readonly GridCell[] } | { readonly across: string };

export interface Grid {
  readonly titles: readonly string[];
  readonly rows: readonly GridRow[];
}

const GAP = 2;
/** Below this, a column of statements reads like a ladder. */
const NARROWEST_COLUMN = 13;
/** A label of up to this width stays in one line if the statements can live with it. */
const WHOLE_LABEL = 26;
const BREAKABLE = 24;

const LIGHT = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
} as const;

/** A light table that fits, or null where its columns would be too narrow to read. */
export function renderGrid(grid: Grid, width: number, theme: Theme): string[] | null {
  const layouts = [WHOLE_LABEL, NARROWEST_COLUMN]
    .map((label) => columnWidths(grid, { width, label }, theme))
    .filter((widths) => widths !== null);
  const drawn = layouts.map((widths) => drawGrid(grid, widths, theme));
  return drawn.reduce<string[] | null>((best, lines) => (best === null || lines.length < best.length ? lines : best), null);
}

function drawGrid(grid: Grid, widths: readonly number[], theme: Theme): string[] {
  const head = grid.titles.map((title, i) => wrap(title, widths[i] ?? 1));
  const table = new Table({
    head: head.map((lines) => lines.map(theme.bold).join('\n')),
    colWidths: widths.map((column) => column + GAP - 1),
    chars: LIGHT,
    style: { 'padding-left': 0, 'padding-right': GAP - 1, head: [], border: [], compact: true },
  });
  const total = sum(widths) + GAP * (widths.length - 1);
  for (const row of grid.rows) {
    if ('across' in row) table.push([{ content: wrap(row.across, total).join('\n'), colSpan: grid.titles.length }]);
    else table.push(row.cells.map((cell, i) => cellLines(cell, widths[i] ?? 1, theme).join('\n')));
  }
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const headHeight = Math.max(...head.map((title) => title.length));
  return [...lines.slice(0, headHeight), theme.rule.repeat(total), ...lines.slice(headHeight)];
}

/** The same content downwards, for narrow terminals: each row a heading with its cells beneath. */
export function renderStack(grid: Grid, width: number, theme: Theme): string[] {
  const titleWidth = Math.min(Math.max(...grid.titles.slice(1).map(widthOf), 1), Math.floor(width / 3));
  return grid.rows.flatMap((row) => {
    if ('across' in row) return wrap(row.across, width).map(theme.bold);
    const [label = [], ...cells] = row.cells;
    const depth = (label[0]?.text.search(/\S/) ?? 0) + 2;
    const told = cells.flatMap((cell, i) => stackedCell(cell, grid.titles[i + 1] ?? '', { depth, titleWidth, width, theme }));
    return [...cellLines(label, width, theme).map(theme.bold), ...told];
  });
}

interface StackLayout {
  readonly depth: number;
  readonly titleWidth: number;
  readonly width: number;
  readonly theme: Theme;
}

function stackedCell(cell: GridCell, title: string, { depth, titleWidth, width, theme }: StackLayout): string[] {
  if (cell.length === 0) return [];
  const titles = wrap(title, titleWidth);
  const lines = cellLines(cell, width - titleWidth - depth - GAP, theme);
  const height = Math.max(lines.length, titles.length);
  return Array.from({ length: height }, (_, i) =>
    `${' '.repeat(depth)}${padEnd(titles[i] ?? '', titleWidth)}  ${lines[i] ?? ''}`.trimEnd(),
  );
}

function cellLines(cell: GridCell, width: number, theme: Theme): string[] {
  return cell.flatMap(({ tone, text }) => {
    if (tone === null) return labelLines(text, width);
    const symbol = theme.symbol(tone);
    const indent = widthOf(symbol) + 1;
    const lines = wrapStatement(text, Math.max(4, width - indent));
    return lines.map((line, i) => (i === 0 ? `${theme.paint(tone, symbol)} ${line}` : ' '.repeat(indent) + line));
  });
}

/** A statement that needs several lines starts one with each of its parts. */
function wrapStatement(text: string, width: number): string[] {
  if (widthOf(text) <= width) return wrap(text, width);
  return text.split(/(?<=[,;]) /).flatMap((part) => wrap(part, width));
}

/** Leading spaces of a label are its depth and stay on every line. */
function labelLines(text: string, width: number): string[] {
  const depth = text.length - text.trimStart().length;
  return wrap(text.trimStart(), Math.max(4, width - depth)).map((line) => ' '.repeat(depth) + line);
}

/** Natural widths where they fit; else the widest give way, down to what can be read. */
function columnWidths(grid: Grid, { width, label }: { readonly width: number; readonly label: number }, theme: Theme): number[] | null {
  const columns = grid.titles.map((title, i) => measure(title, cellsAt(grid, i), { theme, narrowest: i === 0 ? label : NARROWEST_COLUMN }));
  const widths = columns.map((column) => column.natural);
  const budget = width - GAP * (columns.length - 1) - 1;
  for (let total = sum(widths); total > budget; total--) {
    const widest = widestShrinkable(widths, columns);
    if (widest === null) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

interface Measured {
  readonly natural: number;
  readonly least: number;
}

function measure(
  title: string,
  cells: readonly GridCell[],
  { theme, narrowest }: { readonly theme: Theme; readonly narrowest: number },
): Measured {
  const texts = cells.flat();
  const natural = Math.max(widthOf(title), ...texts.map((text) => symbolWidth(text, theme) + widthOf(text.text)), 1);
  const longestWord = Math.max(...[title, ...texts.map(({ text }) => text)].flatMap((text) => text.split(/[ \u00a0]/)).map(widthOf), 1);
  return { natural, least: Math.min(natural, Math.max(narrowest, Math.min(longestWord, BREAKABLE) + 2)) };
}

function widestShrinkable(widths: readonly number[], columns: readonly Measured[]): number | null {
  let widest: number | null = null;
  widths.forEach((width, i) => {
    if (width > (columns[i]?.least ?? 1) && width > (widest === null ? 0 : (widths[widest] ?? 0))) widest = i;
  });
  return widest;
}

function cellsAt(grid: Grid, column: number): GridCell[] {
  return grid.rows.map((row) => ('cells' in row ? (row.cells[column] ?? []) : []));
}

function symbolWidth({ tone }: GridText, theme: Theme): number {
  return tone === null ? 0 : widthOf(theme.symbol(tone)) + 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
