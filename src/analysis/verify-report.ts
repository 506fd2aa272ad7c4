import type { Answer, Because, Branch, Client, DataplaneEntry, Finding, Gap, ServiceSummary, Target, Verdict } from './report.ts';

/** The report of `verify`, as `-o json` prints it: the nodes' real rules against those that kube-proxy should have written. */
export interface VerifyReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'VerifyReport';
  readonly origin: string;
  /** Null where every Service was verified. */
  readonly service: ServiceSummary | null;
  readonly answer: Answer;
  readonly dataplane: readonly DataplaneEntry[];
  /** How many Services were compared on each node. */
  readonly servicesCompared: number;
  readonly nodes: readonly VerifiedNode[];
  /** Nodes of which the same was found, the gravest first. */
  readonly nodeGroups: readonly VerifiedGroup[];
  /** Predicted against traced; empty where every Service was verified. */
  readonly flows: readonly VerifiedFlow[];
  readonly findings: readonly Finding[];
  readonly gaps: readonly Gap[];
}

export interface VerifiedNode {
  readonly node: string;
  /** The gravest of what was found; null: nothing, as far as it could be compared. */
  readonly worst: 'error' | 'warning' | 'info' | null;
  readonly rules: RuleFindings;
  /** Whose rules these are, by IP family. */
  readonly families: readonly VerifiedFamily[];
}

export interface RuleFindings {
  readonly missing: readonly RuleFinding[];
  readonly unexpected: readonly RuleFinding[];
  readonly changed: readonly RuleFinding[];
  /** Rules of others that take packets of the Service away from kube-proxy's. */
  readonly foreign: readonly ForeignFinding[];
}

export interface RuleFinding {
  readonly family: 4 | 6;
  readonly table: string;
  readonly chain: string;
  /** As the node printed it; of a missing rule, as it should stand. */
  readonly line: string;
  /** In the node's dump; null for a missing rule. */
  readonly lineNumber: number | null;
  /** How a changed rule should read, else null. */
  readonly expected: string | null;
  readonly code: string;
  /** `ns/name:port`; null for rules that serve all Services. */
  readonly port: string | null;
  /** What the rule is for. */
  readonly meaning: string;
  /** What the difference does to traffic. */
  readonly effect: string;
  readonly severity: 'error' | 'warning' | 'info';
}

export interface ForeignFinding {
  readonly family: 4 | 6;
  readonly table: string;
  readonly hook: string;
  readonly chain: string;
  readonly line: string;
  readonly lineNumber: number | null;
  /** The jumps that lead to it. */
  readonly through: readonly string[];
  /** Whose it is, where names tell. */
  readonly writer: string | null;
  readonly match: 'certain' | 'possible';
  readonly act: string;
  readonly why: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Services whose packets it may take. */
  readonly services: readonly string[];
}

export interface VerifiedFamily {
  readonly family: 4 | 6;
  /** Whether its dump is one of kube-proxy's iptables mode. */
  readonly mode: 'iptables' | 'nftables' | 'not-iptables' | 'unknown';
  readonly modeReason: string | null;
  /** Settings of kube-proxy that the expected rules rest on, and where each comes from. */
  readonly settings: readonly {
    readonly name: string;
    readonly value: string;
    readonly from: 'dump' | 'api' | 'assumed';
    readonly contradicts: string | null;
    /** What follows from a contradiction, else null. */
    readonly effect: string | null;
  }[];
  /** Services that the rules name and the API does not have. */
  readonly strangers: readonly string[];
}

export interface VerifiedGroup {
  readonly nodes: readonly string[];
  /** The node of the group that `nodes` describes for all of them. */
  readonly sample: string;
  /** The same rules differ on all of them, but for their own addresses; otherwise the same kinds. */
  readonly identical: boolean;
}

export interface VerifiedFlow {
  readonly from: Client;
  readonly via: string | null;
  readonly to: Target;
  readonly predicted: VerifiedFate;
  readonly traced: VerifiedFate;
  /** Null where one of them is undetermined. */
  readonly agrees: boolean | null;
}

export interface VerifiedFate {
  readonly verdict: Verdict;
  readonly branches: readonly Branch[];
  readonly because: readonly Because[];
}
