import type { Family } from '../net/ip.ts';
import type { Match } from './rule/match-kinds.ts';
import type { Target } from './rule/target-kinds.ts';

/** Packets and bytes that a rule or a policy has seen. */
export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

/** What a rule says: all matches must hold for the target to be taken. In the order in which the rule has them. */
export interface RuleSpec {
  readonly matches: readonly Match[];
  readonly target: Target;
}

/** One rule of a node. `spec` is read from the line when it is first asked for, so that a dump of 170,000 rules costs only the rules that are looked at. */
export interface Rule {
  readonly table: string;
  readonly chain: string;
  /** The line as the node printed it, without counters in front. */
  readonly line: string;
  /** 1-based, in the text that was read. */
  readonly lineNumber: number;
  readonly counters: Counters | null;
  readonly spec: RuleSpec;
}

/** A chain; only built-in chains have a policy. */
export interface Chain {
  readonly name: string;
  readonly policy: string | null;
  readonly counters: Counters | null;
  readonly rules: readonly Rule[];
}

/** A table; `strays` are lines inside it that are no rule, no chain and no comment, kept as they stand. */
export interface Table {
  readonly name: string;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly strays: readonly string[];
}

/** Which program printed the rules. */
export type Printer = 'iptables-save' | 'iptables -S' | 'iptables -L';

/** The rules of one node and one family. */
export interface Ruleset {
  /** Null when the text does not say. */
  readonly family: Family | null;
  readonly backend: 'nft' | 'legacy' | null;
  readonly printedBy: Printer;
  readonly tables: ReadonlyMap<string, Table>;
  /** Warnings that the program printed (the other backend has tables too…). */
  readonly warnings: readonly string[];
  /** Lines outside every table that are no comment, kept as they stand. */
  readonly strays: readonly string[];
}

/** A line that could not be read; the rest of the text was. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  /** The line as it stands, cut to a readable length. */
  readonly text: string;
}

/** The rules and what could not be read of them. */
export interface Parsed {
  readonly ruleset: Ruleset;
  readonly problems: readonly Problem[];
}

/** A ruleset without a table: nothing matches, everything is accepted. */
export function emptyRuleset(family: Family): Ruleset {
  return { family, backend: null, printedBy: 'iptables-save', tables: new Map(), warnings: [], strays: [] };
}
