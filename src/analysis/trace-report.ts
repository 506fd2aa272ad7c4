import type { Answer, Because, Branch, Client, Gap, Target, Verdict } from './report.ts';

/** The report of `trace`, as `-o json` prints it: one packet through the nodes' own rules, step by step. */
export interface TraceReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'TraceReport';
  readonly origin: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly answer: Answer;
  readonly from: Client;
  /** The address that the steps show for a client without one of its own: any pod of a node, any client outside. */
  readonly standIn: string | null;
  readonly via: string | null;
  readonly to: Target;
  readonly verdict: Verdict;
  readonly branches: readonly Branch[];
  readonly because: readonly Because[];
  /** What the API objects predict for the same packet. */
  readonly predicted: { readonly verdict: Verdict; readonly branches: readonly Branch[]; readonly because: readonly Because[] };
  /** Null where either is undetermined. */
  readonly agrees: boolean | null;
  readonly ways: readonly TracedWay[];
  /** The answer to `--why-not`. */
  readonly whyNot?: WhyNot;
  readonly gaps: readonly Gap[];
}

/** One of the packet's possible ways: rules that choose at random, or that cannot be decided, split it. */
export interface TracedWay {
  readonly share: number;
  /** How it ends, in words. */
  readonly end: string;
  readonly outcome: Branch['outcome'] | 'unknown';
  readonly request: readonly TracedHop[];
  /** The answer's nodes; empty where no answer comes. */
  readonly reply: readonly TracedHop[];
  /** Rules that could not be decided, and how this way supposes that they go. */
  readonly doubts: readonly { readonly node: string; readonly rule: string; readonly why: string; readonly taken: boolean }[];
}

export interface TracedHop {
  readonly node: string;
  /** Whether its addresses and routes are concluded from API objects, not read on the node. */
  readonly derived: boolean;
  readonly steps: readonly TracedStep[];
}

export interface TracedStep {
  readonly kind: 'rule' | 'policy' | 'routing' | 'undo';
  /** PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING; null for routing. */
  readonly hook: string | null;
  readonly table: string | null;
  readonly chain: string | null;
  /** The rule as the node printed it, the policy, or where routing sends the packet. */
  readonly text: string;
  readonly lineNumber: number | null;
  /** What it did: jump, goto, return, accept, drop, reject, mark, connmark, dnat, snat, notrack, nothing, unknown; null for routing. */
  readonly effect: string | null;
  readonly how: 'taken' | 'perhaps' | 'by-chance';
  /** Whether it decided something; the others matched, and changed nothing. */
  readonly decisive: boolean;
  /** The packet after it. */
  readonly packet: TracedPacket | null;
}

export interface TracedPacket {
  readonly source: string | null;
  readonly sourcePort: number | null;
  readonly destination: string | null;
  readonly destinationPort: number | null;
  /** As `0x4000`. */
  readonly mark: string;
  readonly in: string | null;
  readonly out: string | null;
}

/** Why the packet did not come to a rule or a chain. */
export interface WhyNot {
  readonly asked: string;
  readonly answers: readonly WhyNotAnswer[];
}

export interface WhyNotAnswer {
  readonly node: string;
  /** Whether it did come there after all. */
  readonly taken: boolean;
  readonly text: string;
  /** The rule that stood in the way or did not match; null where there is none. */
  readonly rule: string | null;
}
