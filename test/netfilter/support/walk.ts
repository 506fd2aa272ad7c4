import { deviceTowards } from '../../../src/netfilter/node/routing.ts';
import { ownSource } from '../../../src/netfilter/node/source-address.ts';
import { type Arriving, type Branch, tracePacket } from '../../../src/netfilter/trace.ts';
import { comesBack } from './replies.ts';
import type { PodAt } from './scenario.ts';
import { ownerOf, type Probe, podWith, type World } from './world.ts';

/** What the rules of all nodes together say about a probe. */
export interface Traced {
  /** In the words of the recording; `?` stands for an end that the rules do not show. */
  readonly outcomes: readonly string[];
  /** False when rules on the way could not be decided: then the outcomes are all that may happen. */
  readonly certain: boolean;
  /** Session affinity: after the first connection only one of the outcomes can be seen. */
  readonly sticky: boolean;
}

/** The nodes that a request has passed so far, and how it left them. */
export type Passed = readonly { readonly node: string; readonly branch: Branch }[];

export interface Walk {
  readonly world: World;
  readonly probe: Probe;
  readonly client: string;
  readonly results: Set<string>;
  certain: boolean;
  sticky: boolean;
}

/** Follows a probe over all nodes; null when its sender is not known. */
export function tracedOutcomes(world: World, probe: Probe): Traced | null {
  const start = startOf(world, probe);
  if (start === null) return null;
  const walk: Walk = { world, probe, client: start.arriving.source, results: new Set(), certain: true, sticky: false };
  visit(walk, start.node, start.arriving, []);
  return { outcomes: [...walk.results].sort(), certain: walk.certain, sticky: walk.sticky };
}

function startOf(world: World, probe: Probe): { readonly node: string; readonly arriving: Arriving } | null {
  const six = probe.ip.includes(':');
  const base = { protocol: probe.protocol, sourcePort: 40000, destination: probe.ip, destinationPort: probe.port };
  const own = world.nodes.get(probe.from);
  if (own !== undefined) {
    const source = ownSource(own, probe.ip);
    return source === null ? null : { node: probe.from, arriving: { ...base, source, from: 'local' } };
  }
  const pod = world.pods.find((each) => each.name === probe.from);
  const node = pod?.node ?? probe.via ?? (world.nodes.has(probe.to) ? probe.to : (ownerOf(world, probe.ip)?.node ?? ''));
  const net = world.nodes.get(node);
  if (net === undefined) return null;
  if (pod?.host === true) {
    const source = ownSource(net, probe.ip);
    return source === null ? null : { node, arriving: { ...base, source, from: 'local' } };
  }
  const source = (pod?.ips ?? world.scenario.clients.get(probe.from))?.find((address) => address.includes(':') === six);
  const device = source === undefined ? null : pod === undefined ? 'eth0' : deviceTowards(net, source);
  return source === undefined || device === null ? null : { node, arriving: { ...base, source, from: { device } } };
}

/** One node of the request's way; every branch goes on by itself. */
function visit(walk: Walk, name: string, arriving: Arriving, passed: Passed): void {
  const node = walk.world.nodes.get(name);
  if (node === undefined || passed.length > 5) {
    lost(walk);
    return;
  }
  const trace = tracePacket(node, arriving, { reversePath: walk.world.scenario.knobs.reversePath });
  if (!trace.certain) walk.certain = false;
  for (const branch of trace.branches) endOf(walk, { name, arriving }, branch, [...passed, { node: name, branch }]);
}

function lost(walk: Walk): void {
  walk.certain = false;
  walk.results.add('?');
}

interface Here {
  readonly name: string;
  readonly arriving: Arriving;
}

function endOf(walk: Walk, here: Here, branch: Branch, passed: Passed): void {
  const { end, packet } = branch;
  walk.sticky ||= branch.steps.some((step) => step.kind === 'rule' && step.rule.spec.matches.some((match) => match.kind === 'recent'));
  if (packet.source === null || packet.destination === null || end.kind === 'unknown') {
    lost(walk);
    return;
  }
  if (end.kind === 'dropped' || end.kind === 'unroutable') walk.results.add('timeout');
  else if (end.kind === 'rejected') walk.results.add('refused');
  else if (end.kind === 'host') reachesHost(walk, here, branch, passed);
  else sent(walk, here, { branch, towards: end.nextHop ?? packet.destination }, passed);
}

function reachesHost(walk: Walk, here: Here, branch: Branch, passed: Passed): void {
  const { packet } = branch;
  const listener = walk.world.pods.find(
    (each) => each.host && each.node === here.name && each.listens.has(`${packet.protocol}/${packet.destinationPort}`),
  );
  if (listener !== undefined) served(walk, listener, branch, passed);
  else walk.results.add(packet.protocol === 'udp' ? 'refused' : 'refused by host');
}

function sent(walk: Walk, here: Here, on: { readonly branch: Branch; readonly towards: string }, passed: Passed): void {
  const { branch, towards } = on;
  const pod = podWith(walk.world, branch.packet.destination ?? '');
  if (pod?.node === here.name) {
    reachesPod(walk, here, { pod, branch }, passed);
    return;
  }
  const next = ownerOf(walk.world, towards);
  const vip = walk.world.scenario.vips[branch.packet.destination ?? ''];
  if (next !== null) visit(walk, next.node, { ...requestOf(branch), from: { device: next.device } }, passed);
  else if (vip !== undefined && vip !== here.name) visit(walk, vip, { ...requestOf(branch), from: { device: 'eth0' } }, passed);
  else walk.results.add('left');
}

function reachesPod(walk: Walk, here: Here, at: { readonly pod: PodAt; readonly branch: Branch }, passed: Passed): void {
  const { pod, branch } = at;
  const { knobs, bridged } = walk.world.scenario;
  // br_netfilter turns a translated frame round inside the bridge, where only a hairpin port takes it back.
  const own = here.arriving.from !== 'local' && pod.ips.includes(here.arriving.source);
  if (own && bridged && knobs.bridgedFramesAreFiltered && !knobs.hairpin) walk.results.add('timeout');
  else if (pod.listens.has(`${branch.packet.protocol}/${branch.packet.destinationPort}`)) served(walk, pod, branch, passed);
  else walk.results.add(branch.packet.protocol === 'udp' ? 'refused' : 'refused by host');
}

export function requestOf({ packet }: Branch): Omit<Arriving, 'from'> {
  return {
    protocol: packet.protocol,
    source: packet.source ?? '',
    sourcePort: packet.sourcePort,
    destination: packet.destination ?? '',
    destinationPort: packet.destinationPort,
  };
}

function served(walk: Walk, pod: PodAt, branch: Branch, passed: Passed): void {
  const request = requestOf(branch);
  const reply = {
    protocol: request.protocol,
    source: request.destination,
    sourcePort: request.destinationPort,
    destination: request.source,
    destinationPort: request.sourcePort,
  };
  const node = walk.world.nodes.get(pod.node);
  const device = pod.host || node === undefined ? null : deviceTowards(node, request.destination);
  const answered = comesBack(walk, { name: pod.node, arriving: { ...reply, from: pod.host ? 'local' : { device } } }, passed);
  if (answered === 'unknown') lost(walk);
  else walk.results.add(`${answered} ${pod.name} sees ${request.source}`);
}
