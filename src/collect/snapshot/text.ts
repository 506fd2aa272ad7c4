const BINARY_WINDOW = 8192;

/** Text from a file for one line of a message: no control characters, no direction overrides, bounded. */
export function printable(text: string, limit = 300): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '?');
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

/**
 * The text of a file with plain line feeds, or null for a binary.
 * UTF-16 with a byte order mark is what `>` writes in Windows PowerShell.
 */
export function decodeText(bytes: Buffer): string | null {
  const text = decode(bytes);
  return text?.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** Whether these first bytes belong to a binary file. */
export function isBinary(head: Buffer): boolean {
  return !hasUtf16Mark(head) && head.subarray(0, BINARY_WINDOW).includes(0);
}

/** The line, counted from 1, in which this offset lies. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function decode(bytes: Buffer): string | null {
  if (isBinary(bytes)) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (hasUtf16Mark(bytes))
    return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
      .swap16()
      .toString('utf16le');
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start);
}

function hasUtf16Mark(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}
