/** White space, control characters, and the ones that reorder text on a terminal. */
const UNSAFE = /[\s\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;
const LONGEST = 1000;

/** Text from a server, a file or a program on one line: safe to print, of bounded length. */
export function clean(text: string): string {
  const flat = text
    .slice(0, LONGEST * 4)
    .replace(UNSAFE, ' ')
    .trim();
  return flat.length > LONGEST ? `${flat.slice(0, LONGEST)}…` : flat;
}

/** A name in double quotes, safe to print. */
export function quoted(name: string): string {
  return `"${clean(name)}"`;
}

/** The message of whatever was thrown, on one line. */
export function messageOf(error: unknown): string {
  return clean(error instanceof Error ? error.message : String(error));
}

/** `ENOENT` and the like; an empty string when there is none. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** What the operating system says, in the words that kubectl prints. */
export function fileTrouble(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'is a directory';
    default:
      return messageOf(error);
  }
}

export type Json = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
