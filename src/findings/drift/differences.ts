import type { ForeignFinding, RuleFinding } from '../../analysis/verify-report.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import type { Fact, Severity, Telling } from '../types.ts';
import { nameList, shellWord, verb } from '../words.ts';

/** One rule that is not as it should be, on one node. */
export interface Difference extends RuleFinding {
  readonly node: string;
  readonly kind: 'missing' | 'unexpected' | 'changed';
}

export interface Stranger extends ForeignFinding {
  readonly node: string;
}

/** Differences by Service (`ns/name`); those of rules that serve all Services under the empty text. */
export const differencesOf = perCluster(({ verified }): ReadonlyMap<string, readonly Difference[]> => {
  const found = new Map<string, Difference[]>();
  for (const { node, rules } of verified?.nodes ?? []) {
    for (const kind of ['missing', 'unexpected', 'changed'] as const) {
      for (const finding of rules[kind]) append(found, serviceOf(finding.port), { ...finding, node, kind });
    }
  }
  return found;
});

/** Rules of others by the Services whose packets they may take. */
export const strangersOf = perCluster(({ verified }): ReadonlyMap<string, readonly Stranger[]> => {
  const found = new Map<string, Stranger[]>();
  for (const { node, rules } of verified?.nodes ?? []) {
    for (const finding of rules.foreign) for (const service of finding.services) append(found, service, { ...finding, node });
  }
  return found;
});

/** `ns/name:port` → `ns/name`. */
function serviceOf(port: string | null): string {
  return port === null ? '' : port.replace(/:[^/:]*$/, '');
}

/** The same fault on some nodes, with the gravest of its rules as the example. */
export interface Drift extends Fact {
  readonly nodes: readonly string[];
  readonly example: { readonly line: string; readonly effect: string; readonly kind: string; readonly chain: string };
  readonly count: number;
}

const RANKS: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** What kind of drift a difference is; `other`: none that has a finding of its own. */
export function kindOf({ kind, code, chain }: Difference): DriftKind {
  // nftables mode: elements of maps that drop or reject for want of endpoints.
  if (chain.startsWith('@no-endpoint-')) return 'nft-verdict';
  if (code === 'health-check-accept') return 'health-check';
  if (RANGES.has(code)) return 'ranges';
  if (POLICY.has(code)) return 'policy';
  if (kind === 'missing' && JUMPS.has(code)) return 'way-in';
  if (kind === 'unexpected') {
    if (code === 'stale-endpoint') return 'stale-endpoint';
    if (code === 'unused-endpoint' && /^(?:KUBE-SVL|local)-/.test(chain)) return 'remote-in-local';
    return code === 'duplicate' ? 'endpoints' : 'other';
  }
  return code === 'balance' || code === 'dnat' ? 'endpoints' : 'other';
}

export type DriftKind =
  | 'nft-verdict'
  | 'health-check'
  | 'ranges'
  | 'policy'
  | 'way-in'
  | 'stale-endpoint'
  | 'remote-in-local'
  | 'endpoints'
  | 'other';

const JUMPS: ReadonlySet<string> = new Set([
  'cluster-ip-jump',
  'external-ip-jump',
  'load-balancer-jump',
  'node-port-jump',
  'policy-jump',
  'reject-no-endpoints',
]);
const POLICY: ReadonlySet<string> = new Set([
  'masquerade-cluster-ip',
  'masquerade-external',
  'masquerade-external-ip',
  'masquerade-load-balancer',
  'masquerade-node-port',
  'masquerade-local',
  'pod-short-circuit',
  'node-short-circuit',
  'drop-no-local-endpoints',
  'mark-drop-no-local-endpoints',
]);
const RANGES: ReadonlySet<string> = new Set([
  'source-range',
  'source-range-own-vip',
  'unrestricted-jump',
  'drop-outside-source-ranges',
  'mark-drop-outside-source-ranges',
]);

/** A fact about those differences of a Service that a rule picks; nothing where there are none. */
export function driftOf({ cluster, key }: ServiceScene, wanted: DriftKind): Drift[] {
  return driftAmong((differencesOf(cluster).get(key) ?? []).filter((difference) => kindOf(difference) === wanted && isWorthIt(difference)));
}

/** What changes nothing is left to `verify`. */
function isWorthIt({ severity }: Difference): boolean {
  return severity !== 'info';
}

export function driftAmong(differences: readonly Difference[]): Drift[] {
  const picked = differences.filter(isWorthIt).sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);
  const [worst] = picked;
  if (worst === undefined) return [];
  const nodes = [...new Set(picked.map(({ node }) => node))].sort();
  const { line, effect, kind, chain, severity } = worst;
  return [
    {
      severity,
      confidence: 'observed',
      objects: nodes.slice(0, 50).map(nodeRef),
      nodes,
      example: { line, effect, kind, chain },
      count: picked.length,
    },
  ];
}

/** What a restart of kube-proxy cures, said alike everywhere. */
export function driftTelling(what: string, { nodes, example, count }: Drift, scene: ServiceScene): Telling {
  const [node = ''] = nodes;
  return {
    message: `${nameList(nodes)} ${verb(nodes.length, 'has', 'have')} ${what} of ${scene.key}`,
    why: `${example.effect}; ${example.kind} in ${example.chain}: ${example.line}${count > 1 ? ` (and ${count - 1} more)` : ''}`,
    remedy: `Restart kube-proxy there, look at its log for iptables-restore, and verify again: kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${shellWord(node)}`,
  };
}
