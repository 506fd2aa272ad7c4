import type { declareChain } from './builder.ts';

/** The chain of the line before: rules of one chain stand together. */
export interface LastChain {
  name: string;
  chain: ReturnType<typeof declareChain> | null;
}

/** The lines of a text one by one, without their ends (LF or CRLF) and without a byte order mark. */
export function* lines(text: string): Generator<string> {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    yield text.charCodeAt(end - 1) === 13 /* CR */ && end > start ? text.slice(start, end - 1) : text.slice(start, end);
    start = end + 1;
  }
}
