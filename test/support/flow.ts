import { askerFor } from '../../src/analysis/clients.ts';
import type { Oracle } from '../../src/analysis/flows.ts';
import { createOracle } from '../../src/analysis/flows.ts';
import type { ClientSpec } from '../../src/analysis/question.ts';
import type { Branch, Flow, Target } from '../../src/analysis/report.ts';
import { targetsAsked } from '../../src/analysis/targets.ts';
import type { Cluster, Node, Pod, Protocol, Service } from '../../src/cluster/model.ts';
import { nodeIp } from '../../src/cluster/model.ts';
import type { Dataplane, Masquerade, PodNetwork, ProxyConfig } from '../../src/dataplane/types.ts';
import type { Family } from '../../src/net/ip.ts';
import { canonicalIp, familyOf } from '../../src/net/ip.ts';
import { cluster, nodes as makeNodes, service as makeService } from './build.ts';
import type { NetworkName } from './dataplanes.ts';
import { dataplane, NETWORKS, proxy } from './dataplanes.ts';

/** A cluster with its data plane, ready to be asked. */
export interface Scene {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly service: Service;
  readonly oracle: Oracle;
}

interface SceneDiffers {
  readonly nodes?: readonly Node[];
  readonly service?: Service;
  /** Services beside the one that is asked for. */
  readonly others?: readonly Service[];
  readonly pods?: readonly Pod[];
  readonly proxy?: Parameters<typeof proxy>[0];
  /** Several configurations that the evidence leaves open. */
  readonly candidates?: readonly ProxyConfig[];
  readonly proxies?: Readonly<Record<string, readonly ProxyConfig[] | string>>;
  readonly network?: NetworkName | PodNetwork;
  readonly masquerade?: Masquerade;
  readonly hairpin?: boolean | null;
  readonly servesClusterIPs?: boolean;
  readonly serviceCidrs?: Cluster['serviceCidrs'];
}

/** The world of the recorded clusters (four flannel nodes, kube-proxy 1.34.9 in iptables mode, no CNI masquerading) with what differs. */
export function scene(differs: SceneDiffers = {}): Scene {
  const service = differs.service ?? makeService();
  const nodes = differs.nodes ?? makeNodes(4);
  const made = cluster({
    nodes,
    services: [service, ...(differs.others ?? [])],
    ...(differs.pods === undefined ? {} : { pods: differs.pods }),
    ...(differs.serviceCidrs === undefined ? {} : { serviceCidrs: differs.serviceCidrs }),
  });
  const given = differs.network ?? 'flannel';
  const base: PodNetwork = typeof given === 'string' ? NETWORKS[given](nodes) : given;
  const network = {
    ...base,
    masquerade: differs.masquerade ?? base.masquerade,
    hairpin: differs.hairpin === undefined ? base.hairpin : differs.hairpin,
    servesClusterIPs: differs.servesClusterIPs ?? base.servesClusterIPs,
  };
  const all = differs.candidates ?? [proxy(differs.proxy)];
  const plane = dataplane(made, { all, ...(differs.proxies === undefined ? {} : { of: differs.proxies }) }, [network]);
  return { cluster: made, dataplane: plane, service, oracle: createOracle(made, plane, service) };
}

/** Outside clients by name: one behind a router, one on the nodes' segment, one of whom nothing is known. */
const OUTSIDE: Readonly<Record<string, Readonly<Record<Family, string | null>>>> = {
  client: { 4: '198.51.100.10', 6: '2001:db8:100::a' },
  lan: { 4: '172.18.0.201', 6: 'fd00:172:18::c9' },
  anyone: { 4: null, 6: null },
};

/**
 * Asks in the notation of the recorded outcomes. `from`: `client`, `lan@node2` (enters at node2), `anyone` (no address), `203.0.113.7@node1`,
 * `node2` (its processes), `cli-2` (that pod), `pod@node2` (any pod there). `to`: `node2:30080`, `10.96.0.10`, `10.96.0.10:81`, `[fd00::1]:80`, each with `/udp`, `/sctp`.
 */
export function ask(of: Scene, from: string, to: string): Flow {
  const target = targetOf(of, to);
  const [who = '', where] = from.startsWith('pod@') ? [from] : from.split('@');
  const asker = askerFor(clientOf(of, who, familyOf(target.address)), of.cluster, of.dataplane);
  const via = where === undefined ? null : (of.cluster.nodeByName.get(where) ?? null);
  return of.oracle.ask(asker, target, via).flow;
}

/** What becomes of a packet, as one compact line: `delivered: web-1 sees 10.244.1.1 (kube-proxy); web-3 sees 10.244.1.0 (kube-proxy)`. */
export function flow(of: Scene, from: string, to: string): string {
  return textOf(ask(of, from, to));
}

/** The codes of the reasons, in their order. */
export function codes(of: Scene, from: string, to: string): string[] {
  return ask(of, from, to).because.map(({ code }) => code);
}

function clientOf(of: Scene, who: string, family: Family): ClientSpec {
  const outside = OUTSIDE[who];
  if (outside !== undefined) return { kind: 'external', address: outside[family] };
  const address = canonicalIp(who);
  if (address !== null) return { kind: 'external', address };
  if (who.startsWith('pod@')) return { kind: 'any-pod', node: who.slice('pod@'.length) };
  if (of.cluster.nodeByName.has(who)) return { kind: 'node', name: who };
  return { kind: 'pod', namespace: 'ns1', name: who };
}

function targetOf(of: Scene, to: string): Target {
  const [place = '', protocol = of.service.ports[0]?.protocol ?? 'TCP'] = to.split('/');
  const match = /^(?:\[(?<six>.+)\]|(?<four>[^:]+))(?::(?<port>\d+))?$/.exec(place);
  const name = match?.groups?.['four'] ?? match?.groups?.['six'] ?? '';
  const node = of.cluster.nodeByName.get(name);
  const address = node === undefined ? canonicalIp(name) : nodeAddress(of, node);
  if (address === null) throw new Error(`no target: ${to}`);
  const spec = {
    kind: 'address',
    address,
    port: Number(match?.groups?.['port'] ?? of.service.ports[0]?.port),
    protocol: protocol.toUpperCase() as Protocol,
  } as const;
  const [target] = targetsAsked([spec], of.service, of.service.ports, of.cluster, of.cluster.nodes);
  if (target === undefined) throw new Error(`no target: ${to}`);
  return target;
}

function nodeAddress(of: Scene, node: Node): string | null {
  return nodeIp(node, familyOf(of.service.clusterIPs[0] ?? ''));
}

export function textOf({ verdict, branches }: Flow): string {
  const ends = new Map<string, string[]>();
  for (const branch of branches) {
    const { before, after } = branchText(branch);
    ends.set(after, [...(ends.get(after) ?? []), ...(before === null ? [] : [before])]);
  }
  const texts = [...ends].map(([after, names]) => (names.length === 0 ? after : `${[...new Set(names)].join('+')} ${after}`));
  const only = texts.length === 1 ? texts[0] : undefined;
  if (branches.length === 0 || only === verdict) return verdict;
  return only?.startsWith(`${verdict} `) ? only : `${verdict}: ${texts.join('; ')}`;
}

function branchText(branch: Branch): { readonly before: string | null; readonly after: string } {
  const { outcome, then, endpoint, source, httpStatus } = branch;
  if (outcome !== 'delivered' && outcome !== 'no-reply') {
    const more = [then, httpStatus].filter((word) => word !== null && word !== undefined);
    return { before: null, after: more.length === 0 ? outcome : `${outcome} (${more.join(' ')})` };
  }
  const seen = source?.address ?? (source?.kind === 'preserved' ? 'the client' : '?');
  const by = source?.kind === 'masqueraded' ? ` (${source.by ?? 'nobody'})` : '';
  const name = endpoint === null ? '?' : (endpoint.pod ?? endpoint.address);
  return { before: name, after: `sees ${seen}${by}${outcome === 'no-reply' ? ' but no reply' : ''}` };
}
