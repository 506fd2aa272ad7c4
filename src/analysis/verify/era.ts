import type { Gap } from '../../cluster/evidence.ts';
import type { Era, EraEvidence } from '../../expected/era.ts';
import { eraOf } from '../../expected/era.ts';
import type { RulesetIndex } from './ruleset-index.ts';
import type { SettingUsed } from './types.ts';

/** `eraOf` for the rules that packets can come to: chains of an older version may lie about forgotten. */
export function eraOfDump(index: RulesetIndex): Era {
  const era = eraOf({ nat: linesOf(index, 'nat'), filter: linesOf(index, 'filter') });
  if (index.completeness.doubtTable('filter') === null) return era;
  // What is not in half a table says nothing.
  return { ...era, evidence: era.evidence.filter((entry) => entry.line !== null) };
}

function* linesOf({ ruleset, reached, completeness }: RulesetIndex, table: string): Generator<string> {
  const torn = completeness.torn.get(table);
  for (const { name, rules } of ruleset.tables.get(table)?.chains.values() ?? []) {
    if (!reached.has(`${table} ${name}`)) continue;
    yield `:${name} - [0:0]`;
    // Most of a dump, and alike in every version.
    if (name.startsWith('KUBE-SEP-')) continue;
    for (const rule of rules) if (rule.lineNumber !== torn) yield rule.line;
  }
}

interface Version {
  readonly value: number;
  readonly used: SettingUsed;
  readonly gaps: readonly Gap[];
}

/** The supposed minor version where the dump allows it, else the nearest one that it allows; signs that exclude each other decide nothing. */
export function versionBy(era: Era, supposed: number, otherwise: 'api' | 'assumed'): Version {
  const low = extreme(era.evidence, 'minMinor');
  const high = extreme(era.evidence, 'maxMinor');
  const [least, most] = [low?.minMinor ?? Number.NEGATIVE_INFINITY, high?.maxMinor ?? Number.POSITIVE_INFINITY];
  if (least > most) return { value: supposed, used: version(supposed, otherwise, null, null), gaps: [mixed(low, high)] };
  const value = Math.min(Math.max(supposed, least), most);
  if (value === supposed) return { value, used: version(value, otherwise, null, null), gaps: [] };
  const sign = (value === least ? low : high)?.line ?? null;
  return { value, used: version(value, 'dump', otherwise === 'api' ? `1.${supposed}` : null, sign), gaps: [] };
}

function version(minor: number, from: SettingUsed['from'], contradicts: string | null, shownBy: string | null): SettingUsed {
  return { name: 'version', value: `1.${minor}`, from, contradicts, shownBy };
}

function extreme(evidence: readonly EraEvidence[], bound: 'minMinor' | 'maxMinor'): EraEvidence | null {
  const beats = (a: number, b: number): boolean => (bound === 'minMinor' ? a > b : a < b);
  let best: EraEvidence | null = null;
  for (const entry of evidence) {
    const value = entry[bound];
    const known = best?.[bound] ?? null;
    if (!entry.weak && value !== null && (known === null || beats(value, known))) best = entry;
  }
  return best;
}

function mixed(low: EraEvidence | null, high: EraEvidence | null): Gap {
  return {
    what: 'the version of kube-proxy by its rules',
    why: `rules of several versions stand beside each other: ${high?.means ?? ''}; ${low?.means ?? ''}`,
  };
}
