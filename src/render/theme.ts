import type { Answer, Verdict } from '../analysis/report.ts';
import type { RenderOptions } from './options.ts';
import { safeText } from './safe.ts';

/** How good something is, for its symbol and colour. */
export type Tone = 'good' | 'mixed' | 'bad' | 'unserved' | 'unknown';

/** Signs and colours for one terminal. Colour always comes with a symbol and a word. */
export interface Theme {
  symbol(tone: Tone): string;
  paint(tone: Tone, text: string): string;
  bold(text: string): string;
  dim(text: string): string;
  readonly dot: string;
  readonly arrow: string;
  readonly ellipsis: string;
  readonly rule: string;
  readonly bullet: string;
  /** Text from a report, fit for this terminal. */
  text(raw: string): string;
}

const UNICODE: Readonly<Record<Tone, string>> = { good: '✓', mixed: '◐', bad: '✗', unserved: '–', unknown: '?' };
const PLAIN: Readonly<Record<Tone, string>> = { good: 'ok', mixed: '~', bad: 'x', unserved: '-', unknown: '?' };
const SGR: Readonly<Record<Tone, string>> = { good: '32', mixed: '33', bad: '31', unserved: '36', unknown: '35' };

const TYPOGRAPHY: Readonly<Record<string, string>> = {
  '·': '|',
  '→': '->',
  '…': '...',
  '–': '-',
  '—': '-',
  '×': 'x',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '≤': '<=',
  '≥': '>=',
};

const TONE_OF_VERDICT = {
  delivered: 'good',
  partial: 'mixed',
  'no-reply': 'bad',
  rejected: 'bad',
  dropped: 'bad',
  unhandled: 'unserved',
  undetermined: 'unknown',
} as const satisfies Record<Verdict, Tone>;

const TONE_OF_MOOD = { good: 'good', mixed: 'mixed', bad: 'bad', unknown: 'unknown' } as const satisfies Record<Answer['mood'], Tone>;

export function toneOf(verdict: Verdict): Tone {
  return TONE_OF_VERDICT[verdict];
}

export function toneOfMood(mood: Answer['mood']): Tone {
  return TONE_OF_MOOD[mood];
}

export function themeFor(options: Pick<RenderOptions, 'color' | 'unicode'>): Theme {
  const symbols = options.unicode ? UNICODE : PLAIN;
  const sgr = (code: string, text: string): string => (options.color && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text);
  return {
    symbol: (tone) => symbols[tone],
    paint: (tone, text) => sgr(SGR[tone], text),
    bold: (text) => sgr('1', text),
    dim: (text) => sgr('2', text),
    dot: options.unicode ? ' · ' : ' | ',
    arrow: options.unicode ? '→' : '->',
    ellipsis: options.unicode ? '…' : '...',
    rule: options.unicode ? '─' : '-',
    bullet: options.unicode ? '·' : '-',
    text: options.unicode ? safeText : (raw) => safeText(raw).replace(/[·→…–—×’‘“”≤≥]/g, (char) => TYPOGRAPHY[char] ?? char),
  };
}
