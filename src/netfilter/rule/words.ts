/** One word of a rule: as printed, and what it says without quotes and escapes. */
export interface Word {
  readonly raw: string;
  readonly text: string;
}

const SPACE = /[ \t]/;

/** Splits a rule into words as iptables-restore does: blanks separate, `"…"` holds together, a backslash inside quotes takes the next character as it is. */
export function splitWords(line: string): { readonly words: readonly Word[]; readonly unclosed: boolean } {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (SPACE.test(line[at] ?? '')) {
      at++;
      continue;
    }
    const word = wordAt(line, at);
    words.push(word.word);
    if (word.unclosed) return { words, unclosed: true };
    at = word.end;
  }
  return { words, unclosed: false };
}

const PLAIN = /[^ \t"]*/y;

function wordAt(line: string, start: number): { readonly word: Word; readonly end: number; readonly unclosed: boolean } {
  PLAIN.lastIndex = start;
  const plain = PLAIN.exec(line)?.[0] ?? '';
  const after = start + plain.length;
  if (after >= line.length || SPACE.test(line[after] ?? '')) return { word: { raw: plain, text: plain }, end: after, unclosed: false };
  return quotedWord(line, start);
}

function quotedWord(line: string, start: number): { readonly word: Word; readonly end: number; readonly unclosed: boolean } {
  let quoted = false;
  let text = '';
  let at = start;
  for (; at < line.length; at++) {
    const char = line[at] ?? '';
    if (!quoted && SPACE.test(char)) break;
    if (char === '\\' && quoted) text += line[++at] ?? '';
    else if (char === '"') quoted = !quoted;
    else text += char;
  }
  return { word: { raw: line.slice(start, at), text }, end: at, unclosed: quoted };
}

/** iptables-save leaves these characters unquoted and quotes every other string (xtables_save_string). */
const UNQUOTED = /^[\w-]+$/;

/** A string as iptables-save prints it. */
export function quoteString(text: string): string {
  return UNQUOTED.test(text) ? text : `"${text.replace(/["'\\]/g, '\\$&')}"`;
}

/** A value that iptables-save prints bare (addresses, names): quoted only where it would not be one word otherwise. */
export function bareWord(text: string): string {
  return text === '' || /[\s"]/.test(text) ? quoteString(text) : text;
}
