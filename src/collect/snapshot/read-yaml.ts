import type { KubeObject } from '../../cluster/objects.ts';
import { type Broken, expand, type Found, GIVEN_UP, isRecord, type ListKind, listKindOf } from './found.ts';
import { isListKind, isUsefulConfigMap, itemKind, mentionedKinds, type Wants } from './kinds.ts';
import { lineAt } from './text.ts';
import { type ParseYaml, YamlProblem } from './yaml-load.ts';
import { prune } from './yaml-prune.ts';
import { itemText, possibleNames, type Shape, type SplitList, shapeOf, splitList } from './yaml-shape.ts';

/** A document that cannot be taken apart by its outline is parsed whole only up to this length. */
const WHOLE_LIMIT = 32 * 1024 * 1024;

/** After so many broken items the rest of a list is given up. */
const BROKEN_LIMIT = 20;

interface Context {
  readonly parse: ParseYaml;
  readonly wants: Wants;
  /** Lines before the document in its file. */
  readonly linesBefore: number;
}

/** The objects in YAML text. Only documents and list items of a wanted kind are parsed; the result is the same as that of a full parse. */
export function* readYaml(text: string, parse: ParseYaml, wants: Wants): Generator<Found> {
  let [from, linesBefore] = [0, 0];
  const marker = /^(?:---|\.\.\.)(?=[ \t\n]|$)/gm;
  for (;;) {
    const match = marker.exec(text);
    const document = text.slice(from, match?.index);
    yield* readDocument(withoutDirectives(document), { parse, wants, linesBefore });
    if (match === null) return;
    linesBefore += lineAt(document, document.length) - 1;
    from = marker.lastIndex;
  }
}

function withoutDirectives(document: string): string {
  return document.startsWith('%') ? document.replace(/^%.*$/gm, '') : document;
}

function* readDocument(text: string, context: Context): Generator<Found> {
  const shape = shapeOf(text);
  const { kind } = shape;
  if (shape.style === 'sequence' || (shape.sure && (kind === null || isListKind(kind)))) {
    const split = splitList(text, shape);
    if (split !== null) return yield* readList(text, shape, split, context);
  } else if (shape.sure && kind !== null) return yield* readSingle(text, shape, kind, context);
  yield* readWhole(text, context);
}

function* readSingle(text: string, shape: Shape, kind: string, context: Context): Generator<Found> {
  if (!isWorthParsing(text, shape, kind, context.wants)) {
    yield { what: 'passed', kind, count: 1 };
    return;
  }
  const parsed = parseOutlined(text, shape, kind, context);
  if (parsed.broken === null) yield* detached(expand(parsed.value, context.wants));
  else yield parsed.broken;
}

function* readList(text: string, shape: Shape, split: SplitList, context: Context): Generator<Found> {
  const typed = shape.kind === null ? null : itemKind(shape.kind);
  if (typed !== null && !context.wants(typed)) {
    yield { what: 'passed', kind: typed, count: split.items.length };
    return;
  }
  const list = typed === null ? undefined : headerOf(split.header, context.parse);
  if (typed !== null && list === undefined) return yield* readWhole(text, context);
  const found: Found[] = [];
  let broken = 0;
  for (const item of split.items) {
    for (const one of readItem(itemText(text, item), list, { ...context, linesBefore: 0 })) {
      if (one.what === 'broken') broken++;
      found.push(one.what === 'broken' ? { ...one, line: one.line + context.linesBefore + lineAt(text, item.start) - 1 } : one);
    }
    if (broken < BROKEN_LIMIT) continue;
    const kinds = [...mentionedKinds(text.slice(item.end), context.wants)];
    found.push({ what: 'broken', line: context.linesBefore + lineAt(text, item.end), why: GIVEN_UP, kinds });
    break;
  }
  // An alias may point into another item; only the whole document can tell.
  yield* (broken > 0 ? tryWhole(text, context) : null) ?? found;
}

function* readItem(text: string, list: ListKind | undefined, context: Context): Generator<Found> {
  const shape = shapeOf(text);
  const kind = shape.kind ?? (shape.sure ? list?.kind : undefined);
  if (shape.sure && kind === undefined) return;
  if (kind === undefined) {
    if (list !== undefined || mentionedKinds(text, context.wants).size > 0) yield* readUnclear(text, list, context);
    return;
  }
  if (!isWorthParsing(text, shape, kind, context.wants)) {
    yield { what: 'passed', kind, count: 1 };
    return;
  }
  const parsed = parseOutlined(text, shape, kind, context);
  if (parsed.broken === null) yield* detached(expand(parsed.value, context.wants, list));
  else yield parsed.broken;
}

function* readUnclear(text: string, list: ListKind | undefined, context: Context): Generator<Found> {
  const parsed = tryParse(text, context, list === undefined ? [...mentionedKinds(text, context.wants)] : [list.kind]);
  if (parsed.broken === null) yield* detached(expand(parsed.value, context.wants, list));
  else yield parsed.broken;
}

function* readWhole(text: string, context: Context): Generator<Found> {
  const kinds = [...mentionedKinds(text, context.wants)];
  if (kinds.length === 0) return;
  if (text.length > WHOLE_LIMIT) {
    yield { what: 'broken', line: context.linesBefore + 1, why: 'this YAML document is too large to be parsed in one piece', kinds };
    return;
  }
  const parsed = tryParse(text, context, kinds);
  if (parsed.broken === null) yield* detached(expand(parsed.value, context.wants));
  else yield parsed.broken;
}

function tryWhole(text: string, context: Context): readonly Found[] | null {
  if (text.length > WHOLE_LIMIT) return null;
  const parsed = tryParse(text, context, []);
  return parsed.broken === null ? [...detached(expand(parsed.value, context.wants))] : null;
}

type Parsed = { readonly broken: null; readonly value: unknown } | { readonly broken: Broken };

/** Without its unused parts; when that fails as it stands, because an anchor may have been taken out. */
function parseOutlined(text: string, shape: Shape, kind: string, context: Context): Parsed {
  const short = tryParse(prune(text, shape.column, kind), context, [kind]);
  return short.broken === null ? short : tryParse(text, context, [kind]);
}

function tryParse(text: string, context: Context, kinds: readonly string[]): Parsed {
  try {
    return { broken: null, value: context.parse(text) };
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    return { broken: { what: 'broken', line: context.linesBefore + error.line, why: error.message, kinds } };
  }
}

/** js-yaml's strings are slices that hold on to the whole text they come from: a copy lets go of it. */
function* detached(found: Iterable<Found>): Generator<Found> {
  for (const one of found) {
    yield one.what === 'object' ? { ...one, object: JSON.parse(JSON.stringify(one.object)) as KubeObject } : one;
  }
}

function headerOf(header: string, parse: ParseYaml): ListKind | undefined {
  try {
    const value = parse(header);
    return isRecord(value) ? listKindOf(value) : undefined;
  } catch (error) {
    if (error instanceof YamlProblem) return undefined;
    throw error;
  }
}

function isWorthParsing(text: string, shape: Shape, kind: string, wants: Wants): boolean {
  if (!wants(kind)) return false;
  return kind !== 'ConfigMap' || wants('ConfigHosts') || (possibleNames(text, shape.column)?.some(isUsefulConfigMap) ?? true);
}
