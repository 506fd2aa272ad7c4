import { createHash } from 'node:crypto';
import { uniqueGaps } from '../analysis/gaps.ts';
import type { Finding, Gap, ServiceSummary } from '../analysis/report.ts';
import { dataplaneEntries, endpointGaps, summaryOf } from '../analysis/summary.ts';
import type { Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import { isUnallocated } from '../cluster/unallocated.ts';
import { checkAnswer } from './check-answer.ts';
import type { CheckFinding, CheckReport, Location, NotChecked, SuppressedFinding, SuppressionRef } from './check-report.ts';
import { CODES, type FindingCode } from './codes.ts';
import { runRules, type Unasked } from './engine.ts';
import type { RawFinding } from './raw-finding.ts';
import type { ClusterScene } from './scene.ts';
import { suppress } from './suppress.ts';
import type { Severity } from './types.ts';

/** What of the findings is wanted. */
export interface CheckQuestion {
  readonly services: readonly Service[];
  /** Only these; null: all. */
  readonly select?: ReadonlySet<FindingCode> | null;
  readonly ignore?: ReadonlySet<FindingCode>;
  /** Of a file; those that Services carry themselves are read from them. */
  readonly suppressions?: readonly SuppressionRef[];
  /** Fingerprints of an earlier report with how grave each was; null: there is none. */
  readonly baseline?: ReadonlyMap<string, Severity> | null;
  /** Where a manifest says something about a Service; null: no manifest does. */
  readonly locate?: (service: Service, field: string | null) => Location | null;
  /** What was not read, beside the evidence's own gaps. */
  readonly gaps?: readonly Gap[];
}

const RANKS: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** What is wrong with these Services, and with the nodes and the cluster under them. */
export function check(scene: ClusterScene, question: CheckQuestion): CheckReport {
  const { services } = question;
  const { findings, unasked } = runRules(scene, services, 'without-claims');
  const wanted = findings.filter(({ rule }) => isWanted(CODES[rule.id], question));
  const sorted = suppress(wanted, services, question.suppressions ?? []);
  const toLine = (finding: RawFinding): CheckFinding => lineOf(finding, question);
  const kept = sorted.kept.map(toLine).sort(byGravity);
  const [only] = services;
  const notChecked = unaskedLines(
    unasked.filter(({ rule }) => isWanted(CODES[rule.id], question)),
    services.length,
  );
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'CheckReport',
    origin: scene.evidence.origin,
    service: services.length === 1 && only !== undefined ? shown(only) : null,
    services: services.map(({ namespace, name }) => ({ namespace, name })),
    answer: checkAnswer({
      services: services.length,
      findings: kept,
      suppressed: sorted.suppressed.length,
      notChecked: unasked.filter(({ rule }) => rule.needsRules === undefined && isWanted(CODES[rule.id], question)).length,
    }),
    dataplane: dataplaneEntries(scene.dataplane, scene.cluster),
    findings: kept,
    suppressed: sorted.suppressed.map(({ finding, by }): SuppressedFinding => ({ ...toLine(finding), suppression: by })).sort(byGravity),
    unusedSuppressions: sorted.unused.filter(({ code }) => isWanted(code, question)),
    notChecked,
    gaps: uniqueGaps([...scene.evidence.gaps, ...scene.dataplane.gaps, ...(question.gaps ?? []), ...services.flatMap(endpointGaps)]),
  };
}

/** The findings about one Service as `explain` shows them: with what is graver than a note about its nodes and the cluster. */
export function findingsFor(scene: ClusterScene, service: Service): Finding[] {
  const { findings } = runRules(scene, [service], 'without-claims');
  const { kept } = suppress(findings, [service], []);
  return kept
    .filter((finding) => finding.service !== null || finding.severity !== 'info')
    .map((finding) => lineOf(finding, { services: [service] }))
    .sort(byGravity)
    .map(({ code, id, severity, confidence, message, why, remedy, objects, docs }) => ({
      ...{ code, id, severity, confidence, message, why, remedy, objects, docs },
    }));
}

/** What is not allocated yet is not shown. */
function shown(service: Service): ServiceSummary {
  return { ...summaryOf(service), clusterIPs: service.clusterIPs.filter((address) => !isUnallocated(address)) };
}

function isWanted(code: string, { select = null, ignore = new Set() }: CheckQuestion): boolean {
  const known = code as FindingCode;
  return (select === null || select.has(known)) && !ignore.has(known);
}

function lineOf(raw: RawFinding, { baseline = null, locate }: CheckQuestion): CheckFinding {
  const { rule, service, severity, confidence, message, why, remedy } = raw;
  const code = CODES[rule.id];
  const fingerprint = fingerprintOf(raw);
  const known = baseline?.get(fingerprint);
  const own = service === null ? [] : [{ kind: 'Service', name: service.name, namespace: service.namespace }];
  return {
    code,
    id: rule.id,
    severity,
    confidence,
    message,
    why,
    remedy,
    objects: [...own, ...raw.objects],
    docs: `docs/findings/${code}.md`,
    service: service === null ? null : { namespace: service.namespace, name: service.name },
    folded: raw.folded.map((one) => ({ code: CODES[one.rule.id], id: one.rule.id, severity: one.severity, message: one.message })),
    location: service === null ? null : (locate?.(service, raw.field) ?? null),
    // One that has become graver is news.
    isNew: baseline === null ? null : known === undefined || RANKS[severity] < RANKS[known],
    fingerprint,
  };
}

function fingerprintOf({ rule, service, key, objects }: RawFinding): string {
  // Nodes and pods come and go; what is about a node itself has nothing else to be known by.
  const about = service === null ? objects.map(({ kind, namespace, name }) => `${kind} ${namespace ?? ''}/${name}`) : [serviceKey(service)];
  return createHash('sha256')
    .update(JSON.stringify([CODES[rule.id], rule.about === 'cluster' ? [] : about, key]))
    .digest('hex')
    .slice(0, 32);
}

function byGravity(a: CheckFinding, b: CheckFinding): number {
  const key = ({ severity, code, service, fingerprint }: CheckFinding): string =>
    `${RANKS[severity]} ${service === null ? '' : serviceKey(service)}\0${code}\0${fingerprint}`;
  return key(a) < key(b) ? -1 : 1;
}

function unaskedLines(unasked: readonly Unasked[], services: number): NotChecked[] {
  return unasked
    .map(({ rule, why, services: count }) => ({
      code: CODES[rule.id],
      id: rule.id,
      why,
      services: rule.about !== 'service' || count === services ? null : count,
    }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}
