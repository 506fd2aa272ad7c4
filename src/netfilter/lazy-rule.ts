import type { Counters, Rule, RuleSpec } from './ruleset.ts';

/** What is known of a rule before its words are read. `words` is what stands behind the chain's name. */
export interface RuleLine {
  readonly table: string;
  readonly chain: string;
  readonly line: string;
  readonly lineNumber: number;
  readonly counters: Counters | null;
}

/**
 * A rule that reads its words when they are asked for. A class because a dump can hold 170,000 rules, of which one trace looks at a few
 * hundred: a shared getter costs nothing per rule, a closure or an eager parse does.
 */
class LazyRule implements Rule {
  readonly table: string;
  readonly chain: string;
  readonly line: string;
  readonly lineNumber: number;
  readonly counters: Counters | null;
  private read: ((line: string) => RuleSpec) | null;
  private known: RuleSpec | null = null;

  constructor(line: RuleLine, read: (line: string) => RuleSpec) {
    this.table = line.table;
    this.chain = line.chain;
    this.line = line.line;
    this.lineNumber = line.lineNumber;
    this.counters = line.counters;
    this.read = read;
  }

  get spec(): RuleSpec {
    if (this.known === null) {
      this.known = this.read?.(this.line) ?? { matches: [], target: { kind: 'none' } };
      this.read = null;
    }
    return this.known;
  }
}

/** A rule whose words are read by `read` when first asked for. */
export function lazyRule(line: RuleLine, read: (line: string) => RuleSpec): Rule {
  return new LazyRule(line, read);
}
