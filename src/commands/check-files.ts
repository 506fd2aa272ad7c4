import { readFileSync } from 'node:fs';
import { printable } from '../collect/snapshot/text.ts';
import { loadYamlParser, YamlProblem } from '../collect/snapshot/yaml-load.ts';
import type { SuppressionRef } from '../findings/check-report.ts';
import { findingNamed } from '../findings/codes.ts';
import { ref } from '../findings/suppress.ts';
import type { Severity } from '../findings/types.ts';
import { Failure } from '../net/failure.ts';

/** Suppressions of a file: a YAML list of `{code, service, reason}`, or such a list under `suppress`. */
export async function readSuppressions(path: string): Promise<SuppressionRef[]> {
  const hint = 'suppress: [{code: SIP103, service: NAMESPACE/NAME (or *), reason: why this is all right}]';
  const bad = (why: string): Failure => new Failure(`suppression file "${printable(path)}": ${why}`, hint);
  let parsed: unknown;
  try {
    parsed = (await loadYamlParser())(readText(path, 'suppression file'));
  } catch (error) {
    if (error instanceof YamlProblem) throw bad(`line ${error.line}: ${error.message}`);
    throw error;
  }
  const list = Array.isArray(parsed) ? parsed : (parsed as { readonly suppress?: unknown } | null)?.suppress;
  if (!Array.isArray(list)) throw bad('no list of suppressions');
  return list.map((entry: unknown, index) => {
    const { code, service, reason } = (entry ?? {}) as { readonly code?: unknown; readonly service?: unknown; readonly reason?: unknown };
    if (typeof code !== 'string' || findingNamed(code) === null)
      throw bad(`entry ${index + 1}: ${JSON.stringify(code ?? null)} is no code of a finding`);
    if (typeof reason !== 'string' || reason.trim() === '') throw bad(`entry ${index + 1} (${code}) has no reason`);
    if (service !== undefined && (typeof service !== 'string' || !/^[^/\s]+\/[^/\s]+$|^\*$/.test(service)))
      throw bad(`entry ${index + 1} (${code}): service must be NAMESPACE/NAME, with * for any run of characters`);
    return ref(code, typeof service === 'string' && service !== '*' ? service : null, reason, printable(path));
  });
}

/** Fingerprints of a report that `check -o json` wrote, with how grave each finding was. */
export function readBaseline(path: string): Map<string, Severity> {
  const text = readText(path, 'baseline');
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    throw new Failure(`baseline "${printable(path)}" is no JSON`, 'write it with kubectl srcip check … -o json > FILE');
  }
  const { kind, findings, suppressed } = (report ?? {}) as {
    readonly kind?: unknown;
    readonly findings?: unknown;
    readonly suppressed?: unknown;
  };
  if (kind !== 'CheckReport' || !Array.isArray(findings))
    throw new Failure(`baseline "${printable(path)}" is no CheckReport`, 'write it with kubectl srcip check … -o json > FILE');
  const known = new Map<string, Severity>();
  for (const entry of [...findings, ...(Array.isArray(suppressed) ? suppressed : [])]) {
    const { fingerprint, severity } = (entry ?? {}) as { readonly fingerprint?: unknown; readonly severity?: unknown };
    if (typeof fingerprint === 'string' && (severity === 'error' || severity === 'warning' || severity === 'info'))
      known.set(fingerprint, severity);
  }
  return known;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as { readonly code?: string }).code ?? 'error';
    throw new Failure(`${what} "${printable(path)}" cannot be read: ${code === 'ENOENT' ? 'no such file' : code}`, 'check the path');
  }
}
