import type { Hook } from '../hook.ts';
import type { NodeNet } from '../node/node-net.ts';
import type { Packet, Tracked } from './packet.ts';

/** What a match can look at. */
export interface Scene {
  readonly packet: Packet;
  readonly tracked: Tracked;
  readonly hook: Hook;
  readonly node: NodeNet;
  /** The client has not been seen before: `-m recent --rcheck` cannot find it. Otherwise nobody knows. */
  readonly newClient: boolean;
  /** What `-m recent --set` has noted on this packet's own way: how often, by list and address. */
  readonly recent: ReadonlyMap<string, number>;
}
