// Control, format (bidi, zero-width, tags) and surrogate characters, line and paragraph separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text that cannot move the cursor, change colours, ring or reorder what is shown: such characters become visible escapes. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (char) => SHORT[char] ?? visibleEscape(char.codePointAt(0) ?? 0));
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

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, change)]));
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
