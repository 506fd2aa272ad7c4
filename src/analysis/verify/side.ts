import type { Gap } from '../../cluster/evidence.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { Proxier } from '../../expected/types.ts';
import type { Finding } from './finding.ts';
import { modeOf } from './mode.ts';
import { resolveSettings } from './settings.ts';
import type { DumpMode, NodeRules, RuleDifference, RuleDifferences, SettingUsed } from './types.ts';

/** A node's rules of one family, and by what they are to be judged: made once for any number of Services. */
export interface Side {
  readonly asked: NodeRules;
  readonly mode: DumpMode;
  /** With the settings that the dump shows. */
  readonly proxier: Proxier;
  readonly settings: readonly SettingUsed[];
  readonly gaps: readonly Gap[];
}

export function openSide(asked: NodeRules): Side {
  const mode = modeOf(asked.observed);
  const { completeness } = asked.observed;
  if (mode.kind !== 'iptables') {
    const { node, config, family, dialect = {} } = asked;
    return { asked, mode, proxier: { node, config, family, dialect }, settings: [], gaps: completeness.gaps };
  }
  const { proxier, settings, gaps } = resolveSettings(asked);
  return { asked, mode, proxier, settings, gaps: [...completeness.gaps, ...gaps] };
}

/** Differences without any. */
export function emptyDifferences(side: Side, service: Parameters<typeof serviceKey>[0] | null): RuleDifferences {
  const { node, family } = side.asked;
  return {
    node: node.name,
    family,
    service: service === null ? null : serviceKey(service),
    mode: side.mode,
    settings: side.settings,
    missing: [],
    unexpected: [],
    changed: [],
    foreign: [],
    gaps: side.gaps,
  };
}

/** Differences by kind. */
export function byKind(found: readonly RuleDifference[]): Pick<RuleDifferences, 'missing' | 'unexpected' | 'changed'> {
  const of = (kind: Finding['kind']): RuleDifference[] => found.filter((difference) => difference.kind === kind);
  return { missing: of('missing'), unexpected: of('unexpected'), changed: of('changed') };
}
