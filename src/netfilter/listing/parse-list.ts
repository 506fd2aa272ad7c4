import { type Family, familyOf } from '../../net/ip.ts';
import { addRule, type Builder, declareChain, finish, newBuilder, openTable, stray } from '../iptables-save/builder.ts';
import { familyOfCommand, type Group, groupsOf } from '../iptables-save/groups.ts';
import { inferTable } from '../iptables-save/infer-table.ts';
import { lines } from '../iptables-save/lines.ts';
import type { Origin } from '../iptables-save/parse-save.ts';
import { parseNetwork } from '../rule/network.ts';
import type { Parsed, RuleSpec } from '../ruleset.ts';
import { type Columns, columnsOf, countersFrom, readColumns } from './columns.ts';
import { readRow } from './read-row.ts';

const CHAIN = /^Chain (?<name>.+) \((?:policy (?<policy>\S+)(?: (\d+)([KMGT]?) packets, (\d+)([KMGT]?) bytes)?|-?\d+ references|.*)\)\s*$/;

/** No listing has longer lines: iptables takes at most 256 characters of comment. */
const LONGEST = 8192;

/** The chain whose heading this line is. */
export function listedChain(line: string): string | null {
  return line.startsWith('Chain ') && line.length <= LONGEST ? (CHAIN.exec(line)?.groups?.['name'] ?? null) : null;
}

/** Reads `iptables -L` (with `-n`; `-v`, `-x` and `--line-numbers` as you like): one table, or several one after another. */
export function parseListing(text: string, origin: Origin): Parsed {
  const builder = newBuilder(origin.file);
  const groups = groupsOf(text, listedChain);
  const wanted = groups.length === 1 ? (origin.table ?? null) : null;
  for (const group of groups) readGroup(builder, group, wanted);
  return finish(builder, {
    family: origin.family ?? familyOfCommand(text) ?? familyOfListing(text),
    backend: null,
    printedBy: 'iptables -L',
  });
}

/** The family of the first address that a row shows. */
function familyOfListing(text: string): Family | null {
  for (const line of lines(text)) {
    const words = line.length > LONGEST || line.startsWith('Chain ') ? [] : line.split(/\s+/);
    const address = words.map((word) => parseNetwork(word.replace(/^!/, ''))).find((network) => network !== null);
    if (address !== undefined) return familyOf(address.address);
  }
  return null;
}

interface Place {
  readonly table: ReturnType<typeof openTable>;
  chain: ReturnType<typeof declareChain> | null;
  columns: Columns | null;
}

function readGroup(builder: Builder, group: Group, wanted: string | null): void {
  const name = wanted ?? group.table ?? inferTable(group.chains, group.held.map((held) => held.line).join('\n')) ?? 'filter';
  const place: Place = { table: openTable(builder, name), chain: null, columns: null };
  for (const { line, lineNumber } of group.held) {
    builder.lineNumber = lineNumber;
    readLine(builder, place, line);
  }
}

function readLine(builder: Builder, place: Place, line: string): void {
  if (line.trim() === '') return;
  if (line.startsWith('# Warning: ')) builder.warnings.push(line.slice('# Warning: '.length));
  else if (line.startsWith('Chain ')) openChain(builder, place, line);
  else {
    const heading = columnsOf(line);
    if (heading !== null) place.columns = heading;
    else readRule(builder, place, line);
  }
}

function openChain(builder: Builder, place: Place, line: string): void {
  const found = line.length > LONGEST ? null : CHAIN.exec(line);
  const name = found?.groups?.['name'];
  place.columns = null;
  place.chain = null;
  if (found === null || name === undefined) {
    stray(builder, line, 'a chain of a listing is "Chain NAME (policy …)" or "Chain NAME (N references)"');
    return;
  }
  place.chain = declareChain(place.table, name);
  place.chain.policy = found.groups?.['policy'] ?? null;
  place.chain.counters = found[3] === undefined ? null : countersFrom(found.slice(3));
}

function readRule(builder: Builder, { table, chain, columns }: Place, line: string): void {
  if (line.length > LONGEST) stray(builder, line, 'the line is longer than any that iptables prints');
  else if (line.includes('\0')) stray(builder, line, 'the line holds NUL bytes');
  else if (chain === null) stray(builder, line, 'a row outside every chain');
  else if (columns === null) stray(builder, line, 'a row without the heading "target prot opt …" above it');
  else {
    const row = readColumns(line, columns);
    if (row === null) stray(builder, line, 'the row has other columns than its heading');
    else addRule(table, chain, { line, lineNumber: builder.lineNumber, counters: row.counters, read: READERS[key(columns)] });
  }
}

type Key = 'plain' | 'plain numbered' | 'verbose' | 'verbose numbered';

function key({ verbose, numbered }: Columns): Key {
  return `${verbose ? 'verbose' : 'plain'}${numbered ? ' numbered' : ''}`;
}

const READERS: Readonly<Record<Key, (line: string) => RuleSpec>> = {
  plain: (line) => readRow(line, { verbose: false, numbered: false }),
  'plain numbered': (line) => readRow(line, { verbose: false, numbered: true }),
  verbose: (line) => readRow(line, { verbose: true, numbered: false }),
  'verbose numbered': (line) => readRow(line, { verbose: true, numbered: true }),
};
