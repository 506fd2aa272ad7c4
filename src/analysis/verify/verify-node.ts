import type { Gap } from '../../cluster/evidence.ts';
import type { Cluster, Node, Service } from '../../cluster/model.ts';
import { nodeIp, serviceKey } from '../../cluster/model.ts';
import type { DataplaneClass, ProxyConfig } from '../../dataplane/types.ts';
import type { Dialect } from '../../expected/types.ts';
import { FAMILIES, type Family } from '../../net/ip.ts';
import type { NftRuleset, NftTable } from '../../netfilter/nft/types.ts';
import type { Parsed } from '../../netfilter/ruleset.ts';
import { compareService } from './compare-service.ts';
import { compareStatic } from './compare-static.ts';
import { foreignBesideNftables, hooksBesideNftables } from './foreign/foreign.ts';
import { compareNftables } from './nft/compare.ts';
import { proxyTable, tableName } from './nft/observe.ts';
import { staticDifferences } from './nft/static.ts';
import { indexParsed, type RulesetIndex } from './ruleset-index.ts';
import { openSide, type Side } from './side.ts';
import type { DumpMode, ForeignRule, RuleDifference, RuleDifferences, SettingUsed, Severity } from './types.ts';

/** One node, its dumps, and the Services that are asked for. */
export interface NodeQuestion {
  readonly node: Node;
  readonly config: ProxyConfig;
  readonly confidence?: DataplaneClass['confidence'];
  readonly cluster: Cluster;
  readonly services: readonly Service[];
  /** By family; a family without dump is not verified. */
  readonly dumps: Readonly<Partial<Record<Family, Parsed>>>;
  readonly dialect?: Partial<Dialect>;
}

/** A foreign rule and whose packets it takes. */
export interface ForeignForServices {
  readonly rule: ForeignRule;
  readonly services: readonly string[];
}

/** One node's rules of one family. */
export interface FamilyVerification {
  readonly family: Family;
  readonly mode: DumpMode;
  readonly settings: readonly SettingUsed[];
  /** Of the rules that serve all Services. */
  readonly fixed: readonly RuleDifference[];
  /** Of Services, only where there are any. */
  readonly services: readonly { readonly service: string; readonly differences: readonly RuleDifference[] }[];
  readonly foreign: readonly ForeignForServices[];
  /** Services (`ns/name`) that the rules name and the API does not have; empty where not all Services are known. */
  readonly strangers: readonly string[];
  readonly gaps: readonly Gap[];
}

export interface NodeVerification {
  readonly node: string;
  /** Addresses and pod networks that are this node's alone: what equal findings of two nodes may differ in. */
  readonly own: readonly string[];
  readonly families: readonly FamilyVerification[];
  /** How many Services were compared. */
  readonly compared: number;
  /** The gravest difference or foreign rule; null: all is as it should be, as far as it could be compared. */
  readonly worst: Severity | null;
}

/** Both families, the static part once, then every Service. */
export function verifyNode(asked: NodeQuestion): NodeVerification {
  const { node, services } = asked;
  const families = FAMILIES.flatMap((family) => {
    const parsed = asked.dumps[family];
    return parsed === undefined || isIdle(node, family, parsed) ? [] : [verifyFamily(asked, family, indexParsed(parsed))];
  });
  return {
    node: node.name,
    own: ownOf(node),
    families,
    compared: services.length,
    worst: worstOf(families, asked.confidence),
  };
}

/** The same for a node whose kube-proxy is in nftables mode. */
export function verifyNftables(asked: NodeQuestion, nft: NftRuleset): NodeVerification {
  const { node, services } = asked;
  const families = FAMILIES.flatMap((family) => {
    const table = proxyTable(nft, family);
    if (table === null) return nodeIp(node, family) === null ? [] : [withoutTable(family)];
    return [nftFamily(asked, family, { nft, table })];
  });
  return { node: node.name, own: ownOf(node), families, compared: services.length, worst: worstOf(families, asked.confidence) };
}

function nftFamily(
  { node, config, cluster, services, confidence, dumps, dialect = {} }: NodeQuestion,
  family: Family,
  { nft, table }: { readonly nft: NftRuleset; readonly table: NftTable },
): FamilyVerification {
  const found = services.map((service) => ({
    service: serviceKey(service),
    differences: compareNftables(table, { node, config, cluster, service, family, dialect, knowsPods: confidence !== 'assumed' }),
  }));
  const dump = dumps[family];
  const observed = dump === undefined ? null : indexParsed(dump);
  const proxier = { node, config, family, dialect };
  const hooks = hooksBesideNftables(nft, family, observed);
  const beside = services.map((service) => ({ service: serviceKey(service), foreign: foreignBesideNftables(hooks, service, proxier) }));
  return {
    ...NOTHING_FOUND,
    family,
    mode: { kind: 'nftables' },
    fixed: staticDifferences(table, family),
    services: found.filter(({ differences }) => differences.length > 0),
    foreign: foldForeign(beside),
  };
}

function withoutTable(family: Family): FamilyVerification {
  return { ...NOTHING_FOUND, family, mode: { kind: 'unknown', reason: `nft lists no table ${tableName(family)}` } };
}

const NOTHING_FOUND = { settings: [], fixed: [], services: [], foreign: [], strangers: [], gaps: [] } as const;

function ownOf({ internalIPs, externalIPs, podCidrs }: Node): readonly string[] {
  return [...internalIPs, ...externalIPs, ...podCidrs.map((cidr) => cidr.text)];
}

/** A node without an address of a family has no rules of that family, and nothing is missing. */
function isIdle(node: Node, family: Family, { ruleset, problems }: Parsed): boolean {
  return nodeIp(node, family) === null && ruleset.tables.size === 0 && problems.length === 0;
}

function verifyFamily(asked: NodeQuestion, family: Family, observed: RulesetIndex): FamilyVerification {
  const { node, config, cluster, confidence, dialect } = asked;
  const side = openSide({
    node,
    config,
    cluster,
    family,
    observed,
    ...(confidence === undefined ? {} : { confidence }),
    ...(dialect === undefined ? {} : { dialect }),
  });
  const fixed = compareStatic(side);
  const results = asked.services.map((service) => compareService(side, service));
  const differing = results.map((result) => ({ service: result.service ?? '', differences: ruleDifferences(result) }));
  return {
    family,
    mode: side.mode,
    settings: side.settings,
    fixed: ruleDifferences(fixed),
    services: differing.filter(({ differences }) => differences.length > 0),
    foreign: foldForeign(results),
    strangers: strangersOf(side),
    gaps: distinctGaps([fixed, ...results]),
  };
}

/** All differences of a result, in the order missing, unexpected, changed. */
export function ruleDifferences({ missing, unexpected, changed }: RuleDifferences): RuleDifference[] {
  return [...missing, ...unexpected, ...changed];
}

/** A foreign rule takes packets of many Services; the gravest finding stands for it. */
function foldForeign(results: readonly Pick<RuleDifferences, 'foreign' | 'service'>[]): ForeignForServices[] {
  const found = new Map<string, { rule: ForeignRule; readonly services: string[] }>();
  for (const { foreign, service } of results) {
    for (const rule of foreign) {
      const key = `${rule.act} ${rule.table} ${rule.hook} ${rule.lineNumber ?? rule.line} ${rule.through.join('\n')}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { rule, services: [service ?? ''] });
      else {
        known.services.push(service ?? '');
        if (rank(rule.severity) > rank(known.rule.severity)) known.rule = rule;
      }
    }
  }
  return [...found.values()];
}

function strangersOf({ asked, mode }: Side): string[] {
  if (mode.kind !== 'iptables' || !asked.cluster.servicesComplete) return [];
  const known = new Set(asked.cluster.services.map(serviceKey));
  return [...asked.observed.byService.keys()].filter((service) => !known.has(service)).sort();
}

function distinctGaps(results: readonly RuleDifferences[]): Gap[] {
  const gaps = new Map(results.flatMap((result) => result.gaps.map((gap) => [`${gap.what}\n${gap.why}`, gap] as const)));
  return [...gaps.values()];
}

const RANKS = { info: 1, warning: 2, error: 3 } as const satisfies Record<Severity, number>;

function rank(severity: Severity | null): number {
  return severity === null ? 0 : RANKS[severity];
}

/** What contradicts the API is a warning: a setting, or a mode where the API does not only suppose that it is iptables. */
function worstOf(families: readonly FamilyVerification[], confidence: NodeQuestion['confidence']): Severity | null {
  const severities = families.flatMap(({ fixed, services, foreign, settings, mode }) => [
    ...settings.filter((setting) => setting.contradicts !== null).map((): Severity => 'warning'),
    ...(mode.kind === 'notIptablesMode' && (confidence === 'observed' || confidence === 'derived') ? (['warning'] as const) : []),
    ...[...fixed, ...services.flatMap((entry) => entry.differences)].map((difference) => difference.severity),
    ...foreign.map(({ rule }) => rule.severity),
  ]);
  return severities.reduce<Severity | null>((worst, severity) => (rank(severity) > rank(worst) ? severity : worst), null);
}
