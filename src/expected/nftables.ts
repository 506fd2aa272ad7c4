import type { Endpoint } from '../cluster/model.ts';
import { chainHash } from '../kubeproxy/names.ts';
import { isExternallyAccessible, type Site, sitesOf, takesExternal, takesInternal } from './site.ts';
import type { RuleCode, ServiceProxier } from './types.ts';

/** The maps of table `kube-proxy` in which Services have elements. */
export type NftMap = 'service-ips' | 'service-nodeports' | 'no-endpoint-services' | 'no-endpoint-nodeports' | 'firewall-ips';

/** One element that should stand in a map. */
export interface NftElement {
  readonly map: NftMap;
  /** `10.96.0.10 . tcp . 80`, or `tcp . 30080`. */
  readonly key: string;
  /** `drop`, `goto reject-chain`, `goto service-…`. */
  readonly verdict: string;
  readonly code: RuleCode;
  readonly meaning: string;
  /** `ns/name:port`. */
  readonly port: string;
}

/** What a rule of an `external-…` chain does, in the order in which kube-proxy writes them. */
export type ExternalStep = 'masquerade-external' | 'pod-short-circuit' | 'masquerade-local' | 'node-short-circuit' | 'policy-jump';

/** One service port in nftables mode, by what its elements and chains mean: their layout differs between versions. */
export interface NftPort {
  readonly port: string;
  /** `ns/name/tcp/http`, with which the names of all its chains end. */
  readonly suffix: string;
  readonly elements: readonly NftElement[];
  /** Keys of elements that may stand or not: what has no endpoints needs no firewall, and some versions write one. */
  readonly optional: ReadonlySet<string>;
  /** Endpoints of the chains that are led to. */
  readonly choices: readonly { readonly chain: string; readonly kind: 'service' | 'local'; readonly endpoints: readonly Endpoint[] }[];
  /** Null: nothing leads to it from outside. */
  readonly external: { readonly chain: string; readonly steps: readonly ExternalStep[]; readonly toLocal: boolean } | null;
  /** Null: no firewall chain. */
  readonly firewall: { readonly chain: string; readonly ranges: readonly string[]; readonly vips: readonly string[] } | null;
  /** All endpoints that the API lists. */
  readonly listed: readonly Endpoint[];
}

/** What kube-proxy in nftables mode writes for a Service on one node in one IP family (≥1.29, pkg/proxy/nftables syncProxyRules). */
export function expectedNftables(asked: ServiceProxier): readonly NftPort[] {
  return sitesOf(asked).map((site) => {
    const names = namesOf(site);
    return {
      port: site.name,
      suffix: names.suffix,
      elements: [...internalElements(site, names), ...externalElements(site, names), ...nodePortElements(site, names)],
      optional: new Set(site.ranges.length === 0 ? [] : site.vips.map((address) => `firewall-ips ${keyOf(site, address)}`)),
      choices: choicesOf(site, names),
      external: externalOf(site, names),
      firewall: isFiltered(site) ? { chain: names.chain('firewall'), ranges: site.ranges.map(({ text }) => text), vips: site.vips } : null,
      listed: site.at.endpoints,
    };
  });
}

interface Names {
  readonly suffix: string;
  chain(prefix: 'service' | 'local' | 'external' | 'firewall'): string;
}

/** nftables servicePortChainName: `PREFIX-HASH8-ns/name/proto/port`; the hash is that of the text behind it. Texts beyond 240 characters are cut. */
function namesOf({ at, proto }: Site): Names {
  const suffix = `${at.service.namespace}/${at.service.name}/${proto}/${at.port.name}`;
  const hash = chainHash(suffix).slice(0, NFT_HASH_LENGTH);
  return {
    suffix,
    chain: (prefix) => {
      const name = `${prefix}-${hash}-${suffix}`;
      return name.length > NFT_NAME_LENGTH ? `${name.slice(0, NFT_NAME_LENGTH - 3)}...` : name;
    },
  };
}

const NFT_HASH_LENGTH = 8;
const NFT_NAME_LENGTH = 240;

function isFiltered({ categories, ranges, vips }: Site): boolean {
  return categories.hasEndpoints && ranges.length > 0 && vips.length > 0;
}

type Entry = Pick<NftElement, 'map' | 'verdict' | 'code' | 'meaning'>;

function elementAt(site: Site, address: string, entry: Entry): NftElement {
  return { ...entry, key: keyOf(site, address), port: site.name };
}

function keyOf({ proto, at }: Site, address: string): string {
  return `${address} . ${proto} . ${at.port.port}`;
}

function refusal(site: Site): Pick<NftElement, 'verdict' | 'code' | 'meaning'> {
  return site.categories.hasEndpoints
    ? { verdict: 'drop', code: 'drop-no-local-endpoints', meaning: 'drops: no usable endpoint on this node' }
    : { verdict: 'goto reject-chain', code: 'reject-no-endpoints', meaning: 'rejects: no endpoint is usable' };
}

function internalElements(site: Site, names: Names): readonly NftElement[] {
  const { clusterIP } = site.at;
  if (!takesInternal(site)) return [elementAt(site, clusterIP, { map: 'no-endpoint-services', ...refusal(site) })];
  const chain = names.chain(site.categories.internalLocal ? 'local' : 'service');
  const meaning = `takes traffic to cluster IP ${clusterIP}`;
  return [elementAt(site, clusterIP, { map: 'service-ips', verdict: `goto ${chain}`, code: 'cluster-ip-jump', meaning })];
}

function externalElements(site: Site, names: Names): readonly NftElement[] {
  const entries = [
    ...site.at.externalIPs.map(
      (address) => ({ address, code: 'external-ip-jump', meaning: `takes traffic to external IP ${address}` }) as const,
    ),
    ...site.vips.map(
      (address) => ({ address, code: 'load-balancer-jump', meaning: `takes traffic to load balancer IP ${address}` }) as const,
    ),
  ];
  const verdict = `goto ${names.chain('external')}`;
  const ways = entries.flatMap(({ address, ...words }) => [
    ...(site.categories.hasEndpoints ? [elementAt(site, address, { map: 'service-ips', verdict, ...words })] : []),
    ...(takesExternal(site) ? [] : [elementAt(site, address, { map: 'no-endpoint-services', ...refusal(site) })]),
  ]);
  const filters = isFiltered(site) ? site.vips.map((address) => elementAt(site, address, filter(names.chain('firewall'), address))) : [];
  return [...ways, ...filters];
}

function filter(chain: string, address: string): Entry {
  const meaning = `holds clients of load balancer IP ${address} against loadBalancerSourceRanges`;
  return { map: 'firewall-ips', verdict: `goto ${chain}`, code: 'drop-outside-source-ranges', meaning };
}

function nodePortElements(site: Site, names: Names): readonly NftElement[] {
  const { nodePort } = site.at.port;
  if (nodePort === null) return [];
  const element = (entry: Entry): NftElement => ({ ...entry, key: `${site.proto} . ${nodePort}`, port: site.name });
  const meaning = `takes traffic to node port ${nodePort}`;
  const verdict = `goto ${names.chain('external')}`;
  return [
    ...(site.categories.hasEndpoints ? [element({ map: 'service-nodeports', verdict, code: 'node-port-jump', meaning })] : []),
    ...(takesExternal(site) ? [] : [element({ map: 'no-endpoint-nodeports', ...refusal(site) })]),
  ];
}

function isReachable(site: Site): boolean {
  return site.categories.hasEndpoints && isExternallyAccessible(site);
}

function choicesOf(site: Site, names: Names): NftPort['choices'] {
  const { cluster, local, internalLocal, externalLocal } = site.categories;
  const usesAny = (takesInternal(site) && !internalLocal) || isReachable(site);
  const usesLocal = (takesInternal(site) && internalLocal) || (isReachable(site) && externalLocal);
  return [
    ...(usesAny && cluster.length > 0 ? [{ chain: names.chain('service'), kind: 'service', endpoints: cluster } as const] : []),
    ...(usesLocal && local.length > 0 ? [{ chain: names.chain('local'), kind: 'local', endpoints: local } as const] : []),
  ];
}

/** Cluster policy masquerades and takes any endpoint; Local policy keeps pods and the node itself from being bound by it. */
function externalOf(site: Site, names: Names): NftPort['external'] {
  if (!isReachable(site)) return null;
  const { externalLocal } = site.categories;
  const pods: readonly ExternalStep[] = site.detector.kind === 'none' ? [] : ['pod-short-circuit'];
  const last: readonly ExternalStep[] = takesExternal(site) ? ['policy-jump'] : [];
  const first: readonly ExternalStep[] = externalLocal ? [...pods, 'masquerade-local', 'node-short-circuit'] : ['masquerade-external'];
  return { chain: names.chain('external'), steps: [...first, ...last], toLocal: externalLocal };
}
