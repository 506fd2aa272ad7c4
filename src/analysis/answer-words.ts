import type { Answer, Flow, Verdict } from './report.ts';

/** What nodes or clients do, for one and for several. */
export type Verbs = Readonly<Record<Exclude<Verdict, 'delivered'>, readonly [string, string]>>;

/** Short words for reasons whose own sentence says more than an answer has room for. */
const SHORT_REASONS: ReadonlyMap<string, string> = new Map([
  ['no-local-endpoint', 'no local endpoint'],
  ['no-endpoints', 'no usable endpoint anywhere'],
  ['outside-source-ranges', 'the client is in none of loadBalancerSourceRanges'],
  ['asymmetric-reply', 'the answer takes another way than the request'],
  ['address-not-served', 'node ports are not served on that address'],
]);

/** Reasons that tell how a packet went on its way, and not why it ended badly. */
const STEPS = new Set([
  'masquerade-cluster-policy',
  'masquerade-off-cluster',
  'masquerade-all',
  'local-policy',
  'pod-short-circuit',
  'node-short-circuit',
  'cni-masquerade',
  'hairpin',
  'host-network-endpoint',
]);

/** `: no local endpoint`, where all these flows end badly for one reason; else nothing. */
export function reasonFor(flows: readonly Flow[]): string {
  const reasons = new Map<string, string>();
  for (const flow of flows) {
    const causes = flow.because.filter((entry) => !STEPS.has(entry.code));
    for (const { code, text } of causes) if (!reasons.has(code)) reasons.set(code, SHORT_REASONS.get(code) ?? text);
  }
  const [only] = reasons.values();
  return reasons.size === 1 && only !== undefined ? `: ${only}` : '';
}

/** good: all is answered; bad: nothing is; unknown: what is not answered may be, for all that is known; mixed: the rest. */
export function moodOf(verdicts: ReadonlySet<Verdict>): Answer['mood'] {
  if (verdicts.size === 1 && verdicts.has('delivered')) return 'good';
  if (verdicts.has('delivered') || verdicts.has('partial')) return 'mixed';
  return verdicts.has('undetermined') ? 'unknown' : 'bad';
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
