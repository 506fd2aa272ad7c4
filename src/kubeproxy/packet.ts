import type { Node, Protocol } from '../cluster/model.ts';
import type { Family } from '../net/ip.ts';

/** The first packet of a connection, as it reaches a node. */
export interface Packet {
  /** Null: some address outside the cluster, none of those that anything here names. */
  readonly source: string | null;
  readonly destination: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly family: Family;
  /** Whether an unnamed source lies in the Service's loadBalancerSourceRanges; null: open. */
  readonly inRanges: boolean | null;
  /** Where its source was rewritten on the way to this node; absent while it is the client's own. */
  readonly rewritten?: Rewriting;
}

/** A node that gave a packet one of its own addresses before it went on to another node. */
export interface Rewriting {
  readonly by: 'kube-proxy' | 'cni';
  readonly interface: string | null;
  readonly node: string;
}

/** How a packet came to a node: from a process on it, from one of its own pods, or from elsewhere. */
export type Origin = 'process' | 'own-pod' | 'elsewhere';

export interface Arrival {
  readonly node: Node;
  readonly origin: Origin;
}
