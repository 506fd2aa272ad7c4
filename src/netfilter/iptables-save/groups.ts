import type { Family } from '../../net/ip.ts';
import { startsNewTable } from './infer-table.ts';
import { lines } from './lines.ts';

export interface HeldLine {
  readonly line: string;
  readonly lineNumber: number;
}

/** The lines of one table in a text that does not name its tables. */
export interface Group {
  readonly chains: string[];
  readonly held: HeldLine[];
  /** From a command that was copied along with its output. */
  readonly table: string | null;
}

/** Splits a text that shows one table after another: a chain that does not fit to those before it, or a command, begins the next. */
export function groupsOf(text: string, chainIn: (line: string) => string | null): readonly Group[] {
  const groups: Group[] = [{ chains: [], held: [], table: null }];
  let lineNumber = 0;
  for (const line of lines(text)) {
    lineNumber++;
    const command = commandOf(line);
    if (command !== null) {
      groups.push({ chains: [], held: [], table: command.table });
      continue;
    }
    const chain = chainIn(line);
    if (chain !== null && startsNewTable(groups.at(-1)?.chains ?? [], chain)) groups.push({ chains: [], held: [], table: null });
    if (chain !== null) groups.at(-1)?.chains.push(chain);
    groups.at(-1)?.held.push({ line, lineNumber });
  }
  return groups.filter((group) => group.held.length > 0);
}

const COMMAND = /^\s*(?:\S*[#$>%]\s*)?(?:sudo\s+)?(?:\/\S+\/)?(ip6?tables)(?:-nft|-legacy)?\s+-/;
const TABLE = /\s(?:-t\s*|--table[\s=]\s*)(\w+)/;

/** The table and family that a copied command line asks for, or a heading `Table: nat`. */
export function commandOf(line: string): { readonly table: string; readonly family: Family | null } | null {
  const heading = /^Table: (\w+)\s*$/.exec(line);
  if (heading !== null) return { table: heading[1] ?? 'filter', family: null };
  const program = COMMAND.exec(line)?.[1];
  return program === undefined ? null : { table: TABLE.exec(line)?.[1] ?? 'filter', family: program === 'ip6tables' ? 6 : 4 };
}

/** The family that the first copied command shows. */
export function familyOfCommand(text: string): Family | null {
  for (const line of lines(text)) {
    const family = commandOf(line)?.family ?? null;
    if (family !== null) return family;
  }
  return null;
}
