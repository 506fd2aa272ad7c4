import type { RuleSpec } from '../../../netfilter/ruleset.ts';
import type { ForeignAct } from '../types.ts';
import type { Hook } from './hooks.ts';
import { targetName } from './target-name.ts';
import type { Met } from './walk.ts';

/** What there is to know of a node beside the rule. */
export interface Surroundings {
  readonly hook: Hook;
  readonly masqueradeMark: number;
  /** The Service has rules that refuse at this hook (no endpoints, source ranges). */
  readonly refuses: boolean;
}

/** What a foreign rule does to the Service's packets; null: nothing that matters. */
export function actOf(met: Met, around: Surroundings): ForeignAct | null {
  const { spec, line } = met.step.rule;
  const target = targetName(met.step.rule);
  if (met.step.opaque) return around.hook.name === 'POSTROUTING' && around.hook.table === 'nat' ? 'rewrites-source' : 'may-drop';
  switch (spec.target.kind) {
    case 'verdict':
      return verdictAct(spec.target.verdict, met, around);
    case 'reject':
      return 'drops';
    case 'dnat':
    case 'redirect':
      return isEntrance(around.hook) ? 'redirects' : null;
    case 'snat':
    case 'masquerade':
      return around.hook.name === 'POSTROUTING' ? 'rewrites-source' : null;
    case 'mark':
      return markAct(spec, around);
    case 'connmark':
      return spec.target.action === 'restore' && isBehindEntrance(around.hook) && covers(spec.target.nfmask, around)
        ? 'clears-masquerade-mark'
        : null;
    case 'extension':
    case 'unrecognised':
      return extensionAct(target, line, around.hook);
    default:
      return null;
  }
}

function isEntrance({ table, name }: Hook): boolean {
  return table === 'nat' && (name === 'PREROUTING' || name === 'OUTPUT');
}

/** Hooks that a packet meets after KUBE-MARK-MASQ marked it and before KUBE-POSTROUTING asks for the mark. */
function isBehindEntrance({ table, name }: Hook): boolean {
  return name === 'FORWARD' || name === 'POSTROUTING' || (table === 'filter' && name === 'OUTPUT');
}

function verdictAct(verdict: string, met: Met, { hook, refuses }: Surroundings): ForeignAct | null {
  if (verdict === 'DROP') return 'drops';
  if (verdict === 'QUEUE') return 'may-drop';
  if (isEntrance(hook)) return met.behind.size === 0 ? 'skips-kube-proxy' : null;
  if (hook.table === 'filter' && verdict === 'ACCEPT' && refuses && met.flow.direction === 'request') return 'skips-refusals';
  // Marked packets that skip KUBE-POSTROUTING keep their source.
  return hook.table === 'nat' && hook.name === 'POSTROUTING' && verdict === 'ACCEPT' && met.behind.size === 0
    ? 'clears-masquerade-mark'
    : null;
}

function covers(mask: number, { masqueradeMark }: Surroundings): boolean {
  return (mask & masqueradeMark) !== 0;
}

/** MARK writes (mark & ~mask) ^ value. */
function markAct({ target }: RuleSpec, around: Surroundings): ForeignAct | null {
  if (target.kind !== 'mark') return null;
  const sets = covers(target.value, around);
  const clears = covers(target.mask, around) && !sets;
  if (sets && around.hook.name !== 'INPUT') return 'sets-masquerade-mark';
  return clears && isBehindEntrance(around.hook) ? 'clears-masquerade-mark' : null;
}

function extensionAct(target: string, line: string, hook: Hook): ForeignAct | null {
  if (target === 'NOTRACK' || (target === 'CT' && line.includes('--notrack'))) return 'disables-nat';
  if (target === 'TPROXY' || target === 'NETMAP') return hook.name === 'POSTROUTING' ? null : 'redirects';
  return target === 'NFQUEUE' || target === 'STEAL' ? 'may-drop' : null;
}
