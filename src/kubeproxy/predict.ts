import type { Entry } from './entry.ts';
import { addressEntries } from './entry.ts';
import type { Fate, Reason } from './fate.ts';
import { ends, undetermined } from './fate.ts';
import type { Hook } from './filter.ts';
import { refuse, refuseBeforeDnat } from './filter.ts';
import type { Arrival, Packet } from './packet.ts';
import * as reasons from './reasons.ts';
import { toEndpoints } from './redirect.ts';
import type { Site, Translation } from './site.ts';
import { translate } from './translate.ts';
import type { Way } from './way.ts';
import { addressTowards, cniMasquerades, wayToAddress } from './way.ts';
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
  if (arrival.origin === 'own-pod' && world.network.servesClusterIPs && world.clusterIPs.has(packet.destination))
    // Cilium without kube-proxy replacement still balances clusterIPs of pods in eBPF (bpf_lxc, ENABLE_PER_PACKET_LB).
    return undetermined(
      `way of pods to clusterIP ${packet.destination}`,
      `${world.network.name} serves clusterIPs of pods itself, before kube-proxy's rules`,
    );
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
  const refusal = refuseBeforeDnat(site, packet);
  return refusal === null ? null : ends(refusal.outcome, refusal.reasons);
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
    const sent = leaving(site, packet, translation.masquerade, way);
    if (sent === null)
      return undetermined(
        `source address towards ${packet.destination}`,
        `which address of node ${arrival.node.name} it gets is not known`,
      );
    return predict(world, sent, { node: next, origin: 'elsewhere' }, hops + 1);
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
  const told = translation.entry === null && translation.reasons.length > 0;
  return ends('unhandled', told ? translation.reasons : [...translation.reasons, leaves(site, packet, translation)], 'leaves-cluster');
}

function leaves(site: Site, packet: Packet, translation: Extract<Translation, { kind: 'none' }>): Reason {
  if (translation.dropMark) {
    return reasons.plain(
      'drop-mark-not-in-forward',
      'kube-proxy before 1.25 only marks such packets for dropping, and nothing heeds the mark of a packet that goes on: it leaves by the ordinary route',
    );
  }
  const at = site.world.byAddress.get(addressKey(packet.destination, packet.protocol, packet.port))?.[0];
  if (at?.proxyIps.includes(packet.destination)) {
    return reasons.plain(
      'ipmode-proxy',
      `ipMode of ${packet.destination} is Proxy: kube-proxy has no rule for it, the packet goes out to the load balancer and comes back as an outside client's`,
    );
  }
  const entry: Entry | undefined = addressEntries(site.world, site.config, packet)[0];
  if (entry !== undefined && site.arrival.origin === 'process') {
    return reasons.plain(
      'no-reject-in-output',
      `kube-proxy refuses ${packet.destination} only for packets that come to or through the node; what a process of the node sends leaves by the default route`,
    );
  }
  if (entry !== undefined) {
    return reasons.plain(
      'no-reject-in-forward',
      `kube-proxy before 1.20 refuses ${packet.destination} only on a node that has the address; what is forwarded leaves by the ordinary route`,
    );
  }
  return reasons.plain(
    'no-service-rule',
    `no Service has ${packet.destination}:${packet.port}/${packet.protocol}; the packet leaves node ${site.arrival.node.name} by the ordinary route`,
  );
}

/** A packet as it goes on to another node; null where it is masqueraded to an address that is not known. */
function leaving(site: Site, packet: Packet, marked: boolean, way: Way): Packet | null {
  const { world, arrival } = site;
  if (!marked && !cniMasquerades(world, arrival.node, packet.source, packet.destination, way)) return packet;
  const { address, interface: device } = addressTowards(world, arrival.node, way, packet.destination);
  if (address === null) return null;
  if (address === packet.source) return packet;
  return { ...packet, source: address, rewritten: { by: marked ? 'kube-proxy' : 'cni', interface: device, node: arrival.node.name } };
}
