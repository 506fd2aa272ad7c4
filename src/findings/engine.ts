import type { Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import type { Kind } from '../cluster/objects.ts';
import type { FindingId } from './codes.ts';
import { fold } from './fold.ts';
import { isOfRules, qualify } from './qualify.ts';
import type { RawFinding } from './raw-finding.ts';
import { CLUSTER_RULES, SERVICE_RULES } from './registry.ts';
import type { ClusterScene } from './scene.ts';
import type { Confidence, Rule, Severity, Told } from './types.ts';

/** A rule that could not be asked, with the Services for which that is so. */
export interface Unasked {
  readonly rule: Rule;
  readonly why: string;
  readonly services: number;
}

export interface Ran {
  readonly findings: readonly RawFinding[];
  readonly unasked: readonly Unasked[];
}

/**
 * Runs every rule about these Services, and about nodes and cluster; causes silence their consequences. Claims hold on to everything that was
 * computed for their Service: whoever does not ask for them can do `without-claims`, in half the memory.
 */
export function runRules(scene: ClusterScene, services: readonly Service[], how: 'with-claims' | 'without-claims' = 'with-claims'): Ran {
  const unasked = new Map<string, { rule: Rule; why: string; services: number }>();
  const note = (rule: Rule, why: string): void => {
    const entry = unasked.get(`${rule.id}\0${why}`) ?? { rule, why, services: 0 };
    entry.services++;
    unasked.set(`${rule.id}\0${why}`, entry);
  };
  const made = how === 'with-claims' ? finding : silent;
  const about: RawFinding[] = [];
  for (const rule of CLUSTER_RULES) {
    const why = missingFor(rule, scene, null);
    if (why === null) about.push(...rule.run(scene).map((told) => made(rule, told, scene, null)));
    else note(rule, why);
  }
  const causes = new Set(about.map(({ rule }) => rule.id));
  // What findings about nodes say holds for every Service.
  const nodeCauses = new Set([...causes].filter(isOfRules));
  const consequences = new Map<FindingId, RawFinding[]>();
  const found = services.flatMap((service) => {
    const own = findingsOf(scene, service, { note, made });
    const { kept, under } = fold(qualify(own, nodeCauses), causes);
    for (const [id, list] of under) consequences.set(id, [...(consequences.get(id) ?? []), ...list]);
    return kept;
  });
  const { kept } = fold(qualify(about, nodeCauses), new Set());
  const whole = kept.map((one) => ({ ...one, folded: [...one.folded, ...(consequences.get(one.rule.id) ?? [])] }));
  // Who asks about one Service is not helped by remarks about all.
  const isAll = services.length === scene.cluster.services.length;
  const said = whole.filter(({ severity, folded }) => isAll || severity !== 'info' || folded.length > 0);
  return { findings: [...said, ...found], unasked: [...unasked.values()] };
}

interface Making {
  readonly note: (rule: Rule, why: string) => void;
  readonly made: typeof finding;
}

function findingsOf(scene: ClusterScene, service: Service, { note, made }: Making): RawFinding[] {
  const own = scene.scene(service);
  const found: RawFinding[] = [];
  for (const rule of SERVICE_RULES) {
    if (service.unproxied !== null && rule.unproxied !== true) continue;
    const why = missingFor(rule, scene, service);
    const left = why === null ? (rule.leavesOut?.(own) ?? null) : null;
    if (left !== null) note(rule, left.why);
    if (left?.all === true) continue;
    if (why === null) for (const told of rule.run(own)) found.push(made(rule, told, scene, service));
    else note(rule, why);
  }
  return found;
}

/** They are about objects of one namespace alone. */
const WITHOUT_NODES: ReadonlySet<FindingId> = new Set([
  'no-usable-endpoints',
  'selector-matches-nothing',
  'target-port-unresolved',
  'port-name-mismatch-slice',
  'publish-not-ready',
  'externalname-service',
  'headless-service',
]);

/** Why a rule cannot be asked, or null. */
function missingFor(rule: Rule, scene: ClusterScene, service: Service | null): string | null {
  if (service !== null && rule.needs.includes('EndpointSlice')) {
    const unknown = scene.extras.endpointsUnknown?.get(serviceKey(service));
    if (unknown !== undefined) return unknown;
    if (service.endpointsFrom === 'none' && service.unproxied === null) return 'nothing tells the endpoints';
  }
  if (scene.cluster.nodes.length === 0 && !WITHOUT_NODES.has(rule.id)) return 'no Node objects were read';
  if (rule.needsRules !== undefined && scene.evidence.nodeFiles.length === 0) return "the nodes' rules were not read (--rules)";
  if (rule.needsRules === 'compared' && scene.verified === null) return "the nodes' rules could not be compared with kube-proxy's";
  const missing = rule.needs.filter((kind) => !isKnown(kind, scene, service));
  return missing.length === 0 ? null : `${missing.join(', ')} objects were not all read`;
}

function isKnown(kind: Kind, scene: ClusterScene, service: Service | null): boolean {
  return scene.has(kind) || (kind === 'EndpointSlice' && service !== null);
}

function finding(rule: Rule, { fact, telling, claims }: Told, scene: ClusterScene, service: Service | null): RawFinding {
  const { severity, confidence } = capped(
    rule,
    { severity: fact.severity ?? rule.severity, confidence: fact.confidence ?? 'derived' },
    scene,
  );
  return {
    rule,
    severity,
    confidence,
    service,
    objects: fact.objects ?? [],
    field: fact.field ?? null,
    key: fact.key ?? '',
    claims,
    folded: [],
    apartFrom: [],
    ...telling,
  };
}

const NO_CLAIMS: RawFinding['claims'] = () => [];

function silent(rule: Rule, told: Told, scene: ClusterScene, service: Service | null): RawFinding {
  return finding(rule, { ...told, claims: NO_CLAIMS }, scene, service);
}

interface Weight {
  readonly severity: Severity;
  readonly confidence: Confidence;
}

/** What rests on a data plane that nobody knows is a hint; and a hint is never an error. */
function capped(rule: Rule, { severity, confidence }: Weight, { plane }: ClusterScene): Weight {
  const sure = confidence === 'derived' && plane !== 'known' && rule.anyDataplane !== true ? 'hint' : confidence;
  return { confidence: sure, severity: sure === 'hint' && severity === 'error' ? 'warning' : severity };
}
