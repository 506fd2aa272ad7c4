import { splitWords } from '../rule/words.ts';
import type { Counters, Parsed } from '../ruleset.ts';
import { addRule, type Builder, declareChain, finish, newBuilder, openTable, stray } from './builder.ts';
import { familyOfCommand, type Group, groupsOf } from './groups.ts';
import { inferTable } from './infer-table.ts';
import { chainOf, familyOfText, type Origin, readSavedRule } from './parse-save.ts';

/** Reads `iptables -S` (also `-v`): one table without a name, or several one after another. */
export function parseDashS(text: string, origin: Origin): Parsed {
  const builder = newBuilder(origin.file);
  const groups = groupsOf(text, (line) => /^-[PN] (\S+)/.exec(line)?.[1] ?? null);
  const wanted = groups.length === 1 ? (origin.table ?? null) : null;
  for (const group of groups) readGroup(builder, group, wanted);
  return finish(builder, { family: origin.family ?? familyOfCommand(text) ?? familyOfText(text), backend: null, printedBy: 'iptables -S' });
}

function readGroup(builder: Builder, group: Group, wanted: string | null): void {
  const name = wanted ?? group.table ?? inferTable(group.chains, group.held.map((held) => held.line).join('\n')) ?? 'filter';
  const table = openTable(builder, name);
  for (const { line, lineNumber } of group.held) {
    builder.lineNumber = lineNumber;
    readLine(builder, table, line);
  }
}

function readLine(builder: Builder, table: ReturnType<typeof openTable>, line: string): void {
  const policy = /^-P (\S+) (\S+)(?: -c (\d+) (\d+))?\s*$/.exec(line);
  const chain = /^-N (\S+)\s*$/.exec(line);
  if (line.startsWith('# Warning: ')) builder.warnings.push(line.slice('# Warning: '.length));
  if (line.trim() === '' || line.startsWith('#')) return;
  if (policy !== null) {
    const opened = declareChain(table, policy[1] ?? '');
    opened.policy = policy[2] ?? null;
    opened.counters = policy[3] === undefined ? null : { packets: Number(policy[3]), bytes: Number(policy[4]) };
  } else if (chain !== null) declareChain(table, chain[1] ?? '');
  else if (line.startsWith('-A ')) readRule(builder, table, line);
  else stray(builder, line, 'a line of "iptables -S" begins with -P, -N or -A');
}

function readRule(builder: Builder, table: ReturnType<typeof openTable>, line: string): void {
  const name = chainOf(line);
  if (line.includes('\0') || splitWords(line).unclosed) stray(builder, line, 'a quote is not closed, or the line holds NUL bytes');
  else if (name === '') stray(builder, line, 'a rule without a chain');
  else addRule(table, declareChain(table, name), { line, lineNumber: builder.lineNumber, counters: countersOf(line), read: readSavedRule });
}

/** `iptables -S -v` writes `-c PACKETS BYTES` among a rule's words. */
function countersOf(line: string): Counters | null {
  if (!line.includes(' -c ')) return null;
  const { words } = splitWords(line);
  const at = words.findIndex((word) => word.raw === '-c');
  const [packets, bytes] = [Number(words[at + 1]?.text), Number(words[at + 2]?.text)];
  return at >= 0 && Number.isInteger(packets) && Number.isInteger(bytes) ? { packets, bytes } : null;
}
