import type { Endpoint } from '../cluster/model.ts';
import type { Entry } from './entry.ts';
import { addressEntries } from './entry.ts';
import type { End, Fate, Reason, Source } from './fate.ts';
import { ends, mixed, undetermined } from './fate.ts';
import type { Hook } from './filter.ts';
import { judgesBeforeDnat, refuse } from './filter.ts';
import type { Arrival, Packet } from './packet.ts';
import * as reasons from './reasons.ts';
import { reachesEndpoint } from './reply.ts';
import type { Site, Translation } from './site.ts';
import { contextOf } from './site.ts';
import { translate } from './translate.ts';
import type { Way } from './way.ts';
import { addressTowards, cniMasquerades, wayToAddress, wayToEndpoint } from './way.ts';
import type { World } from './world.ts';
import { addressKey, nodePortKey } from './world.ts';

/** A packet crosses at most two nodes before an endpoint takes it: its own (or the entry node), then the node it is addressed to. */
const MOST_NODES = 3;

/** What becomes of the first packet of a connection that comes to a node, by kube-proxy's policies. No rules are involved. */
export function predict(world: World, packet: Packet, arrival: Arrival, hops = 0): Fate {
  const { node } = arrival;
  const why = world.unmodelled(node);
  if (why !== null) return undetermined(`data plane of node ${node.name}`, why);
  const config = world.configOf(node);
  if (config === null) return undetermined(`data plane of node ${node.name}`, 'its kube-proxy configuration is not known');
  if (hops >= MOST_NODES) return undetermined('the way of the packet', 'it would go in circles between nodes');
  const site: Site = { world, config, arrival };
  const early = beforeDnat(site, packet);
  if (early !== null) return early;
  const translation = translate(site, packet);
  switch (translation.kind) {
    case 'undecided':
      return undetermined(translation.what, translation.why);
    case 'dropped':
      return ends('dropped', translation.reasons);
    case 'dnat':
      return toEndpoints(site, packet, translation);
    case 'none':
      return untranslated(site, packet, translation, hops);
  }
}

function beforeDnat(site: Site, packet: Packet): Fate | null {
  if (site.arrival.origin !== 'process' || !judgesBeforeDnat(site)) return null;
  const refusal = refuse(site, packet, 'output');
  return refusal === null ? null : ends(refusal.outcome, refusal.reasons);
}

// ---- redirected ------------------------------------------------------------------------------

function toEndpoints(site: Site, packet: Packet, translation: Extract<Translation, { kind: 'dnat' }>): Fate {
  const { endpoints } = translation;
  const share = 1 / endpoints.length;
  return mixed(endpoints.map((endpoint) => ({ share, fate: toEndpoint(site, packet, translation, endpoint) })));
}

function toEndpoint(site: Site, packet: Packet, translation: Extract<Translation, { kind: 'dnat' }>, endpoint: Endpoint): Fate {
  const { world, arrival } = site;
  const { node } = arrival;
  const way = wayToEndpoint(world, node, endpoint);
  const self = packet.source === endpoint.address;
  const why = [...translation.reasons, ...(self ? [reasons.hairpin(contextOf(site), translation.entry.at, endpoint)] : [])];
  if (self && way.kind === 'own-pod' && world.network.podLink === 'bridge') {
    if (world.network.hairpin === null)
      return undetermined('hairpin mode of the bridge', `the configuration of ${world.network.name} does not say`);
    if (!world.network.hairpin)
      return ends('dropped', [
        ...why,
        reasons.plain('no-hairpin-mode', 'the bridge port does not send back what came from it (hairpinMode false)'),
      ]);
  }
  const source = sourceSeen(site, packet, translation.masquerade || self, endpoint, way);
  const reached = reachesEndpoint({ world, at: node, origin: arrival.origin, packet, endpoint, way, source });
  if (reached === 'open')
    return undetermined(
      `way back from ${endpoint.address}`,
      'the endpoint is at no node of the cluster, and whether its network reaches pods is not known',
    );
  if (reached === 'martian')
    return ends('dropped', [
      ...why,
      reasons.plain('martian-source', `node ${endpoint.node ?? '?'} gets a packet with its own address as source, and discards it`),
    ]);
  const lost =
    reached === 'lost'
      ? [
          reasons.plain(
            'asymmetric-reply',
            `the answer goes straight to the client, past node ${node.name} that redirected the request: the connection hangs`,
          ),
        ]
      : [];
  const shown =
    source.by === 'cni' ? [reasons.plain('cni-masquerade', `${world.network.name} masquerades the packet on node ${node.name}`)] : [];
  const kept = hostNetworkKeeps(way, translation, arrival)
    ? [
        reasons.plain(
          'host-network-endpoint',
          'the endpoint is the node itself: the packet goes to INPUT, and masquerading happens only behind it',
        ),
      ]
    : [];
  const end: End = {
    outcome: reached === 'lost' ? 'no-reply' : 'delivered',
    then: null,
    share: 1,
    endpoint,
    source,
    reasons: [...why, ...kept, ...shown, ...lost],
  };
  return { kind: 'determined', ends: [end] };
}

function hostNetworkKeeps(way: Way, translation: Extract<Translation, { kind: 'dnat' }>, arrival: Arrival): boolean {
  return way.kind === 'host' && translation.masquerade && arrival.origin !== 'process';
}

/** KUBE-POSTROUTING, and the CNI's rules beside it. What goes to the node itself never passes POSTROUTING, unless a process of the node sent it. */
function sourceSeen(site: Site, packet: Packet, marked: boolean, endpoint: Endpoint, way: Way): Source {
  const { world, arrival } = site;
  const preserved: Source = { kind: 'preserved', address: packet.source, interface: null, by: null };
  if (way.kind === 'host' && arrival.origin !== 'process') return preserved;
  if (marked) return { kind: 'masqueraded', ...addressTowards(world, arrival.node, way, endpoint.address), by: 'kube-proxy' };
  if (!cniMasquerades(world, arrival.node, packet.source, endpoint.address, way)) return preserved;
  return { kind: 'masqueraded', ...addressTowards(world, arrival.node, way, endpoint.address), by: 'cni' };
}

// ---- not redirected --------------------------------------------------------------------------

function untranslated(site: Site, packet: Packet, translation: Extract<Translation, { kind: 'none' }>, hops: number): Fate {
  const { world, arrival } = site;
  const local = world.isLocal(arrival.node, packet.destination);
  const process = arrival.origin === 'process';
  // A process's packet to its own node passes OUTPUT and then, over lo, INPUT.
  const hooks: readonly Hook[] = process ? (local ? ['output', 'input'] : ['output']) : local ? ['input'] : ['forward'];
  for (const hook of hooks) {
    if (translation.dropMark && hook !== 'forward') return ends('dropped', translation.reasons);
    const refusal = refuse(site, packet, hook);
    if (refusal !== null) return ends(refusal.outcome, refusal.reasons);
  }
  return local ? toHost(site, packet, translation.reasons) : onwards(site, packet, translation, hops);
}

/** The node itself answers, or refuses. */
function toHost(site: Site, packet: Packet, why: readonly Reason[]): Fate {
  const { world, arrival } = site;
  const listener = world
    .hostPodsOf(arrival.node)
    .find((pod) => pod.ports.some((port) => port.port === packet.port && port.protocol === packet.protocol));
  if (listener !== undefined) {
    const text = `no Service rule takes it on node ${arrival.node.name}; pod ${listener.namespace}/${listener.name} declares this port on the host network`;
    return ends('unhandled', [...why, reasons.plain('host-listener', text)], 'host-listener');
  }
  const nodePort = world.byNodePort.has(nodePortKey(packet.family, packet.protocol, packet.port));
  const served = nodePort
    ? `node ports are not served on ${packet.destination} of node ${arrival.node.name}; the host refuses unless a process of its own listens`
    : `no Service has port ${packet.port}/${packet.protocol} on ${packet.destination}; the host of node ${arrival.node.name} answers for itself`;
  return ends(
    'unhandled',
    [...why, reasons.plain(nodePort ? 'address-not-served' : 'no-service-port', served)],
    nodePort ? 'refused-by-host' : null,
  );
}

/** The packet goes on as an ordinary one: to another node, or out of the cluster. */
function onwards(site: Site, packet: Packet, translation: Extract<Translation, { kind: 'none' }>, hops: number): Fate {
  const { world, arrival } = site;
  const natted = world.nattedOwnerOf(packet.destination);
  const next = world.ownerOf(packet.destination);
  const way = wayToAddress(world, arrival.node, packet.destination);
  if (next !== null) {
    const source = sourceOnwards(site, packet, translation.masquerade, way);
    if (source === undefined)
      return undetermined(`source address towards ${packet.destination}`, `how ${world.network.name} reaches other nodes is not known`);
    return predict(world, { ...packet, source }, { node: next, origin: 'elsewhere' }, hops + 1);
  }
  if (natted !== null) {
    return undetermined(
      `way to ${packet.destination}`,
      `it is an ExternalIP of node ${natted.name} beside an InternalIP; whether the network turns in-cluster traffic back is not known`,
    );
  }
  if (way.kind === 'own-pod' || way.kind === 'pod-of') {
    return ends('unhandled', [
      ...translation.reasons,
      reasons.plain('pod-address', `${packet.destination} is a pod's address: no Service is involved, ordinary routing decides`),
    ]);
  }
  return ends('unhandled', [...translation.reasons, leaves(site, packet)], 'leaves-cluster');
}

function leaves(site: Site, packet: Packet): Reason {
  const at = site.world.byAddress.get(addressKey(packet.destination, packet.protocol, packet.port))?.[0];
  if (at?.proxyIps.includes(packet.destination)) {
    return reasons.plain(
      'ipmode-proxy',
      `ipMode of ${packet.destination} is Proxy: kube-proxy has no rule for it, the packet goes out to the load balancer and comes back as an outside client's`,
    );
  }
  const entry: Entry | undefined = addressEntries(site.world, site.config, packet)[0];
  if (entry !== undefined) {
    return reasons.plain(
      'no-reject-in-output',
      `kube-proxy refuses ${packet.destination} only for packets that come to or through the node; what a process of the node sends leaves by the default route`,
    );
  }
  return reasons.plain(
    'no-service-rule',
    `no Service has ${packet.destination}:${packet.port}/${packet.protocol}; the packet leaves node ${site.arrival.node.name} by the ordinary route`,
  );
}

/** The source with which a packet goes on to another node; undefined where it is masqueraded to an address that is not known. */
function sourceOnwards(site: Site, packet: Packet, marked: boolean, way: Way): string | null | undefined {
  const { world, arrival } = site;
  if (!marked && !cniMasquerades(world, arrival.node, packet.source, packet.destination, way)) return packet.source;
  return addressTowards(world, arrival.node, way, packet.destination).address ?? undefined;
}
