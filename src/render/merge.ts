import type { Cell } from './cells.ts';
import { sameCell } from './cells.ts';
import { areSiblings, type Column, columnTitle } from './columns.ts';
import type { Row } from './fold.ts';

export interface Merged {
  readonly titles: readonly string[];
  readonly sections: readonly (readonly Row[])[];
}

interface Strip {
  readonly columns: readonly Column[];
  readonly cells: readonly (Cell | null)[];
}

/** Leaves out columns without content, and tells clients that meet the same everywhere in one column. */
export function mergeColumns(columns: readonly Column[], sections: readonly (readonly Row[])[]): Merged {
  const rows = sections.flat();
  const strips = columns.map((column, i) => ({ columns: [column], cells: rows.map((row) => row.cells[i] ?? null) })).filter(hasContent);
  const families = strips.reduce<readonly Strip[]>((joined, strip) => join(joined, strip, areSiblingStrips), []);
  const final = families.reduce<readonly Strip[]>((joined, strip) => join(joined, strip, () => true), []);
  const present = strips.flatMap((strip) => strip.columns);
  const perNode = rows.some((row) => row.label !== '');
  let next = 0;
  return {
    titles: final.map((strip) => columnTitle(strip.columns, present, perNode)),
    sections: sections.map((section) => section.map((row) => ({ ...row, cells: cellsAt(final, next++) }))),
  };
}

function join(strips: readonly Strip[], strip: Strip, mayJoin: (a: Strip, b: Strip) => boolean): Strip[] {
  const at = strips.findIndex((other) => mayJoin(other, strip) && tellsTheSame(other, strip));
  if (at < 0) return [...strips, strip];
  return strips.map((other, i) =>
    i === at
      ? { columns: [...other.columns, ...strip.columns], cells: other.cells.map((cell, row) => cell ?? strip.cells[row] ?? null) }
      : other,
  );
}

function areSiblingStrips(a: Strip, b: Strip): boolean {
  return a.columns.some((column) => b.columns.some((other) => areSiblings(column, other)));
}

/** No row contradicts, and at least one speaks for it: a cell is empty where a client has no business (a VIP has no "other nodes"). */
function tellsTheSame(a: Strip, b: Strip): boolean {
  const pairs = a.cells.map((cell, i) => [cell, b.cells[i] ?? null] as const);
  const both = pairs.flatMap(([left, right]) => (left === null || right === null ? [] : [sameCell(left, right)]));
  return both.length > 0 && both.every((same) => same);
}

function hasContent(strip: Strip): boolean {
  return strip.cells.some((cell) => cell !== null);
}

function cellsAt(strips: readonly Strip[], row: number): (Cell | null)[] {
  return strips.map((strip) => strip.cells[row] ?? null);
}
