import type { Answer, DataplaneEntry, Gap, ServiceSummary, Verdict } from '../../analysis/report.ts';

/** The report of `whatif --rollout`, as `-o json` prints it: a Service's traffic during an update of the workload behind it, step by step. */
export interface RolloutReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'RolloutReport';
  readonly origin: string;
  readonly service: ServiceSummary;
  readonly workload: { readonly kind: WorkloadKind; readonly namespace: string; readonly name: string };
  /** Who drops for how long, and why. `good`: nobody in any case; `mixed`: somebody does, or may; `bad`: for a while nobody is answered, in every case. */
  readonly answer: Answer;
  readonly dataplane: readonly DataplaneEntry[];
  readonly update: UpdateRules;
  /** Nodes on which outside clients are dropped: at least, and at most, as the scheduler decides. */
  readonly dropping: { readonly least: number; readonly most: number };
  /** Nodes that have pods of the workload behind this Service. */
  readonly nodes: readonly RolloutNode[];
  /** One where nothing is left open; else the worst and the best that scheduler and controller may choose: every update lies between them. */
  readonly cases: readonly RolloutCase[];
  /** What could not be read, what was supposed, and what nobody can know before. */
  readonly gaps: readonly Gap[];
}

export type WorkloadKind = 'Deployment' | 'DaemonSet' | 'StatefulSet';

/** What decides how the update goes. */
export interface UpdateRules {
  readonly strategy: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  readonly replicas: number;
  /** Pods, after rounding. */
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly minReadySeconds: number;
  /** Seconds before which no new pod can be ready, by its readiness probe; pulling and starting come on top, and nobody knows how long they take. */
  readonly readyAfter: number;
  readonly stop: StopTime;
  /** When the load balancer no longer sends to a node whose check fails; null: there is none, or its times are not known. */
  readonly loadBalancer: { readonly provider: string | null; readonly failSeconds: number | null; readonly evidence: string } | null;
  /** Two pods cannot be on one node: hostNetwork or hostPort. */
  readonly ownsPorts: boolean;
}

/** How long a pod goes on serving after it was told to stop. */
export interface StopTime {
  readonly least: number;
  readonly most: number;
  readonly evidence: string;
}

export interface RolloutNode {
  readonly node: string;
  /** Pods of the workload behind this Service. */
  readonly pods: number;
  /** Whether the node is, for a while or for good, without a ready pod of this Service. */
  readonly without: 'always' | 'may be' | 'never';
  readonly drops: DropTime | null;
  readonly why: string;
}

/** Outside clients are dropped. */
export interface DropTime {
  /** Null: not known, or until a new pod is ready there. */
  readonly seconds: number | null;
  readonly until: 'the load balancer takes the node out' | 'a new pod is ready';
}

export interface RolloutCase {
  readonly case: 'only' | 'worst' | 'best';
  /** What was supposed of what the scheduler decides. */
  readonly supposed: string;
  readonly steps: readonly RolloutStep[];
  /** Steps that go as those before them, and are not told. */
  readonly left: number;
}

export interface RolloutStep {
  readonly phase: 'before' | 'replacing' | 'stopped' | 'ready' | 'stuck';
  readonly text: string;
  /** How long it lasts; null: not known. */
  readonly seconds: { readonly least: number; readonly most: number | null };
  /** Nodes that are another than in the step before. */
  readonly nodes: readonly StepNode[];
  /** Flows that end otherwise than in the step before. */
  readonly flows: readonly StepFlow[];
}

export interface StepNode {
  readonly node: string;
  readonly old: number;
  /** New pods that are not ready. */
  readonly starting: number;
  readonly ready: number;
  /** Old pods that were told to stop and still serve. */
  readonly terminating: number;
  /** What the load balancer's health check meets; null: it asks nothing that kube-proxy answers, or there is none. */
  readonly healthCheck: 200 | 503 | null;
  /** Whether the load balancer sends there once its check has counted; null: not known, or there is none. */
  readonly inRotation: boolean | null;
}

export interface StepFlow {
  readonly from: 'outside clients' | 'pods';
  readonly node: string;
  readonly before: Verdict;
  readonly after: Verdict;
}
