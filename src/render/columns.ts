import type { Flow } from '../analysis/report.ts';
import { externalName } from './describe.ts';
import type { ReportIndex } from './report-index.ts';

/** Who asks, seen from the node of a row. */
export type ColumnKind = 'outside' | 'podThere' | 'podElsewhere' | 'nodeItself' | 'otherNode' | 'endpoint';

export interface Column {
  readonly key: string;
  readonly kind: ColumnKind;
  readonly title: string;
}

const ORDER: readonly ColumnKind[] = ['outside', 'podThere', 'podElsewhere', 'nodeItself', 'otherNode', 'endpoint'];

const TITLES = {
  outside: 'outside',
  podThere: 'pods there',
  podElsewhere: 'pods elsewhere',
  nodeItself: 'the node itself',
  otherNode: 'other nodes',
  endpoint: 'an endpoint pod',
} as const satisfies Record<ColumnKind, string>;

/** The column of a flow that enters through `entry`; several external clients have a column each. */
export function columnOf(flow: Flow, entry: string, index: ReportIndex): Column {
  const kind = columnKind(flow, entry, index);
  const name = kind === 'outside' ? externalName(flow.from) : '';
  return { key: `${ORDER.indexOf(kind)} ${name}`, kind, title: name === '' ? TITLES[kind] : name };
}

/** Columns by who asks: the outside, pods, nodes, the Service's own pods. */
export function orderColumns(columns: readonly Column[]): Column[] {
  const byKey = new Map(columns.map((column) => [column.key, column]));
  return [...byKey.values()].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

const PAIRS = [
  { one: 'podThere', other: 'podElsewhere', both: 'any pod' },
  { one: 'nodeItself', other: 'otherNode', both: 'any node' },
] as const satisfies readonly { readonly one: ColumnKind; readonly other: ColumnKind; readonly both: string }[];

/** Whether two columns are the same kind of client, there and elsewhere. */
export function areSiblings(a: Column, b: Column): boolean {
  return PAIRS.some(({ one, other }) => (a.kind === one && b.kind === other) || (a.kind === other && b.kind === one));
}

/** A title for columns that became one. `present` has every column that the matrix started with. */
export function columnTitle(columns: readonly Column[], present: readonly Column[], perNode: boolean): string {
  if (columns.length === present.length && columns.length > 1) return 'any client';
  const kinds = new Set(columns.map(({ kind }) => kind));
  const outside = columns.filter(({ kind }) => kind === 'outside').map(({ title }) => title);
  const inside = PAIRS.flatMap(({ one, other, both }) => {
    const has = [one, other].filter((kind) => kinds.has(kind));
    // Without rows per node, "there" has nothing to point to.
    const whole = has.length === 2 || (!perNode && has.length === 1);
    return whole ? [both] : has.map((kind) => TITLES[kind]);
  });
  const endpoint = kinds.has('endpoint') && !inside.includes('any pod') ? [TITLES.endpoint] : [];
  const [first = '', ...rest] = [...outside, ...inside, ...endpoint];
  return [outside.length > 0 ? `from ${first}` : first, ...rest].join(', ');
}

function columnKind(flow: Flow, entry: string, index: ReportIndex): ColumnKind {
  const { from } = flow;
  if (from.kind === 'external') return 'outside';
  const there = from.node === entry;
  if (from.kind === 'node' || from.hostNetwork === true) return there ? 'nodeItself' : 'otherNode';
  if (index.isEndpoint(from)) return 'endpoint';
  return there ? 'podThere' : 'podElsewhere';
}
