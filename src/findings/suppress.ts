import type { Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import type { SuppressionRef } from './check-report.ts';
import { CODES, findingNamed } from './codes.ts';
import type { RawFinding } from './raw-finding.ts';
import { append } from './scene/lazy.ts';

/** Of a Service: `SIP103: reason; SIP201: reason`. */
export const IGNORE_ANNOTATION = 'srcip.io/ignore';

/** The suppressions on a Service itself: entries divided by semicolons or line breaks, several codes before one reason. */
export function annotatedSuppressions(service: Service): SuppressionRef[] {
  const text = service.annotations[IGNORE_ANNOTATION];
  if (text === undefined) return [];
  return text
    .split(/[;\n]/)
    .filter((entry) => entry.trim() !== '')
    .flatMap((entry) => {
      const [, codes = entry, reason = ''] = /^([^:]*):(.*)$/s.exec(entry) ?? [];
      return codes
        .split(/[\s,]+/)
        .filter((code) => code !== '')
        .map((code) => ref(code, serviceKey(service), reason, 'annotation'));
    });
}

/** A suppression by code or id. Without a reason it does not hold. */
export function ref(code: string, service: string | null, reason: string, from: string): SuppressionRef {
  const id = findingNamed(code);
  const said = reason.trim();
  return { code: id === null ? code.trim() : CODES[id], service, reason: said === '' ? null : said, from };
}

export interface Sorted {
  readonly kept: readonly RawFinding[];
  readonly suppressed: readonly { readonly finding: RawFinding; readonly by: SuppressionRef }[];
  readonly unused: readonly SuppressionRef[];
}

/** Takes out what is suppressed. A suppression of a Service that was not checked counts neither as used nor as unused. */
export function suppress(findings: readonly RawFinding[], services: readonly Service[], fromFile: readonly SuppressionRef[]): Sorted {
  const inScope = fromFile.filter(({ service }) => service === null || services.some((one) => isNamed(service, serviceKey(one))));
  const all = [...services.flatMap(annotatedSuppressions), ...inScope];
  const byCode = new Map<string, SuppressionRef[]>();
  for (const one of all) if (one.reason !== null) append(byCode, one.code, one);
  const find = ({ rule, service }: RawFinding): SuppressionRef | undefined =>
    byCode.get(CODES[rule.id])?.find((one) => one.service === null || (service !== null && isNamed(one.service, serviceKey(service))));
  const used = new Set<SuppressionRef | undefined>();
  const kept: RawFinding[] = [];
  const suppressed: { finding: RawFinding; by: SuppressionRef }[] = [];
  for (const finding of findings) {
    const by = find(finding);
    // A suppression of a consequence stays of use while the cause stands in for it.
    for (const one of [finding, ...finding.folded]) used.add(find(one));
    if (by === undefined) kept.push(finding);
    else suppressed.push({ finding, by });
  }
  return { kept, suppressed, unused: all.filter((one) => !used.has(one)) };
}

/** `ns/name`, with `*` for any run of characters in either. */
function isNamed(pattern: string, key: string): boolean {
  if (!pattern.includes('*')) return pattern === key;
  const [namespaces = '', names = '*'] = pattern.split('/');
  const [namespace = '', name = ''] = key.split('/');
  return glob(namespaces, namespace) && glob(names, name);
}

function glob(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const found = index === rest.length - 1 ? text.length - part.length : text.indexOf(part, at);
    if (found < at || !text.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return rest.length > 0 || at === text.length;
}
