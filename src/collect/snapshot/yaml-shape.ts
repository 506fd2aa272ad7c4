import type { Span } from './json-scan.ts';

/** What the outline of a YAML document says without parsing it. */
export interface Shape {
  readonly style: 'mapping' | 'sequence' | 'other';
  /** Where its top-level keys or dashes stand. */
  readonly column: number;
  /** The top-level `kind`; null when there is none. */
  readonly kind: string | null;
  /** False when only a parser can tell the kind. */
  readonly sure: boolean;
}

/** A block sequence found by its dashes. */
export interface SplitList {
  readonly items: readonly Span[];
  /** The document without the sequence. */
  readonly header: string;
}

/** Looks at the outline of one block-style document: in YAML whatever belongs to a key is indented deeper than the key. */
export function shapeOf(text: string): Shape {
  const first = /^( *)(?![ \t\n#]|$)(.)(.?)/m.exec(text);
  const column = first?.[1]?.length ?? 0;
  const style = styleOf(first?.[2] ?? '', first?.[3] ?? '');
  if (style !== 'mapping') return { style, column, kind: null, sure: false };
  const lines = text.match(lineStarts(column, `(?:(["']?)kind\\1[ \\t]*:(?=[ \\t]|$)|<<|\\?[ \\t]).*`)) ?? [];
  if (lines.length === 0) return { style, column, kind: null, sure: true };
  const kind = lines.length > 1 ? undefined : /kind["']?[ \t]*:[ \t]+(["']?)([A-Za-z0-9.-]+)\1[ \t]*(?:#.*)?$/.exec(lines[0] ?? '')?.[2];
  return { style, column, kind: kind ?? null, sure: kind !== undefined };
}

/** Splits the block sequence under `items:`, or the one that is the document itself. Null: it is not written that way. */
export function splitList(text: string, shape: Shape): SplitList | null {
  const [keyAt, listAt] = shape.style === 'sequence' ? [0, 0] : itemsKey(text, shape.column);
  if (listAt < 0) return null;
  const first = /^( *)(?![ \t\n#]|$)(.)(.?)/m.exec(text.slice(listAt, listAt + 65_536));
  const indent = first?.[1]?.length ?? 0;
  if (first === null || indent < shape.column || styleOf(first[2] ?? '', first[3] ?? '') !== 'sequence') return null;
  const starts: number[] = [];
  const outer = new RegExp(`^( {0,${indent}})([^ \\n#])(.?)`, 'gm');
  outer.lastIndex = listAt;
  let end = text.length;
  for (let match = outer.exec(text); match !== null; match = outer.exec(text)) {
    if (match[1]?.length !== indent || styleOf(match[2] ?? '', match[3] ?? '') !== 'sequence') {
      end = match.index;
      break;
    }
    starts.push(match.index);
  }
  const items = starts.map((start, i) => ({ start, end: starts[i + 1] ?? end }));
  return { items, header: text.slice(0, keyAt) + text.slice(end) };
}

/** One item of a split list as a document of its own: the dash becomes a space, so that columns and lines stay. */
export function itemText(text: string, item: Span): string {
  const dash = text.indexOf('-', item.start);
  return `${text.slice(item.start, dash)} ${text.slice(dash + 1, item.end)}`;
}

/** The names that `metadata` may have, read off the lines; null when that cannot be told. */
export function possibleNames(text: string, column: number): readonly string[] | null {
  const metadata = text.search(lineStarts(column, 'metadata:[ \\t]*$'));
  if (metadata < 0) return null;
  const names: string[] = [];
  for (const match of text.slice(metadata).matchAll(/^ +(["']?)name\1[ \t]*:[ \t]*(.*)$/gm)) {
    const name = /^(["']?)([a-z0-9.-]+)\1[ \t]*(?:#.*)?$/.exec(match[2] ?? '')?.[2];
    if (name === undefined) return null;
    names.push(name);
  }
  return names;
}

function itemsKey(text: string, column: number): readonly [number, number] {
  const found = [...text.matchAll(lineStarts(column, `(["']?)items\\1[ \\t]*:[ \\t]*$`))];
  const only = found[0];
  return only === undefined || found.length > 1 ? [-1, -1] : [only.index, only.index + only[0].length + 1];
}

function lineStarts(column: number, pattern: string): RegExp {
  return new RegExp(`^ {${column}}${pattern}`, 'gm');
}

function styleOf(first: string, second: string): Shape['style'] {
  if (first === '-' && (second === '' || second === ' ' || second === '\t')) return 'sequence';
  return /[A-Za-z_"']/.test(first) ? 'mapping' : 'other';
}
