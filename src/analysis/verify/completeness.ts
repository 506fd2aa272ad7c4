import type { Gap } from '../../cluster/evidence.ts';
import { chainOf } from '../../netfilter/iptables-save/parse-save.ts';
import type { Problem, Ruleset, Table } from '../../netfilter/ruleset.ts';

/** Which parts of a dump can be relied on. */
export interface Completeness {
  /** Why the rules of a chain may not all be there; null: they are. */
  doubt(table: string, chain: string): string | null;
  /** Why a table may not be all there; null: it is. */
  doubtTable(table: string): string | null;
  /** The number of the line that may be cut in the middle, by table. */
  readonly torn: ReadonlyMap<string, number>;
  readonly gaps: readonly Gap[];
}

const NEEDED = ['nat', 'filter'];

/** A dump that breaks off or has unreadable lines says nothing by what is not in it. */
export function completenessOf(ruleset: Ruleset, problems: readonly Problem[]): Completeness {
  const cut = new Map<string, Cut>();
  for (const problem of problems) {
    const table = ruleset.tables.get(cutTable(problem) ?? '');
    if (table !== undefined) cut.set(table.name, cutOf(table));
  }
  const broken = brokenChains(ruleset);
  const absent = (table: string): boolean => !ruleset.tables.has(table);
  const doubtTable = (table: string): string | null => {
    if (absent(table)) return `the dump has no table "${table}"`;
    return cut.has(table) ? `table "${table}" is cut off, without COMMIT` : null;
  };
  const doubt = (table: string, chain: string): string | null => {
    if (absent(table)) return doubtTable(table);
    const end = cut.get(table);
    const empty = (ruleset.tables.get(table)?.chains.get(chain)?.rules.length ?? 0) === 0;
    if (end !== undefined && (empty || !end.grouped || end.last.includes(chain))) return doubtTable(table);
    return broken.has(`${table} ${chain}`) ? `a line of ${table} ${chain} cannot be read` : null;
  };
  return {
    doubt,
    doubtTable,
    torn: new Map([...cut].map(([table, end]) => [table, end.line])),
    gaps: [...tableGaps(ruleset, cut), ...lineGaps(problems), ...listingGap(ruleset), ...warningGaps(ruleset)],
  };
}

/** The parser says which table has no end in the reason of a problem. */
function cutTable({ reason }: Problem): string | null {
  return reason.includes('COMMIT') ? (/ ?table "(?<table>[^"]+)"/.exec(reason)?.groups?.['table'] ?? null) : null;
}

interface Cut {
  /** The chains of the last two rules: the name of the last one may be cut, too. */
  readonly last: readonly string[];
  /** The number of the last line. */
  readonly line: number;
  /** The rules of each chain stand together, as iptables-save prints them: those before the last ones are all there. */
  readonly grouped: boolean;
}

function cutOf({ chains }: Table): Cut {
  const spans = [...chains.values()].flatMap(({ name, rules }) => {
    const [first, last] = [rules[0], rules.at(-1)];
    return first === undefined || last === undefined ? [] : [{ name, first: first.lineNumber, last: last.lineNumber, count: rules.length }];
  });
  spans.sort((a, b) => b.last - a.last);
  return {
    last: spans.slice(0, 2).map((span) => span.name),
    line: spans[0]?.last ?? 0,
    grouped: spans.every((span) => span.last - span.first + 1 === span.count),
  };
}

function brokenChains({ tables }: Ruleset): Set<string> {
  const broken = new Set<string>();
  for (const { name, strays } of tables.values()) {
    for (const stray of strays) {
      const rule = stray.replace(/^\[\d+:\d+\] /, '');
      if (rule.startsWith('-A ')) broken.add(`${name} ${chainOf(rule)}`);
    }
  }
  return broken;
}

function tableGaps(ruleset: Ruleset, cut: ReadonlyMap<string, unknown>): Gap[] {
  return [
    ...NEEDED.filter((table) => !ruleset.tables.has(table)).map((table) => ({
      what: `table "${table}"`,
      why: 'the dump does not have it',
    })),
    ...[...cut.keys()].map((table) => ({
      what: `the rest of table "${table}"`,
      why: 'the dump is cut off there, without COMMIT: rules that seem to be missing are not reported',
    })),
  ];
}

const SHOWN = 5;

function lineGaps(problems: readonly Problem[]): Gap[] {
  const lines = problems.filter((problem) => cutTable(problem) === null);
  const shown = lines.slice(0, SHOWN).map(({ file, line, reason }) => ({ what: `line ${line} of ${file}`, why: reason }));
  const more = lines.length - shown.length;
  return more > 0 ? [...shown, { what: `${more} more lines`, why: 'they cannot be read' }] : shown;
}

function listingGap({ printedBy }: Ruleset): Gap[] {
  if (printedBy !== 'iptables -L') return [];
  return [{ what: 'details of rules', why: 'a listing of iptables -L may leave out interfaces and options; use iptables-save' }];
}

function warningGaps({ warnings }: Ruleset): Gap[] {
  return warnings.map((warning) => ({ what: 'rules of the other iptables backend', why: warning }));
}
