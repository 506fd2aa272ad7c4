import { type Cell, type CellWords, cellKey } from './cells.ts';
import { naturalOrder, type ReportIndex } from './report-index.ts';
import type { TargetSection } from './sections.ts';
import { count, foldList, groupBy, unique } from './text.ts';

/** What clients meet at one node (or, for an address of no node, by way of one node). */
export interface Item {
  readonly entry: string;
  readonly address: string;
  readonly cells: readonly (CellWords | null)[];
}

export interface Row {
  /** The nodes of this row; empty where all are alike. */
  readonly label: string;
  readonly cells: readonly (Cell | null)[];
}

/** Up to here, a node has a row of its own unless its row says the same as another's. */
const FEW_NODES = 8;
/** Where nodes are many, names are examples. */
const NAMED_NODES = 2;

export interface FoldContext {
  readonly section: TargetSection;
  readonly index: ReportIndex;
  /** Whether another section already spells out each node's addresses. */
  readonly spelledOut: boolean;
}

/** One row for all nodes that behave alike. */
export function foldItems(items: readonly Item[], context: FoldContext): Row[] {
  const words = context.index.nodes.length <= FEW_NODES && !context.spelledOut ? 'exact' : 'rough';
  const ordered = [...items].sort((a, b) => naturalOrder(a.entry, b.entry));
  const groups = [...groupBy(ordered, (item) => rowKey(item, words)).values()];
  // A way in that outside traffic never takes leaves cells empty. Where nothing else differs, one row tells it all.
  const rows = !context.section.addressed && agree(groups, words) ? [ordered] : groups;
  return rows.map((group) => ({ label: labelOf(group, rows.length, context), cells: cellsOf(group, context.index) }));
}

function agree(groups: readonly (readonly Item[])[], words: keyof CellWords): boolean {
  const firsts = groups.flatMap((group) => group.slice(0, 1));
  return (firsts[0]?.cells ?? []).every((_, i) => unique(present(firsts, i).map((cell) => cellKey(cell[words]))).length <= 1);
}

/** The cells of one column, without the empty ones. */
function present(items: readonly Item[], column: number): CellWords[] {
  return items.map((item) => item.cells[column] ?? null).filter((cell) => cell !== null);
}

function rowKey(item: Item, words: keyof CellWords): string {
  return item.cells.map((cell) => (cell === null ? '' : cellKey(cell[words]))).join('\n');
}

/** The most particular words that are the same in the whole group. */
function cellsOf(group: readonly Item[], index: ReportIndex): (Cell | null)[] {
  const forOthers = group.some((item) => index.membersOf(item.entry).length > 1);
  return (group[0]?.cells ?? []).map((_, i) => {
    const [cell, ...others] = present(group, i);
    if (cell === undefined) return null;
    const same = (words: keyof CellWords): boolean => others.every((other) => cellKey(other[words]) === cellKey(cell[words]));
    if (!forOthers && same('exact')) return cell.exact;
    return same('alike') ? cell.alike : cell.rough;
  });
}

function labelOf(group: readonly Item[], groups: number, { section, index }: FoldContext): string {
  const nodes = unique(group.flatMap((item) => index.membersOf(item.entry))).filter((node) => node !== '');
  const names = nodes.map(index.short);
  const [only] = group;
  if (section.addressed) {
    if (nodes.length === 1 && group.length === 1) return `${names.join('')} ${only?.address ?? ''}`;
    return nodes.length === index.nodes.length && nodes.length > NAMED_NODES ? `all ${count(nodes.length)} nodes` : nodeNames(names);
  }
  return groups === 1 || nodes.length === 0 ? '' : `via ${nodeNames(names)}`;
}

function nodeNames(names: readonly string[]): string {
  return foldList(names, names.length <= FEW_NODES ? FEW_NODES : NAMED_NODES);
}
