import { printRule } from '../rule/print-rule.ts';
import { bareWord } from '../rule/words.ts';
import type { Chain, Counters, Ruleset, Table } from '../ruleset.ts';

/** Options of {@link printIptablesSave}. */
export interface PrintOptions {
  /** As `iptables-save -c`: counters in front of each rule. */
  readonly counters?: boolean;
}

/** The ruleset in iptables-save's normal form; lines that were not understood stand in their table as they were. */
export function printIptablesSave(ruleset: Ruleset, options: PrintOptions = {}): string {
  const warnings = ruleset.warnings.map((warning) => `# Warning: ${warning}`);
  const tables = [...ruleset.tables.values()].flatMap((table) => printTable(table, options));
  return [...warnings, ...ruleset.strays, ...tables].map((line) => `${line}\n`).join('');
}

function printTable(table: Table, options: PrintOptions): readonly string[] {
  const chains = [...table.chains.values()];
  const declarations = chains.map((chain) => `:${bareWord(chain.name)} ${chain.policy ?? '-'} ${printCounters(chain.counters)}`);
  return [`*${table.name}`, ...declarations, ...chains.flatMap((chain) => printRules(chain, options)), ...table.strays, 'COMMIT'];
}

function printRules(chain: Chain, options: PrintOptions): readonly string[] {
  return chain.rules.map(
    (rule) => `${options.counters === true ? `${printCounters(rule.counters)} ` : ''}${printRule(chain.name, rule.spec)}`,
  );
}

function printCounters(counters: Counters | null): string {
  return `[${counters?.packets ?? 0}:${counters?.bytes ?? 0}]`;
}
