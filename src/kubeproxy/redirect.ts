import type { Endpoint } from '../cluster/model.ts';
import type { End, Fate, Reason, Source } from './fate.ts';
import { ends, mixed, undetermined } from './fate.ts';
import type { Arrival, Packet } from './packet.ts';
import * as reasons from './reasons.ts';
import { reachesEndpoint } from './reply.ts';
import type { Site, Translation } from './site.ts';
import { contextOf, possibleSources } from './site.ts';
import type { Way } from './way.ts';
import { addressTowards, cniMasquerades, wayToEndpoint } from './way.ts';
import type { World } from './world.ts';

type Redirected = Extract<Translation, { kind: 'dnat' }>;

/** What becomes of a packet that nat sent to one of some endpoints at random: each has an equal share. */
export function toEndpoints(site: Site, packet: Packet, translation: Redirected): Fate {
  const { endpoints } = translation;
  const share = 1 / endpoints.length;
  return mixed(endpoints.map((endpoint) => ({ share, fate: toEndpoint(site, packet, translation, endpoint) })));
}

function toEndpoint(site: Site, packet: Packet, translation: Redirected, endpoint: Endpoint): Fate {
  const { world, arrival } = site;
  const { node } = arrival;
  const way = wayToEndpoint(world, node, endpoint);
  const self = packet.source === endpoint.address;
  const why = [...translation.reasons, ...(self ? [reasons.hairpin(contextOf(site), translation.entry.at, endpoint)] : [])];
  const stuck = self ? hairpinFate(site, translation, way, why) : null;
  if (stuck !== null) return stuck;
  const rewritten = masqueradeAs(site, packet, translation.masquerade || self, endpoint, way);
  const source = rewritten ?? asItCame(world, packet);
  const reached = reachesEndpoint({ world, at: node, origin: arrival.origin, packet, endpoint, way, masqueraded: rewritten !== null });
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
  const masker = rewritten === null ? packet.rewritten?.node : node.name;
  const shown =
    source.by === 'cni' ? [reasons.plain('cni-masquerade', `${world.network.name} masquerades the packet on node ${masker}`)] : [];
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

/** What may keep a packet from the endpoint that sent it; null: nothing, it is masqueraded and delivered. */
function hairpinFate(site: Site, translation: Redirected, way: Way, why: readonly Reason[]): Fate | null {
  const { world, config } = site;
  const { hairpin: mode, podLink, name } = world.network;
  if (way.kind === 'own-pod' && (podLink === 'bridge' || podLink === 'unknown')) {
    if (mode === null) return undetermined('hairpin mode of the bridge', `the configuration of ${name} does not say`);
    if (!mode && podLink === 'bridge')
      return ends('dropped', [
        ...why,
        reasons.plain('no-hairpin-mode', 'the bridge port does not send back what came from it (hairpinMode false)'),
      ]);
  }
  // ≥1.36 (facts A.3): the set of hairpin connections holds local endpoints only.
  const elsewhere = way.kind === 'pod-of' || way.kind === 'uplink';
  if (elsewhere && config.mode === 'nftables' && config.minor >= 36 && !translation.masquerade) {
    return undetermined(
      'the way of a pod to itself over another node',
      'kube-proxy 1.36 in nftables mode masquerades such packets for its own endpoints only',
    );
  }
  return null;
}

function hostNetworkKeeps(way: Way, translation: Redirected, arrival: Arrival): boolean {
  return way.kind === 'host' && translation.masquerade && arrival.origin !== 'process';
}

/**
 * The source that this node gives a packet in KUBE-POSTROUTING or by the CNI's rules beside it; null: it leaves it alone.
 * What goes to the node itself never passes POSTROUTING, unless a process of the node sent it.
 */
function masqueradeAs(site: Site, packet: Packet, marked: boolean, endpoint: Endpoint, way: Way): Source | null {
  const { world, arrival } = site;
  if (way.kind === 'host' && arrival.origin !== 'process') return null;
  if (marked) return { kind: 'masqueraded', ...addressTowards(world, arrival.node, way, endpoint.address), by: 'kube-proxy' };
  if (!cniMasquerades(world, arrival.node, packet.source, endpoint.address, way)) return null;
  return { kind: 'masqueraded', ...addressTowards(world, arrival.node, way, endpoint.address), by: 'cni' };
}

/** The source that a packet had when it reached the node: the client's own, or the one that another node gave it. */
function asItCame(world: World, { source, rewritten }: Packet): Source {
  if (rewritten !== undefined) return { kind: 'masqueraded', address: source, interface: rewritten.interface, by: rewritten.by };
  const known = source === null || possibleSources(world, source).length === 1;
  return { kind: 'preserved', address: known ? source : null, interface: null, by: null };
}
