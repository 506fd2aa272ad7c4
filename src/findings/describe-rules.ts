import type { FindingCode, FindingId } from './codes.ts';
import { codeOf, RULES } from './registry.ts';
import type { Severity } from './types.ts';

/** Every rule as lists and documents name it. */
export function describeRules(): {
  readonly code: FindingCode;
  readonly id: FindingId;
  readonly title: string;
  readonly severity: Severity;
}[] {
  return RULES.map((rule) => ({ code: codeOf(rule), id: rule.id, title: rule.title, severity: rule.severity }));
}
