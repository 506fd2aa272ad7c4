import { appendFileSync } from 'node:fs';
import type { Measured } from './measure.ts';

/** One question and its answer. */
export interface BenchRow {
  readonly title: string;
  readonly ours: Measured;
  /** Null: an absolute figure. */
  readonly theirs: Measured | null;
  /** How much of the reference's time it may take, how long (seconds), or how much memory (MB); without a limit: for the trend. */
  readonly target: { readonly kind: 'ratio' | 'seconds' | 'memory'; readonly atMost: number | null };
}

export const COLUMNS: readonly string[] = ['', 'command', 'reference', 'result', 'target', ''];

/** Prints the table, and below it what did not run as it should; `BENCH_ROWS` names a file that takes the rows, a line of JSON each. */
export function printRows(rows: readonly BenchRow[]): void {
  const lines = [COLUMNS, ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  for (const line of lines)
    process.stdout.write(
      `${line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  for (const trouble of troublesOf(rows)) process.stdout.write(`not a valid figure: ${trouble}\n`);
  const file = process.env['BENCH_ROWS'];
  if (file !== undefined) appendFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** What did not run as it should. */
export function troublesOf(rows: readonly BenchRow[]): ReadonlySet<string> {
  return new Set(
    rows
      .flatMap(({ ours, theirs }) => (theirs === null ? [ours] : [ours, theirs]))
      .flatMap(({ label, trouble }) => (trouble === null ? [] : [`${label}: ${trouble}`])),
  );
}

/** A row as text. */
export function cellsOf({ title, ours, theirs, target: { kind, atMost } }: BenchRow): string[] {
  const value = kind === 'memory' ? ours.peakMB : theirs === null || kind === 'seconds' ? ours.seconds : ours.seconds / theirs.seconds;
  return [
    title,
    `${ours.label} (${figure(ours, kind)})`,
    theirs === null ? '' : `${theirs.label} (${figure(theirs, kind)})`,
    value === null ? 'not measured' : shown(value, kind),
    atMost === null ? '' : `<= ${shown(atMost, kind)}`,
    verdict(value, { ours, theirs, atMost }),
  ];
}

interface Judged extends Pick<BenchRow, 'ours' | 'theirs'> {
  readonly atMost: number | null;
}

function verdict(value: number | null, { ours, theirs, atMost }: Judged): string {
  if (ours.trouble !== null || (theirs !== null && theirs.trouble !== null)) return 'did not run';
  if (value === null || atMost === null) return '';
  return value <= atMost ? 'met' : 'MISSED';
}

type FigureKind = BenchRow['target']['kind'];

function figure(measured: Measured, kind: FigureKind): string {
  if (kind !== 'memory') return `${measured.seconds.toFixed(3)} s`;
  return measured.peakMB === null ? 'not measured' : shown(measured.peakMB, kind);
}

function shown(value: number, kind: FigureKind): string {
  if (kind === 'ratio') return `${value.toFixed(2)}x`;
  return kind === 'memory' ? `${Math.round(value)} MB` : `${value.toFixed(2)} s`;
}
