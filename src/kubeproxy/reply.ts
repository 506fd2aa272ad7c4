import type { Endpoint, Node } from '../cluster/model.ts';
import type { Origin, Packet } from './packet.ts';
import type { Way } from './way.ts';
import type { World } from './world.ts';

interface Passage {
  readonly world: World;
  /** The node that redirected the packet. */
  readonly at: Node;
  readonly origin: Origin;
  readonly packet: Packet;
  readonly endpoint: Endpoint;
  readonly way: Way;
  /** The node that redirected it also gave it an address of its own. */
  readonly masqueraded: boolean;
}

/**
 * Whether the answer finds its way back through the node that redirected the request: it does when that node is the endpoint's own,
 * or masqueraded the packet, or owns the client. Otherwise the endpoint's node answers the client directly, with an address the client never asked (measured c2, j2, s1).
 * `martian`: the endpoint's node gets a packet from one of its own addresses and discards it (measured x9).
 */
export function reachesEndpoint(passage: Passage): 'answered' | 'lost' | 'martian' | 'open' {
  const { world, at, origin, packet, endpoint, way, masqueraded } = passage;
  if (way.kind === 'host' || way.kind === 'own-pod' || masqueraded) return 'answered';
  if (origin === 'process' || origin === 'own-pod') return outsideEndpoint(passage) && origin === 'own-pod' ? 'open' : 'answered';
  const sender = packet.source;
  if (sender !== null && world.isLocal(at, sender)) return 'answered';
  const there = endpointNode(world, endpoint);
  // IPv4 discards a packet that comes in with an address of the node itself (measured x9); IPv6 does not check, and the answer stays on that node (measured).
  if (sender !== null && there !== null && world.isLocal(there, sender)) return packet.family === 4 ? 'martian' : 'lost';
  if (there === null) return 'open';
  return 'lost';
}

function outsideEndpoint({ world, endpoint }: Passage): boolean {
  return endpointNode(world, endpoint) === null;
}

function endpointNode(world: World, endpoint: Endpoint): Node | null {
  const named = endpoint.node === null ? undefined : world.cluster.nodeByName.get(endpoint.node);
  return world.ownerOf(endpoint.address) ?? named ?? world.holderOf(endpoint.address);
}
