import { lazyRule } from '../lazy-rule.ts';
import type { Chain, Counters, Problem, Rule, RuleSpec, Ruleset, Table } from '../ruleset.ts';

interface OpenChain {
  readonly name: string;
  policy: string | null;
  counters: Counters | null;
  readonly rules: Rule[];
}

interface OpenTable {
  readonly name: string;
  readonly chains: Map<string, OpenChain>;
  readonly strays: string[];
}

/** A ruleset while it is being read, and where the reader stands. */
export interface Builder {
  readonly file: string;
  readonly tables: Map<string, OpenTable>;
  readonly warnings: string[];
  readonly strays: string[];
  readonly problems: Problem[];
  table: OpenTable | null;
  lineNumber: number;
}

export function newBuilder(file: string): Builder {
  return { file, tables: new Map(), warnings: [], strays: [], problems: [], table: null, lineNumber: 0 };
}

/** Opens a table, or goes on with it when it is there already. */
export function openTable(builder: Builder, name: string): OpenTable {
  const known = builder.tables.get(name);
  builder.table = known ?? { name, chains: new Map(), strays: [] };
  builder.tables.set(name, builder.table);
  return builder.table;
}

export function declareChain(table: OpenTable, name: string): OpenChain {
  const known = table.chains.get(name);
  if (known !== undefined) return known;
  const chain: OpenChain = { name, policy: null, counters: null, rules: [] };
  table.chains.set(name, chain);
  return chain;
}

/** Adds a rule to its chain; returns the chain, so that the next rule need not look it up. */
export function addRule(
  table: OpenTable,
  chain: OpenChain,
  rule: {
    readonly line: string;
    readonly lineNumber: number;
    readonly counters: Counters | null;
    readonly read: (line: string) => RuleSpec;
  },
): void {
  chain.rules.push(
    lazyRule({ table: table.name, chain: chain.name, line: rule.line, lineNumber: rule.lineNumber, counters: rule.counters }, rule.read),
  );
}

const SHOWN = 160;

/** Notes a line that could not be read, and keeps its text. */
export function stray(builder: Builder, line: string, reason: string): void {
  problem(builder, line, reason);
  (builder.table?.strays ?? builder.strays).push(line);
}

/** Notes something wrong about a line that is read all the same. */
export function problem(builder: Builder, line: string, reason: string): void {
  const text = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
  // A node's text reaches terminals through this.
  builder.problems.push({
    file: builder.file,
    line: builder.lineNumber,
    reason,
    text: text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd'),
  });
}

export function finish(
  builder: Builder,
  about: Pick<Ruleset, 'family' | 'backend' | 'printedBy'>,
): { readonly ruleset: Ruleset; readonly problems: readonly Problem[] } {
  const tables = new Map<string, Table>();
  for (const table of builder.tables.values())
    tables.set(table.name, { name: table.name, chains: table.chains as ReadonlyMap<string, Chain>, strays: table.strays });
  return { ruleset: { ...about, tables, warnings: builder.warnings, strays: builder.strays }, problems: builder.problems };
}
