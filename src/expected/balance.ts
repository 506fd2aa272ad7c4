import type { Endpoint } from '../cluster/model.ts';
import { hostPort } from '../net/ip.ts';
import { host, probabilityText, recentMatch } from './line.ts';
import type { Draft, Placed } from './placed.ts';
import { declare, place } from './placed.ts';
import type { Site } from './site.ts';
import { callEndpoint, sepOf } from './site.ts';

/** The comment of a balancing or endpoint rule: large clusters go without, and partial syncs leave both kinds beside each other. */
function droppable(site: Site, comment: string): Pick<Draft, 'comment' | 'also'> {
  const [written, other] = site.largeCluster ? [null, comment] : [comment, null];
  return { comment: written, also: [{ comment: other }] };
}

/** How the rules of one chain call themselves; `kept` comments stay in large clusters, too. */
export interface Labels {
  readonly affinity: (endpoint: Endpoint) => string;
  readonly balance: (endpoint: Endpoint, index: number) => string;
  readonly kept: boolean;
}

/** `SPN -> ip:port` since 1.24. */
export function arrowLabels(site: Site): Labels {
  const label = (endpoint: Endpoint): string => `${site.name} -> ${hostPort(endpoint.address, endpoint.port)}`;
  return { affinity: label, balance: label, kept: false };
}

function labelled(site: Site, comment: string, kept: boolean): Pick<Draft, 'comment' | 'also'> {
  return kept ? { comment } : droppable(site, comment);
}

/** Rule 20: a client that came within the time-out goes to the endpoint that it had. */
export function affinityRules(site: Site, chain: string, endpoints: readonly Endpoint[], labels: Labels): Placed[] {
  const seconds = site.at.service.affinitySeconds;
  if (seconds === null) return [];
  return endpoints.map((endpoint) =>
    place('nat', chain, {
      port: site.name,
      code: 'affinity',
      meaning: `keeps a client of the last ${seconds} s with endpoint ${callEndpoint(endpoint)}`,
      ...labelled(site, labels.affinity(endpoint), labels.kept),
      matches: recentMatch(`--rcheck --seconds ${seconds} --reap`, sepOf(site, endpoint), site.family),
      target: sepOf(site, endpoint),
    }),
  );
}

/** Rule 21: endpoint i of n takes 1/(n−i) of what is left; the last one takes the rest. */
export function balanceRules(site: Site, chain: string, endpoints: readonly Endpoint[], labels: Labels): Placed[] {
  return endpoints.map((endpoint, index) => {
    const left = endpoints.length - index;
    return place('nat', chain, {
      port: site.name,
      code: 'balance',
      meaning: `sends ${left === 1 ? 'all' : `1 in ${left}`} of what comes here to endpoint ${callEndpoint(endpoint)}`,
      ...labelled(site, labels.balance(endpoint, index), labels.kept),
      matches: left === 1 ? '' : `-m statistic --mode random --probability ${probabilityText(left)}`,
      target: sepOf(site, endpoint),
    });
  });
}

/** Rules 20 and 21 in the order in which they stand. */
export function policyChain(site: Site, chain: string, endpoints: readonly Endpoint[], labels: Labels): Placed[] {
  return [declare('nat', chain), ...affinityRules(site, chain, endpoints, labels), ...balanceRules(site, chain, endpoints, labels)];
}

/** Rules 22 and 23: the chain of one endpoint. */
export function endpointRules(site: Site, endpoint: Endpoint): Placed[] {
  const chain = sepOf(site, endpoint);
  const shared = { port: site.name, ...droppable(site, site.name) };
  const remembers = site.at.service.affinitySeconds !== null;
  return [
    place('nat', chain, {
      ...shared,
      code: 'hairpin',
      meaning: `masquerades what endpoint ${callEndpoint(endpoint)} sends to itself`,
      source: host(endpoint.address),
      target: 'KUBE-MARK-MASQ',
    }),
    place('nat', chain, {
      ...shared,
      code: 'dnat',
      meaning: `DNAT to endpoint ${callEndpoint(endpoint)}`,
      protocol: site.proto,
      matches: remembers ? recentMatch('--set', chain, site.family) : '',
      dport: 'empty',
      target: `DNAT --to-destination ${hostPort(endpoint.address, endpoint.port)}`,
    }),
  ];
}
