import type { Gap } from '../cluster/evidence.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { familyOf, isLoopback } from '../net/ip.ts';
import { ownSource } from '../netfilter/node/source-address.ts';
import type { Arriving, Branch, End } from '../netfilter/trace.ts';
import { tracePacket } from '../netfilter/trace.ts';
import type { Directory } from './addresses.ts';
import { followBack, requestOf } from './answer.ts';
import { deviceFrom, nextOf } from './next-node.ts';
import { type ObservedNodes, whyOpen } from './nodes.ts';
import { refusalOf } from './refusal.ts';
import { type Wrapped, wrapped } from './tunnel.ts';
import type { Arrival, Asked, Hop, Journey, Sender, Way, WayEnd } from './types.ts';

/** The cluster as a packet meets it. */
export interface Ground {
  readonly nodes: ObservedNodes;
  readonly directory: Directory;
  readonly dataplane: Dataplane;
}

/** A client's port: any that no rule names. */
const CLIENT_PORT = 40_000;
/** A packet crosses at most its own node, the one that is asked, and the endpoint's; one more shows a loop. */
const MOST_NODES = 4;

/** Follows one packet of a new client from its sender through every node that it comes to, and the answer back. */
export function follow(ground: Ground, sender: Sender, asked: Asked, entry: string | null): Journey {
  const start = startOf(ground, sender, asked, entry);
  if ('gap' in start) return { source: null, ways: [lost(start.gap)] };
  const { source } = start.arriving;
  const walk: Walk = { ground, asked, sender, source };
  return { source, ways: visit(walk, start.node, start.arriving, { passed: [], share: 1, doubts: [] }) };
}

interface Walk {
  readonly ground: Ground;
  readonly asked: Asked;
  readonly sender: Sender;
  readonly source: string;
}

interface SoFar {
  readonly passed: readonly Hop[];
  readonly share: number;
  readonly doubts: Way['doubts'];
}

function lost(gap: Gap): Way {
  return { share: 1, hops: [], back: [], doubts: [], end: { kind: 'unknown', gap } };
}

function gap(what: string, why: string): { readonly gap: Gap } {
  return { gap: { what, why } };
}

function startOf(
  ground: Ground,
  sender: Sender,
  asked: Asked,
  entry: string | null,
): { readonly node: string; readonly arriving: Arriving } | { readonly gap: Gap } {
  const first = sender.node?.name ?? entry;
  if (first === null) return gap('the node through which the packet enters', `no node owns ${asked.address}; name one with --via`);
  const node = ground.nodes.get(first);
  if (node === null) return gap(`rules of node ${first}`, 'they were not read');
  const base = { protocol: asked.protocol.toLowerCase(), sourcePort: CLIENT_PORT, destination: asked.address, destinationPort: asked.port };
  if (sender.origin === 'process') {
    const source = ownSource(node.net, asked.address);
    if (source === null) return gap(`source address of node ${first}`, `its address towards ${asked.address} is not known`);
    return { node: first, arriving: { ...base, source, from: 'local' } };
  }
  if (sender.address === null) return gap("the client's address", 'it has none of this family');
  if (sender.origin === 'pod' && isLoopback(asked.address))
    return gap(`way to ${asked.address}`, "a pod's loopback is its own; no Service is involved");
  if (sender.origin === 'pod' && ground.dataplane.networks.some((network) => network.servesClusterIPs))
    return gap('way of pods to Services', 'the CNI may serve them itself, before the rules of the node');
  return { node: first, arriving: { ...base, source: sender.address, from: { device: deviceOf(ground, sender, first, sender.address) } } };
}

/** A stand-in for any pod has no route of its own where each pod has one: then another pod's device stands for its. */
function deviceOf({ nodes, directory }: Ground, sender: Sender, node: string, address: string): string | null {
  if (sender.origin !== 'pod' || sender.pod !== null || directory.podAt(address) !== null)
    return deviceFrom(nodes, { name: node }, address);
  const other = directory.somePodOf(node, familyOf(address));
  return deviceFrom(nodes, { name: node }, other ?? (directory.holderOf(address) === node ? address : null));
}

function visit(walk: Walk, name: string, arriving: Arriving, soFar: SoFar): readonly Way[] {
  const node = walk.ground.nodes.get(name);
  if (node === null) return finish(soFar, [], { kind: 'unknown', ...gap(`rules of node ${name}`, 'they were not read') });
  const open = whyOpen(node);
  if (open !== null) return finish(soFar, [], { kind: 'unknown', ...gap(`rules of node ${name}`, open) });
  if (soFar.passed.length >= MOST_NODES)
    return finish(soFar, [], { kind: 'unknown', ...gap('the way of the packet', 'it would go in circles between nodes') });
  return tracePacket(node.net, arriving).branches.flatMap((branch) => {
    const doubts = branch.doubts.map(({ rule, why, taken }) => ({ node: name, line: rule.line, why, taken }));
    const next = {
      passed: [...soFar.passed, { node: name, branch }],
      share: soFar.share * branch.share,
      doubts: [...soFar.doubts, ...doubts],
    };
    return leave(walk, name, branch, next);
  });
}

function finish({ passed, share, doubts }: SoFar, back: readonly Hop[], end: WayEnd): readonly Way[] {
  return [{ share, hops: passed, back, end, doubts }];
}

function leave(walk: Walk, node: string, branch: Branch, soFar: SoFar): readonly Way[] {
  const { end, packet } = branch;
  if (end.kind === 'rejected') return finish(soFar, [], refused(walk, node, branch, end));
  if (end.kind === 'dropped' || end.kind === 'unroutable') return finish(soFar, [], stopped(node, end));
  if (end.kind === 'unknown')
    return finish(soFar, [], {
      kind: 'unknown',
      ...gap(`rules of node ${node}`, `${end.why}${end.rule === null ? '' : ` (${end.rule.line})`}`),
    });
  if (packet.destination === null || packet.source === null || packet.destinationPort === null)
    return finish(soFar, [], {
      kind: 'unknown',
      ...gap(`rules of node ${node}`, 'the address that they give the packet is not known'),
    });
  const at = { address: packet.destination, port: packet.destinationPort };
  if (end.kind === 'host') return reachHost(walk, node, branch, soFar, at);
  const next = nextOf(walk.ground, node, { destination: at.address, nextHop: end.nextHop });
  switch (next.kind) {
    case 'pod':
      return reachPod(walk, node, branch, soFar, at, end.device);
    case 'node': {
      const inTunnel = wrapped(walk.ground.nodes, { from: node, to: next.node, device: end.device, family: packet.family });
      if (inTunnel !== null) return finish(soFar, [], lostInTunnel(inTunnel));
      const device = next.device ?? deviceFrom(walk.ground.nodes, { name: next.node }, packet.source);
      return visit(walk, next.node, { ...requestOf(branch), from: { device } }, soFar);
    }
    case 'nobody':
      return finish(soFar, [], nobody(walk, node, at.address));
    case 'outside':
      return finish(soFar, [], { kind: 'left', node });
  }
}

/** Only with every pod known is an address in a podCIDR nobody's. */
function nobody({ ground }: Walk, node: string, address: string): WayEnd {
  if (ground.directory.complete) return { kind: 'nobody', address, node };
  return {
    kind: 'unknown',
    ...gap(
      `the owner of ${address}`,
      `the rules of node ${node} lead to it; no EndpointSlice that was read has it, and not every pod was read`,
    ),
  };
}

function lostInTunnel(found: Wrapped): WayEnd {
  if (found.kind === 'unknown') return { kind: 'unknown', ...gap(`rules of node ${found.node}`, found.why) };
  return { kind: 'dropped', node: found.node, text: found.text, line: found.line };
}

function refused({ ground }: Walk, node: string, branch: Branch, end: Extract<End, { kind: 'rejected' }>): WayEnd {
  const net = ground.nodes.get(node)?.net;
  const refusal = net === undefined ? null : refusalOf(net, branch, end);
  if (refusal?.kind === 'unknown') return { kind: 'unknown', ...gap(`rules of node ${node}`, refusal.why) };
  if (refusal?.kind === 'lost') return { kind: 'dropped', node, text: `${refusal.text} of node ${node}`, line: refusal.line };
  return { kind: 'rejected', node, text: `rejected in ${end.hook} of node ${node} (${end.with})`, line: end.rule.line };
}

function stopped(node: string, end: Extract<End, { kind: 'dropped' | 'unroutable' }>): WayEnd {
  if (end.kind === 'dropped') {
    const how = end.rule === null ? `discarded by the policy of ${end.hook} on node ${node}` : `discarded in ${end.hook} of node ${node}`;
    return { kind: 'dropped', node, text: how, line: end.rule?.line ?? null };
  }
  return { kind: 'dropped', node, text: `discarded by routing on node ${node}: ${UNROUTABLE[end.how]}`, line: null };
}

const UNROUTABLE: Readonly<Record<Extract<End, { kind: 'unroutable' }>['how'], string>> = {
  'no-route': 'no route to the destination',
  unreachable: 'the route says unreachable',
  prohibit: 'the route says prohibit',
  blackhole: 'the route is a blackhole',
  martian: "the packet came in with one of the node's own addresses as its source",
  'reverse-path': 'the answer would leave by another device (rp_filter)',
};

interface At {
  readonly address: string;
  readonly port: number;
}

function reachHost(walk: Walk, node: string, branch: Branch, soFar: SoFar, at: At): readonly Way[] {
  const { directory } = walk.ground;
  const endpoint = directory.endpointAt(at.address, at.port);
  if (endpoint === null) return finish(soFar, [], hostItself(walk, node, at));
  return answer(walk, node, branch, soFar, { ...endpoint, node }, 'local');
}

/** UDP is refused by an ICMPv6 error from an address of a device: a client that asked an address without one (a local route) may not take it for an answer. */
function hostItself({ ground, asked }: Walk, node: string, at: At): WayEnd {
  const listener = ground.directory.listenerOn(node, at.port);
  const devices = ground.nodes.get(node)?.net.devices ?? [];
  const onDevice = devices.some((device) => device.addresses.some(({ address }) => address === at.address));
  if (listener !== null || asked.protocol !== 'UDP' || familyOf(at.address) === 4 || onDevice) return { kind: 'host', node, listener };
  return {
    kind: 'unknown',
    ...gap(`how node ${node} refuses ${at.address}`, 'the address is on none of its devices, so the refusal comes from another one'),
  };
}

function reachPod(walk: Walk, node: string, branch: Branch, soFar: SoFar, at: At, device: string): readonly Way[] {
  const { directory, nodes } = walk.ground;
  const endpoint = directory.endpointAt(at.address, at.port);
  if (endpoint === null) return finish(soFar, [], noEndpoint(walk, node, at));
  if (isHairpin(walk, at.address) && !turnsBack(walk, node)) {
    const why = 'the packet goes back by the bridge port that it came from; whether that port turns it back (hairpin mode) is not known';
    return finish(soFar, [], { kind: 'unknown', ...gap(`bridge of node ${node}`, why) });
  }
  return answer(walk, node, branch, soFar, { ...endpoint, node }, { device: deviceFrom(nodes, { name: node }, at.address) ?? device });
}

/** A pod that was asked by its own address is no Service's matter; one that rules lead to may answer, and no object says whether. */
function noEndpoint({ asked }: Walk, node: string, at: At): WayEnd {
  if (at.address === asked.address) return { kind: 'pod', address: at.address, node };
  const why = `the rules of node ${node} lead to it, and no EndpointSlice that was read lists this address with port ${at.port}`;
  return { kind: 'unknown', ...gap(`whether pod ${at.address} answers on port ${at.port}`, why) };
}

function isHairpin({ sender, source }: Walk, address: string): boolean {
  return sender.origin === 'pod' && source === address;
}

/** Routed pods are turned back by the node itself; a bridge needs hairpin mode on the port. */
function turnsBack({ ground }: Walk, node: string): boolean {
  const bridged = ground.nodes.get(node)?.net.devices?.some((device) => device.master !== null) ?? false;
  const [network] = ground.dataplane.networks;
  return network?.hairpin === true || (network?.podLink !== 'bridge' && !bridged);
}

function answer(walk: Walk, node: string, branch: Branch, soFar: SoFar, at: Arrival, from: Arriving['from']): readonly Way[] {
  const request = requestOf(branch);
  // A pod drops what comes from its own address (a martian), and would send the answer to itself.
  if (from !== 'local' && request.source === at.address)
    return finish(soFar, [], { kind: 'endpoint', at, seen: request.source, answered: false });
  const arriving = {
    protocol: request.protocol,
    source: request.destination,
    sourcePort: request.destinationPort,
    destination: request.source,
    destinationPort: request.sourcePort,
    from,
  };
  const awaited = { source: walk.asked.address, sourcePort: walk.asked.port, destination: walk.source };
  const back = followBack(walk.ground, { node, arriving }, soFar.passed, awaited);
  if (back.answered === 'unknown') return finish(soFar, back.hops, { kind: 'unknown', ...gap(`way back from ${at.address}`, back.why) });
  return finish(soFar, back.hops, { kind: 'endpoint', at, seen: request.source, answered: back.answered });
}
