import type { Flow, ServiceReport, Verdict } from '../analysis/report.ts';
import { trafficFlows } from './shape.ts';

/** Why something is not answered: one text for all flows that share the reason. */
export interface Reason {
  readonly verdict: Verdict;
  readonly text: string;
  /** Texts with the same code that this one stands for. */
  readonly alike: number;
}

const URGENCY = [
  'dropped',
  'rejected',
  'no-reply',
  'partial',
  'undetermined',
  'unhandled',
  'delivered',
] as const satisfies readonly Verdict[];

interface Candidate {
  readonly verdict: Verdict;
  readonly code: string;
  readonly texts: Set<string>;
}

/** The distinct reasons of bad flows, those that explain most first. Reasons that also stand at answered flows explain nothing. */
export function reasonsOf(report: ServiceReport): Reason[] {
  const flows = trafficFlows(report);
  const harmless = new Set(
    flows.filter((flow) => flow.verdict === 'delivered').flatMap((flow) => flow.because.map((because) => because.code)),
  );
  const candidates = new Map<string, Candidate>();
  for (const flow of flows.filter(({ verdict }) => verdict !== 'delivered')) collect(flow, harmless, candidates);
  return [...candidates.values()].sort((a, b) => URGENCY.indexOf(a.verdict) - URGENCY.indexOf(b.verdict)).map(toReason);
}

function collect(flow: Flow, harmless: ReadonlySet<string>, candidates: Map<string, Candidate>): void {
  const telling = flow.because.filter((because) => !harmless.has(because.code));
  for (const because of telling.length > 0 ? telling : flow.because) {
    const key = `${flow.verdict} ${because.code}`;
    const candidate = candidates.get(key) ?? { verdict: flow.verdict, code: because.code, texts: new Set<string>() };
    candidate.texts.add(because.text);
    candidates.set(key, candidate);
  }
}

function toReason({ verdict, texts }: Candidate): Reason {
  const [text = ''] = texts;
  return { verdict, text, alike: texts.size - 1 };
}
