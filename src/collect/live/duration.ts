import { Failure } from '../../net/failure.ts';
import { quoted } from './text.ts';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };
/** The longest delay that a Node timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

/** `--request-timeout` as kubectl reads it: Go durations or whole seconds; 0 (no limit) for `0` and for no flag. Milliseconds. */
export function parseTimeout(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (/^\d+$/.test(text)) return bounded(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) {
    throw new Failure(
      `invalid --request-timeout ${quoted(text)}`,
      'it must be a single integer in seconds, or an integer followed by a time unit (e.g. 1s | 2m | 3h); 0 means no limit',
    );
  }
  let total = 0;
  for (const part of text.matchAll(/(?<count>\d+(?:\.\d+)?)(?<unit>h|ms|m|s|us|µs|ns)/g)) {
    total += Number(part.groups?.['count']) * (UNIT_MS[part.groups?.['unit'] ?? ''] ?? 0);
  }
  return bounded(total > 0 ? Math.max(1, total) : 0);
}

function bounded(ms: number): number {
  return Math.min(Math.round(ms), LONGEST_MS);
}
