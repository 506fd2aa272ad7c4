import type { Packet, Tracked } from './evaluate/packet.ts';
import type { Doubt } from './evaluate/state.ts';
import type { Step } from './evaluate/steps.ts';
import type { Hook } from './hook.ts';
import type { ReversePath } from './node/source-validation.ts';
import type { Rule } from './ruleset.ts';

/** A packet as it comes to a node, or as a process of the node sends it. */
export interface Arriving {
  readonly protocol: string;
  readonly source: string;
  /** Null: any; rules that ask for it cannot be decided. */
  readonly sourcePort: number | null;
  readonly destination: string;
  readonly destinationPort: number | null;
  /** `local`: sent by a process of this node. Otherwise the device it comes in by; a null name is not known. */
  readonly from: 'local' | { readonly device: string | null };
}

/** How one way of the packet ends on this node. */
export type End =
  /** It was handed to the host itself: whoever listens there answers. */
  | { readonly kind: 'host' }
  /** It left the node; a null next hop means that the destination itself is on the device. */
  | { readonly kind: 'sent'; readonly device: string; readonly nextHop: string | null }
  /** A null rule: the policy of the chain. */
  | { readonly kind: 'dropped'; readonly hook: Hook; readonly rule: Rule | null }
  | { readonly kind: 'rejected'; readonly hook: Hook; readonly with: string; readonly rule: Rule }
  /** Ordinary routing discards it: `martian` and `reverse-path` for its source, the others for its destination. */
  | { readonly kind: 'unroutable'; readonly how: 'no-route' | 'unreachable' | 'prohibit' | 'blackhole' | 'martian' | 'reverse-path' }
  | { readonly kind: 'unknown'; readonly why: string; readonly rule: Rule | null };

/** One possible way through the node. */
export interface Branch {
  /** Its probability, given that its doubts go as it says. */
  readonly share: number;
  /** Rules that could not be decided and that matter; empty for a certain branch. */
  readonly doubts: readonly Doubt[];
  readonly end: End;
  /** The packet as it leaves the node, or as the host receives it. */
  readonly packet: Packet;
  /** The entry that connection tracking now has, for {@link traceReply}. */
  readonly tracked: Tracked;
  readonly steps: readonly Step[];
}

/** Every possible way of one packet through one node. Certain when no branch has a doubt and none ends unknown. */
export interface Trace {
  readonly branches: readonly Branch[];
  readonly certain: boolean;
  /** The rules that could not be decided and that matter, each once. */
  readonly undecided: readonly Doubt[];
}

export interface TraceOptions {
  /** The client is new to this node: `-m recent` does not know it (default true). */
  readonly newClient?: boolean;
  /** How many ways to follow before giving up (default 4,096). */
  readonly maxStates?: number;
  /** The kernel's check of the source of IPv4 packets that come in, `net.ipv4.conf.*.rp_filter` (default off; a node's own address never comes in). */
  readonly reversePath?: ReversePath;
}
