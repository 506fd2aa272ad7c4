import utils from 'cli-table3/src/utils.js';

const ASCII = /^[\x20-\x7e]*$/;

/** Columns on a terminal. The same measure as cli-table3's, or its tables and our lines would disagree about wide characters. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : utils.strlen(text);
}

/**
 * Breaks text between words, at U+00A0 only where what it ties together is too long for a line, and inside a word only where
 * the word alone is. Never an empty result.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  const words = text.split(/ +/).flatMap((word) => (widthOf(word) <= width ? [word] : word.split('\u00a0')));
  for (const word of words) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = breakWord(word, width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  lines.push(line);
  return lines.map(plainSpaces);
}

/** No-break spaces have done their work once lines are broken. */
export function plainSpaces(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

/** Wrapped lines, the first behind `first`, the others indented to the same column. */
export function hang(first: string, text: string, width: number): string[] {
  const indent = widthOf(first);
  return wrap(text, Math.max(8, width - indent)).map((line, i) => (i === 0 ? first : ' '.repeat(indent)) + line);
}

/** Cut to a width, with a mark where something is missing. */
export function cut(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text;
  const [head = ''] = breakWord(text, Math.max(1, width - widthOf(ellipsis)));
  return head + ellipsis;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** `a, b (+17 more)`. */
export function foldList(items: readonly string[], shown: number): string {
  if (items.length <= shown + 1) return items.join(', ');
  return `${items.slice(0, shown).join(', ')} (+${count(items.length - shown)} more)`;
}

/** `4,960`: without the locale, so that output is the same everywhere. */
export function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Shares as people say them: whole percents, but never 0% or 100% for what is not. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%';
  if (share < 1 && share > 0.99) return '>99%';
  return `${Math.round(share * 100)}%`;
}

export function unique<T>(items: Iterable<T>): T[] {
  return [...new Set(items)];
}

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Widths add up, or come out a little too wide where characters combine: a piece is never wider than asked. */
function breakWord(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const pieces: string[] = [];
  let [piece, taken] = ['', 0];
  for (const char of word) {
    const next = widthOf(char);
    if (piece !== '' && taken + next > width) {
      pieces.push(piece);
      [piece, taken] = ['', 0];
    }
    piece += char;
    taken += next;
  }
  return [...pieces, piece];
}
