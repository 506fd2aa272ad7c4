// Control, format (bidi, zero-width, tags) and surrogate characters, line and paragraph separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Nothing but printable ASCII: what nearly all text is, and quick to tell. */
const PLAIN = /^[ -~]*$/;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text that cannot move the cursor, change colours, ring or reorder what is shown: such characters become visible escapes. */
export function safeText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, (char) => SHORT[char] ?? visibleEscape(char.codePointAt(0) ?? 0));
}

/** Whether `safeText` would change it. */
export function isUnsafe(text: string): boolean {
  return text.search(UNSAFE) >= 0;
}

/** The same JSON text with every such character as a JSON escape; line feeds are the text's own layout. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE, (char) => (char === '\n' ? char : utf16Escape(char)));
}

/** A double-quoted scalar that YAML 1.1, YAML 1.2 and JSON (below U+10000) read alike. */
export function quotedScalar(text: string): string {
  return JSON.stringify(text).replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
}

/** Applies a function to every string in a value, however deep. */
export function mapStrings<T>(value: T, change: (text: string) => string): T {
  return mapped(value, change) as T;
}

/** What a change leaves as it is, is not copied: most of a report never needs one. */
function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? mappedItems(value, change) : mappedFields(value as Readonly<Record<string, unknown>>, change);
}

function mappedItems(items: readonly unknown[], change: (text: string) => string): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (let at = 0; at < items.length; at++) {
    const before = items[at];
    const after = mapped(before, change);
    if (after !== before) copy ??= items.slice();
    if (copy !== null) copy[at] = after;
  }
  return copy ?? items;
}

function mappedFields(fields: Readonly<Record<string, unknown>>, change: (text: string) => string): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(fields)) {
    const before = fields[key];
    const after = mapped(before, change);
    if (after !== before) copy ??= { ...fields };
    if (copy !== null) copy[key] = after;
  }
  return copy ?? fields;
}

function visibleEscape(code: number): string {
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 1)}}`;
}

function utf16Escape(char: string): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${hex(char.charCodeAt(i), 4)}`).join('');
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
