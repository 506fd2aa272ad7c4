import { type Broken, expand, type Found, GIVEN_UP, isRecord, type ListKind, listKindOf } from './found.ts';
import { type ScannedValue, type Span, scanValue } from './json-scan.ts';
import { isListKind, mentionedKinds, type Wants } from './kinds.ts';
import { lineAt, printable } from './text.ts';

/** Up to this length a text is parsed in one piece; a longer list item by item, so that it never stands in memory whole. */
const WHOLE_LIMIT = 8 * 1024 * 1024;

/** After so many broken documents the rest of a file is given up. */
const BROKEN_LIMIT = 20;

/** The objects in JSON text: one document, or several one after the other. */
export function* readJson(text: string, wants: Wants, wholeLimit = WHOLE_LIMIT): Generator<Found> {
  if (text.length <= wholeLimit) {
    const whole = tryParse(text);
    if (whole !== null) return yield* expand(whole.value, wants);
  }
  let broken = 0;
  for (let at = nextStart(text, 0); at < text.length; ) {
    if (broken >= BROKEN_LIMIT) {
      yield brokenAt(text, at, GIVEN_UP, [...mentionedKinds(text.slice(at), wants)]);
      return;
    }
    const scanned = /[[{]/.test(text.charAt(at)) ? scanValue(text, at) : null;
    const found = scanned === null ? [garbage(text, at, wants)] : readScanned(text, scanned, wants);
    for (const one of found) {
      if (one.what === 'broken') broken++;
      if (one.what !== 'broken' || one.kinds.length > 0) yield one;
    }
    at = scanned?.end != null ? nextStart(text, scanned.end) : resume(text, scanned?.items?.at(-1)?.end ?? at);
  }
}

/** Documents printed by kubectl start at the beginning of a line, and nothing inside them does. */
function resume(text: string, at: number): number {
  const next = text.indexOf('\n{', at);
  return next < 0 ? text.length : next + 1;
}

/** Skips what may stand between documents: white space, commas, record separators (RFC 7464), and lines of `---`. */
function nextStart(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (/[\s,\x1e]/.test(text.charAt(at))) at++;
    else if (text.startsWith('---', at) && /^\s?$/.test(text.charAt(at + 3))) at += 3;
    else return at;
  }
  return at;
}

function* readScanned(text: string, scanned: ScannedValue, wants: Wants): Generator<Found> {
  if (scanned.items === null || scanned.array === null) {
    if (scanned.end === null) yield cutShort(text, scanned, wants);
    else yield* readPiece(text, { start: scanned.start, end: scanned.end }, wants, undefined);
    return;
  }
  const header = readHeader(text, scanned, scanned.array);
  const list = isRecord(header) ? listKindOf(header) : undefined;
  const kind = isRecord(header) ? header['kind'] : undefined;
  if (typeof kind === 'string' && !isListKind(kind)) {
    yield { what: 'passed', kind, count: 1 };
    return;
  }
  if (list !== undefined && !wants(list.kind)) {
    if (scanned.items.length > 0) yield { what: 'passed', kind: list.kind, count: scanned.items.length };
    return;
  }
  for (const item of scanned.items) yield* readPiece(text, item, wants, list);
  if (scanned.end === null) yield cutShort(text, scanned, wants);
  else if (header === undefined)
    yield brokenAt(text, scanned.start, 'the JSON around its items is malformed', [...mentionedKinds(text, wants)]);
}

function readHeader(text: string, scanned: ScannedValue, array: Span): unknown {
  if (text.charAt(scanned.start) === '[') return null;
  const behind = scanned.end === null ? '}' : text.slice(array.end, scanned.end);
  return tryParse(`${text.slice(scanned.start, array.start)}[]${behind}`)?.value;
}

function* readPiece(text: string, span: Span, wants: Wants, list: ListKind | undefined): Generator<Found> {
  const piece = text.slice(span.start, span.end);
  let value: unknown;
  try {
    value = JSON.parse(piece);
  } catch (error) {
    const kinds = list === undefined ? [...mentionedKinds(piece, wants)] : [list.kind];
    const { at, why } = explain(error);
    yield brokenAt(text, span.start + Math.min(at ?? piece.length, piece.length), why, kinds);
    return;
  }
  yield* expand(value, wants, list);
}

function cutShort(text: string, scanned: ScannedValue, wants: Wants): Broken {
  const kinds = [...mentionedKinds(text.slice(scanned.start), wants)];
  return brokenAt(text, scanned.start, 'the JSON value that begins here has no end', kinds);
}

function garbage(text: string, at: number, wants: Wants): Broken {
  const stop = resume(text, at);
  return brokenAt(text, at, 'this is no JSON', [...mentionedKinds(text.slice(at, stop), wants)]);
}

function brokenAt(text: string, offset: number, why: string, kinds: readonly string[]): Broken {
  return { what: 'broken', line: lineAt(text, offset), why, kinds };
}

function tryParse(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

/** V8 says `… in JSON at position 12`, newer ones add line and column, and some quote the text. */
function explain(error: unknown): { readonly at: number | null; readonly why: string } {
  const message = error instanceof Error ? error.message : 'malformed JSON';
  const at = /at position (\d+)/.exec(message)?.[1];
  const why = message.replace(/ in JSON at position.*$/s, '').replace(/, ?(?:\.\.\.)?".*is not valid JSON$/s, '');
  return { at: at === undefined ? null : Number(at), why: `malformed JSON: ${printable(why, 80)}` };
}
