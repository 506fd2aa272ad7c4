import type { Clue } from './era-clues.ts';
import { CLUES } from './era-clues.ts';
import type { EraSettings, Reading } from './era-settings.ts';
import { isV6, newReading, readLine, settingsOf } from './era-settings.ts';
import type { Table } from './types.ts';

/** The lines of a dump by table: `:CHAIN …` and `-A CHAIN …` as iptables-save prints them, counters in front or not. */
export type DumpLines = Readonly<Partial<Record<Table, Iterable<string>>>>;

/** One thing in a dump that tells a version; `weak` where somebody's change of the rules would look the same, so that it bounds nothing. */
export interface EraEvidence {
  readonly means: string;
  readonly minMinor: number | null;
  readonly maxMinor: number | null;
  /** The line that shows it; null for what is missing. */
  readonly line: string | null;
  readonly weak: boolean;
}

/** What a dump says about the kube-proxy that wrote it; null: it does not show. With minMinor > maxMinor, rules of several versions stand in it. */
export interface Era extends EraSettings {
  /** The rules are those of iptables mode (ipvs mode has chains of the same names); null: no chain of kube-proxy at all. */
  readonly iptablesMode: boolean | null;
  readonly minMinor: number | null;
  readonly maxMinor: number | null;
  readonly evidence: readonly EraEvidence[];
}

/** Reads version range and configuration of kube-proxy from a dump of one family (facts §10.2). */
export function eraOf(dump: DumpLines): Era {
  const reading = newReading();
  const found: EraEvidence[] = [];
  for (const table of ['filter', 'nat'] as const) {
    let open = CLUES.filter((clue) => clue.table === table);
    // Rules of a chain stand together: those of the open clues that may show there.
    let chain = '';
    let near: readonly Clue[] = [];
    for (const raw of dump[table] ?? []) {
      const line = raw.startsWith('[') ? raw.slice(raw.indexOf('] ') + 2) : raw;
      readLine(reading, table, line);
      if (!line.startsWith('-A ')) continue;
      const name = line.slice(3, line.indexOf(' ', 3));
      if (name !== chain) {
        chain = name;
        near = open.filter((clue) => name.startsWith(clue.chain));
      }
      const clue = near.find((candidate) => shows(candidate, line));
      if (clue === undefined) continue;
      found.push(evidenceOf(clue, line));
      open = open.filter((candidate) => candidate !== clue && !showsAlso(candidate, line, found));
      near = open.filter((candidate) => name.startsWith(candidate.chain));
    }
  }
  const iptablesMode = reading.anyChain ? reading.iptablesMode : null;
  const evidence = [...found, ...absences(reading)];
  const bounds = iptablesMode === true ? evidence.filter((entry) => !entry.weak) : [];
  return {
    ...settingsOf(reading),
    iptablesMode,
    minMinor: extreme(
      bounds.map((entry) => entry.minMinor),
      Math.max,
    ),
    maxMinor: extreme(
      bounds.map((entry) => entry.maxMinor),
      Math.min,
    ),
    evidence,
  };
}

function shows({ chain, pattern }: Clue, line: string): boolean {
  return line.startsWith(`-A ${chain}`) && pattern.test(line);
}

/** One line may show several things. */
function showsAlso(clue: Clue, line: string, found: EraEvidence[]): boolean {
  if (!shows(clue, line)) return false;
  found.push(evidenceOf(clue, line));
  return true;
}

function evidenceOf({ means, minMinor, maxMinor }: Clue, line: string): EraEvidence {
  return { means, minMinor: minMinor ?? null, maxMinor: maxMinor ?? null, line, weak: false };
}

/** What is not there tells, too: chains that kube-proxy declares at every sync surely, single rules weakly. */
function absences(reading: Reading): EraEvidence[] {
  if (!reading.iptablesMode || !reading.filterChains.has('KUBE-FORWARD')) return [];
  const missing = (means: string, bounds: { readonly min?: number; readonly max?: number }, weak: boolean): EraEvidence => ({
    means,
    minMinor: bounds.min ?? null,
    maxMinor: bounds.max ?? null,
    line: null,
    weak,
  });
  const openV6 = isV6(reading) && reading.allNodePorts && !reading.loopbackLeftOut;
  const lacks = (chain: string): boolean => !reading.filterChains.has(chain);
  return [
    ...(lacks('KUBE-NODEPORTS') ? [missing('no KUBE-NODEPORTS in the filter table (since 1.21)', { max: 20 }, false)] : []),
    ...(lacks('KUBE-PROXY-FIREWALL') ? [missing('no KUBE-PROXY-FIREWALL (since 1.25)', { max: 24 }, false)] : []),
    ...(openV6 ? [missing('node ports are not kept from [::1] (since 1.26)', { max: 25 }, false)] : []),
    ...(reading.firewallAllows && !reading.hasNote && !lacks('KUBE-PROXY-FIREWALL')
      ? [missing('no note at the end of KUBE-FW (since 1.27)', { max: 26 }, true)]
      : []),
    ...(reading.invalidDropped ? [] : [missing('invalid packets are not dropped (since 1.29 with tcpBeLiberal)', { min: 29 }, true)]),
  ];
}

function extreme(values: readonly (number | null)[], pick: (...values: number[]) => number): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : pick(...known);
}
