import type { CommandEntry, FlagEntry } from './manifest.ts';

/** The words of a command before the one under the cursor, and that one. */
export interface Typed {
  /** Values by flag name; a boolean flag has an empty list. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly args: readonly string[];
  readonly current: Current;
}

/** What is being typed. `lead` stands before the value in the same word and belongs to every suggestion (`-n` of `-nshop`). */
export type Current =
  | { readonly kind: 'argument'; readonly partial: string }
  | { readonly kind: 'flag'; readonly partial: string }
  | { readonly kind: 'value'; readonly flag: FlagEntry; readonly partial: string; readonly lead: string };

/** Reads words as the parser of the command line would, however unfinished they are. */
export function readWords(words: readonly string[], command: CommandEntry): Typed {
  const flags = new Map<string, string[]>();
  const args: string[] = [];
  const before = words.slice(0, -1);
  let waiting: FlagEntry | null = null;
  let onlyArgs = false;
  for (const word of before) {
    if (waiting !== null) {
      flags.get(waiting.name)?.push(word);
      waiting = null;
    } else if (onlyArgs || !word.startsWith('-') || word === '-') {
      args.push(word);
    } else if (word === '--') {
      onlyArgs = true;
    } else {
      waiting = takeFlag(word, command, flags);
    }
  }
  return { flags, args, current: currentOf(words.at(-1) ?? '', command, { waiting, onlyArgs }) };
}

/** Notes a flag; returns it when its value is the next word. */
function takeFlag(word: string, command: CommandEntry, flags: Map<string, string[]>): FlagEntry | null {
  const parts = splitFlag(word, command);
  if (parts === null) return null;
  const values = flags.get(parts.flag.name) ?? [];
  flags.set(parts.flag.name, values);
  if (parts.flag.type === 'boolean') return null;
  if (parts.value === null) return parts.flag;
  values.push(parts.value);
  return null;
}

interface Parts {
  readonly flag: FlagEntry;
  /** Null: the next word is. */
  readonly value: string | null;
  /** What stands before the value and is not taken away by shells, as `--flag=` is. */
  readonly lead: string;
}

function splitFlag(word: string, command: CommandEntry): Parts | null {
  const equals = word.indexOf('=');
  if (word.startsWith('--')) {
    const flag = command.flags[equals < 0 ? word.slice(2) : word.slice(2, equals)];
    return flag === undefined ? null : { flag, value: equals < 0 ? null : word.slice(equals + 1), lead: '' };
  }
  const flag = Object.values(command.flags).find(({ char }) => char === word[1]);
  if (flag === undefined) return null;
  if (word.length === 2) return { flag, value: null, lead: '' };
  return word[2] === '=' ? { flag, value: word.slice(3), lead: '' } : { flag, value: word.slice(2), lead: word.slice(0, 2) };
}

interface State {
  readonly waiting: FlagEntry | null;
  readonly onlyArgs: boolean;
}

function currentOf(partial: string, command: CommandEntry, { waiting, onlyArgs }: State): Current {
  if (waiting !== null) return { kind: 'value', flag: waiting, partial, lead: '' };
  if (onlyArgs || !partial.startsWith('-')) return { kind: 'argument', partial };
  const parts = splitFlag(partial, command);
  if (parts === null || parts.value === null || parts.flag.type === 'boolean') return { kind: 'flag', partial };
  return { kind: 'value', flag: parts.flag, partial: parts.value, lead: parts.lead };
}
