/** A stretch of a text: from `start`, up to and without `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One JSON object or array in a text, found by its brackets alone; it may still prove wrong when parsed. */
export interface ScannedValue {
  readonly start: number;
  /** null: the text ends inside the value. */
  readonly end: number | null;
  /** The objects in its `items`, or in itself when it is an array; null when it has none of these. */
  readonly items: readonly Span[] | null;
  /** The `[…]` around the items. */
  readonly array: Span | null;
}

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

/** Finds the end of the object or array that starts here, and the items of a list in it, without building anything. */
export function scanValue(text: string, start: number): ScannedValue {
  const isArray = text.charCodeAt(start) === OPEN_LIST;
  const itemDepth = isArray ? 1 : 2;
  const items: Span[] = [];
  let [depth, key, itemStart, arrayStart, arrayEnd] = [0, '', -1, -1, -1];
  const value = (end: number | null): ScannedValue => ({
    start,
    end,
    items: arrayStart < 0 ? null : items,
    array: arrayStart < 0 ? null : { start: arrayStart, end: arrayEnd < 0 ? text.length : arrayEnd },
  });
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = stringEnd(text, at);
        if (end < 0) return value(null);
        if (depth === 1) key = end - at < 8 ? text.slice(at, end + 1) : '';
        at = end;
        break;
      }
      case OPEN_LIST:
        if (arrayStart < 0 && (isArray ? depth === 0 : depth === 1 && key === '"items"')) arrayStart = at;
        depth++;
        break;
      case OPEN_MAP:
        if (depth === itemDepth && arrayStart >= 0 && arrayEnd < 0) itemStart = at;
        depth++;
        break;
      case CLOSE_MAP:
      case CLOSE_LIST:
        depth--;
        if (depth === itemDepth && itemStart >= 0) {
          items.push({ start: itemStart, end: at + 1 });
          itemStart = -1;
        } else if (depth === itemDepth - 1 && arrayStart >= 0 && arrayEnd < 0) arrayEnd = at + 1;
        if (depth === 0) return value(at + 1);
        break;
    }
  }
  return value(null);
}

function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}
