import { isLocal } from '../../../src/netfilter/node/routing.ts';
import { type Arriving, connectionOf, traceReply } from '../../../src/netfilter/trace.ts';
import { type Passed, requestOf, type Walk } from './walk.ts';
import { ownerOf, podWith, type World } from './world.ts';

interface At {
  readonly name: string;
  readonly arriving: Arriving;
}

/** Follows the answer back; a client takes it only when it comes from where the request was sent to. */
export function comesBack(walk: Walk, at: At, passed: Passed, hops = 0): 'delivered' | 'no-reply' | 'unknown' {
  const { world, probe } = walk;
  const node = world.nodes.get(at.name);
  if (node === undefined || hops > 4) return 'unknown';
  if (isBridgedUnseen(world, at))
    return at.arriving.source === probe.ip && at.arriving.destination === walk.client ? 'delivered' : 'no-reply';
  const connection = connectionOf(
    passed.filter((each) => each.node === at.name).map((each) => each.branch),
    at.arriving,
  );
  const trace = traceReply(node, at.arriving, connection, { reversePath: world.scenario.knobs.reversePath });
  const [branch] = trace.branches;
  if (branch === undefined || !trace.certain || trace.branches.length !== 1) return 'unknown';
  const { end, packet } = branch;
  const right = packet.source === probe.ip && packet.destination === walk.client ? 'delivered' : 'no-reply';
  if (end.kind === 'host') return right;
  if (end.kind !== 'sent') return 'no-reply';
  const next = ownerOf(world, end.nextHop ?? packet.destination ?? '');
  if (next === null || isLocal(node, packet.destination ?? '') === true) return right;
  return comesBack(walk, { name: next.node, arriving: { ...requestOf(branch), from: { device: next.device } } }, passed, hops + 1);
}

/** Frames between two ports of one bridge pass no rule while bridge-nf-call-iptables is 0. */
function isBridgedUnseen(world: World, at: At): boolean {
  const { knobs, bridged } = world.scenario;
  if (!bridged || knobs.bridgedFramesAreFiltered || at.arriving.from === 'local') return false;
  return podWith(world, at.arriving.destination)?.node === at.name && podWith(world, at.arriving.source)?.node === at.name;
}
