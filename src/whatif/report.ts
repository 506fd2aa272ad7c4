import type {
  Answer,
  Because,
  Branch,
  Client,
  DataplaneEntry,
  EndpointRef,
  Finding,
  Gap,
  LoadBalancerNode,
  NodeGroup,
  Note,
  SeenSource,
  ServiceSummary,
  Target,
  Verdict,
} from '../analysis/report.ts';

/** The report of `whatif`, as `-o json` prints it: the same flows before and after a change that has not been made. */
export interface WhatifReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'WhatifReport';
  readonly origin: string;
  /** The changes in the order in which they are made. */
  readonly changes: readonly WhatifChange[];
  /** What the change does, in a sentence or two. `good`: nothing gets worse; `mixed`: something does; `bad`: all that was answered no longer is. */
  readonly answer: Answer;
  /** The Service as it is. */
  readonly service: ServiceSummary;
  readonly before: WhatifSide;
  readonly after: WhatifSide;
  readonly counts: Readonly<Record<FlowChange, number>>;
  /** Nodes that behave alike, before and after, when there are too many to report each. Absent when every node is in `flows` by itself. */
  readonly nodeGroups?: readonly NodeGroup[];
  readonly flows: readonly WhatifFlow[];
  /** Nodes that a load balancer treats differently. */
  readonly loadBalancer: readonly BalancerChange[];
  readonly findings: {
    readonly introduced: readonly Finding[];
    readonly fixed: readonly Finding[];
    readonly unchanged: readonly Finding[];
  };
  readonly notes: { readonly introduced: readonly Note[]; readonly fixed: readonly Note[] };
  /** What could not be read or decided, and what the change leaves open. */
  readonly gaps: readonly Gap[];
}

export interface WhatifChange {
  readonly kind: string;
  readonly text: string;
}

/** What `explain` says of the Service on one side of the change. */
export interface WhatifSide {
  readonly service: ServiceSummary;
  readonly answer: Answer;
  readonly dataplane: readonly DataplaneEntry[];
}

/**
 * `introduced`: less of it is answered; `fixed`: more of it is; `changed`: the same share is answered, by other endpoints, with another source
 * address or otherwise; `unknown`: undetermined on one side; `new`, `gone`: the target or the client is there on one side only.
 */
export type FlowChange = 'introduced' | 'fixed' | 'changed' | 'unknown' | 'new' | 'gone' | 'unchanged';

/** What of a flow differs. */
export type Difference = 'outcome' | 'endpoints' | 'shares' | 'source';

export interface WhatifFlow {
  readonly from: Client;
  readonly via: string | null;
  readonly to: WhatifTarget;
  readonly change: FlowChange;
  readonly differs: readonly Difference[];
  /** Null where the flow is new. */
  readonly before: WhatifFate | null;
  /** Null where the flow is gone. */
  readonly after: WhatifFate | null;
}

/** A target whose port may not have been given yet. */
export type WhatifTarget = Omit<Target, 'port'> & { readonly port: number | null };

export interface WhatifFate {
  readonly verdict: Verdict;
  /** Empty where the fate is undetermined, or the verdict is certain and who answers is not. */
  readonly branches: readonly WhatifBranch[];
  readonly because: readonly Because[];
}

/** A branch whose endpoint may not be known yet: null although the outcome is delivered, or without an address. */
export type WhatifBranch = Omit<Branch, 'endpoint' | 'source'> & {
  readonly endpoint: WhatifEndpoint | null;
  readonly source: SeenSource | null;
};

export type WhatifEndpoint = Omit<EndpointRef, 'address'> & { readonly address: string | null };

export interface BalancerChange {
  readonly node: string;
  readonly before: BalancerStanding | null;
  readonly after: BalancerStanding | null;
}

export type BalancerStanding = Omit<LoadBalancerNode, 'node'>;
