import { DEFAULT_SCHEMA, dump, Type } from 'js-yaml';
import type { AnyReport } from './any-report.ts';
import { isUnsafe, quotedScalar, safeJson, safeText } from './safe.ts';

/** For programs: the report as it is. */
export function renderJson(report: AnyReport): string {
  return `${safeJson(JSON.stringify(report, null, 2))}\n`;
}

/** As kubectl names what it found, one line; of many Services those that something becomes of, one line each. */
export function renderName(report: AnyReport): string {
  if (report.kind === 'WhatifAllReport')
    return report.groups
      .flatMap(({ services }) => services.map(({ namespace, name }) => `service/${safeText(name)} -n ${safeText(namespace)}\n`))
      .join('');
  return `service/${safeText(report.service?.name ?? '*')}\n`;
}

// js-yaml writes bidi and zero-width characters raw; as a type of their own such strings become escaped scalars.
const ESCAPED = new Type('!escaped', {
  kind: 'scalar',
  resolve: () => false,
  predicate: (value) => typeof value === 'string' && isUnsafe(value),
  represent: (value) => quotedScalar(String(value)),
});

const SCHEMA = DEFAULT_SCHEMA.extend({ implicit: [ESCAPED] });

export function renderYaml(report: AnyReport): string {
  return dump(report, { schema: SCHEMA, noRefs: true, lineWidth: -1 });
}
