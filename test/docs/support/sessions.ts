import type { Block } from './markdown.ts';

/** One command line of a block, and what the page shows of its answer. */
export interface Command {
  /** As a shell takes it. */
  readonly line: string;
  /** Lines below it in a console block; null in an sh block, which shows none. */
  readonly shown: readonly string[] | null;
  /** Index of its first shown line within the page's lines. */
  readonly shownAt: number;
  readonly exit: number;
}

/** The commands of an sh or console block, in order. */
export function commandsOf(block: Block): Command[] {
  const found = block.language === 'console' ? consoleCommands(block) : shellCommands(block);
  const exits = (block.marks['exit'] ?? '0').split(' ').map(Number);
  return found.map((command, index) => ({ ...command, exit: exits[index] ?? exits.at(-1) ?? 0 }));
}

type Found = Omit<Command, 'exit'>;

function shellCommands({ lines, start }: Block): Found[] {
  const found: Found[] = [];
  let line = '';
  lines.forEach((each, index) => {
    line += each;
    if (line.endsWith('\\')) {
      line = `${line.slice(0, -1)} `;
      return;
    }
    if (line.trim() !== '' && !line.trim().startsWith('#')) found.push({ line: line.trim(), shown: null, shownAt: start + index + 1 });
    line = '';
  });
  return found;
}

function consoleCommands({ lines, start }: Block): Found[] {
  const found: { line: string; shown: string[]; shownAt: number }[] = [];
  lines.forEach((each, index) => {
    const last = found.at(-1);
    if (each.startsWith('$ ')) found.push({ line: each.slice(2), shown: [], shownAt: start + index + 1 });
    else if (last !== undefined && last.shown.length === 0 && last.line.endsWith('\\')) {
      last.line = `${last.line.slice(0, -1)} ${each.replace(/^> ?/, '').trim()}`;
      last.shownAt = start + index + 1;
    } else if (last !== undefined) last.shown.push(each);
  });
  return found.map((command) => ({ ...command, shown: trimmed(command.shown) }));
}

/** Without the empty lines at the end, which divide commands. */
function trimmed(lines: readonly string[]): readonly string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, end + 1);
}

/** Stands for any lines, or alone at the end of a line for the rest of it. */
const ANYTHING = '…';

/** Where the real answer is not as shown; null where it is. A line `…` stands for any number of lines. */
export function differs(shown: readonly string[], real: readonly string[]): string | null {
  const parts = split(shown);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const found = index === 0 ? (startsAt(real, 0, part) ? 0 : -1) : last ? real.length - part.length : find(real, at, part);
    if (found < at || !startsAt(real, found, part))
      return part.find((line) => !real.some((other) => same(line, other))) ?? `order: ${part[0]}`;
    at = found + part.length;
  }
  const complete = parts.length > 1 || at === real.length;
  return complete ? null : `not shown: ${real[at]}`;
}

function split(lines: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (line.trim() === ANYTHING) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

function find(real: readonly string[], from: number, part: readonly string[]): number {
  for (let at = from; at + part.length <= real.length; at += 1) if (startsAt(real, at, part)) return at;
  return -1;
}

function startsAt(real: readonly string[], at: number, part: readonly string[]): boolean {
  return at >= 0 && part.every((line, index) => same(line, real[at + index]));
}

function same(shown: string, real: string | undefined): boolean {
  return real !== undefined && shown.trimEnd() === real.trimEnd();
}

/** The lines to show instead: as many as before where the answer is cut off at the end; null where a person has to choose. */
export function renewed(shown: readonly string[], real: readonly string[]): readonly string[] | null {
  const cuts = shown.filter((line) => line.trim() === ANYTHING).length;
  if (cuts === 0) return real;
  if (cuts === 1 && shown.at(-1)?.trim() === ANYTHING) return [...real.slice(0, Math.max(shown.length - 1, 1)), shown.at(-1) ?? ANYTHING];
  return null;
}
