import { CODES, type FindingCode } from './codes.ts';
import { DISAGREEING_RULES } from './disagreeing/rules.ts';
import { DRIFT_RULES } from './drift/rules.ts';
import { DROP_RULES } from './drop/rules.ts';
import { GAP_RULES } from './gap/rules.ts';
import { HAIRPIN_RULES } from './hairpin/rules.ts';
import { HEALTH_RULES } from './health/rules.ts';
import { PORT_RULES } from './ports/rules.ts';
import { PROXY_RULES } from './proxy/rules.ts';
import { SOURCE_RULES } from './source/rules.ts';
import { SPREAD_RULES } from './spread/rules.ts';
import type { ClusterRule, Rule, ServiceRule } from './types.ts';

/** Every rule, by code. */
export const RULES: readonly Rule[] = [
  ...DROP_RULES,
  ...HEALTH_RULES,
  ...HAIRPIN_RULES,
  ...SPREAD_RULES,
  ...PORT_RULES,
  ...PROXY_RULES,
  ...SOURCE_RULES,
  ...DRIFT_RULES,
  ...DISAGREEING_RULES,
  ...GAP_RULES,
].sort((a, b) => (codeOf(a) < codeOf(b) ? -1 : 1));

export const SERVICE_RULES: readonly ServiceRule[] = RULES.filter((rule) => rule.about === 'service');

export const CLUSTER_RULES: readonly ClusterRule[] = RULES.filter((rule) => rule.about !== 'service');

export function codeOf(rule: Pick<Rule, 'id'>): FindingCode {
  return CODES[rule.id];
}
