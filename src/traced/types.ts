import type { Gap } from '../cluster/evidence.ts';
import type { Node, Protocol } from '../cluster/model.ts';
import type { Branch as NodeBranch } from '../netfilter/trace.ts';

/** Who sends the packet that is followed. */
export interface Sender {
  readonly origin: 'outside' | 'pod' | 'process';
  /** The node of a pod or a process; null for an outside client. */
  readonly node: Node | null;
  /** The address of an outside client or a pod; null for a process, which gets the one that routing gives it. */
  readonly address: string | null;
  /** `ns/name` of the pod, where it is a certain one. */
  readonly pod: string | null;
}

/** The address that it asks. */
export interface Asked {
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** One node that the packet passed, or reached, on one of its ways. */
export interface Hop {
  readonly node: string;
  readonly branch: NodeBranch;
}

/** Who has the address that a packet was sent to in the end. */
export interface Arrival {
  readonly address: string;
  readonly port: number;
  readonly node: string | null;
  readonly pod: { readonly namespace: string; readonly name: string } | null;
}

/** How one way of the packet ends. */
export type WayEnd =
  | { readonly kind: 'endpoint'; readonly at: Arrival; readonly seen: string; readonly answered: boolean }
  /** Discarded or refused by a rule (or a policy: null) of this node. */
  | { readonly kind: 'dropped' | 'rejected'; readonly node: string; readonly text: string; readonly line: string | null }
  | { readonly kind: 'host'; readonly node: string; readonly listener: string | null }
  | { readonly kind: 'left'; readonly node: string }
  /** A pod's address, and no Service led there. */
  | { readonly kind: 'pod'; readonly address: string; readonly node: string | null }
  /** An address that nothing in the cluster has. */
  | { readonly kind: 'nobody'; readonly address: string; readonly node: string }
  | { readonly kind: 'unknown'; readonly gap: Gap };

/** One possible way of the packet through the cluster, the request's nodes first, then the answer's. */
export interface Way {
  readonly share: number;
  readonly hops: readonly Hop[];
  /** Empty where no answer comes, or where it stays on the endpoint's own host. */
  readonly back: readonly Hop[];
  readonly end: WayEnd;
  /** Rules that were not decided, and that this way supposes to go one way. */
  readonly doubts: readonly { readonly node: string; readonly line: string; readonly why: string; readonly taken: boolean }[];
}

/** Every way that one packet may take. */
export interface Journey {
  /** The sender's address as the first node sees it; null where it is not known. */
  readonly source: string | null;
  readonly ways: readonly Way[];
}
