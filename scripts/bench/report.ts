import type { Measured } from './measure.ts';

/** One question and its answer. */
export interface BenchRow {
  readonly title: string;
  readonly ours: Measured;
  readonly theirs: Measured;
  /** How much of the reference's time it may take, or how much memory (MB). */
  readonly target: { readonly kind: 'ratio' | 'memory'; readonly atMost: number };
}

const HEADER = ['', 'command', 'reference', 'result', 'target', ''];

/** Prints the table, and below it what did not run as it should. */
export function printRows(rows: readonly BenchRow[]): void {
  const lines = [HEADER, ...rows.map(cellsOf)];
  const widths = HEADER.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  for (const line of lines)
    process.stdout.write(
      `${line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  const troubles = new Set(
    rows.flatMap(({ ours, theirs }) => [ours, theirs]).flatMap(({ label, trouble }) => (trouble === null ? [] : [`${label}: ${trouble}`])),
  );
  for (const trouble of troubles) process.stdout.write(`not a valid figure: ${trouble}\n`);
}

function cellsOf({ title, ours, theirs, target }: BenchRow): string[] {
  const value = target.kind === 'ratio' ? ours.seconds / theirs.seconds : ours.peakMB;
  return [
    title,
    `${ours.label} (${figure(ours, target.kind)})`,
    `${theirs.label} (${figure(theirs, target.kind)})`,
    value === null ? 'not measured' : shown(value, target.kind),
    `<= ${shown(target.atMost, target.kind)}`,
    verdict(value, { ours, theirs, atMost: target.atMost }),
  ];
}

function verdict(value: number | null, { ours, theirs, atMost }: { ours: Measured; theirs: Measured; atMost: number }): string {
  if (ours.trouble !== null || theirs.trouble !== null) return 'did not run';
  if (value === null) return '';
  return value <= atMost ? 'met' : 'MISSED';
}

function figure(measured: Measured, kind: 'ratio' | 'memory'): string {
  if (kind === 'ratio') return `${measured.seconds.toFixed(3)} s`;
  return measured.peakMB === null ? 'not measured' : shown(measured.peakMB, kind);
}

function shown(value: number, kind: 'ratio' | 'memory'): string {
  return kind === 'ratio' ? `${value.toFixed(2)}x` : `${Math.round(value)} MB`;
}
