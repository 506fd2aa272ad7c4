import type { Verdict } from '../analysis/report.ts';
import type { Cell } from './cells.ts';
import { unique } from './text.ts';
import { type Theme, toneOf } from './theme.ts';

const MEANING = {
  delivered: 'answered',
  partial: 'sometimes answered',
  dropped: 'dropped: the client waits for its time-out',
  rejected: 'rejected: connection refused at once',
  'no-reply': 'no reply: the answer does not find its way back',
  unhandled: 'no Service rule takes it',
  undetermined: 'the evidence does not decide',
} as const satisfies Record<Verdict, string>;

const ORDER = Object.keys(MEANING) as readonly Verdict[];

/** What the symbols mean that are on the screen, and only those. */
export function legendParts(cells: readonly Cell[], theme: Theme): string[] {
  const verdicts = new Set(cells.flat().map((part) => part.verdict));
  const texts = cells.flat().map((part) => part.text);
  const shown = ORDER.filter((verdict) => verdicts.has(verdict));
  const meanings = shown.map((verdict) => `${theme.symbol(toneOf(verdict))} ${MEANING[verdict]}`);
  const snat = texts.some((text) => text.includes('SNAT')) ? ["SNAT: the pod sees this address instead of the client's"] : [];
  return unique([...meanings, ...snat]);
}
