import type { ExpectedRule } from '../../expected/types.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import { probabilityOf, targetOf } from './line-parts.ts';

/** Far wider than the rounding of 31-bit probabilities, far finer than any share that matters. */
const TOLERANCE = 1e-6;

/** One observed balancing rule with what it takes. */
interface Seat {
  readonly rule: Rule;
  readonly endpoint: string;
  readonly probability: number;
}

export interface Balance {
  readonly missing: readonly ExpectedRule[];
  readonly unexpected: readonly Rule[];
  /** A second rule for one endpoint. */
  readonly twice: readonly Rule[];
  readonly changed: readonly { readonly expected: ExpectedRule; readonly observed: Rule }[];
  /** What each endpoint's chain gets of the packets that come to this part of the chain. */
  readonly shares: ReadonlyMap<string, number>;
  /** What no rule takes. */
  readonly unserved: number;
}

/** An expected or observed rule that picks an endpoint at random. */
export function isBalancing(line: string): boolean {
  return targetOf(line).startsWith('KUBE-SEP-') && !line.includes(' -m recent ') && !/ (?:-[sdip]|--[sd]port) /.test(line);
}

/** kube-proxy's order of endpoints may differ; their set, and that each gets its share, may not. */
export function compareBalance(expected: readonly ExpectedRule[], observed: readonly Rule[]): Balance {
  const seats = observed.map((rule) => ({ rule, endpoint: targetOf(rule.line), probability: probabilityOf(rule.line) }));
  const wanted = new Map(expected.map((rule) => [targetOf(rule.line), rule]));
  const first = new Map<string, Seat>();
  const twice: Rule[] = [];
  for (const seat of seats) {
    if (first.has(seat.endpoint)) twice.push(seat.rule);
    else first.set(seat.endpoint, seat);
  }
  const { shares, unserved } = sharesOf(seats);
  const missing = expected.filter((rule) => !first.has(targetOf(rule.line)));
  const unexpected = [...first.values()].filter((seat) => !wanted.has(seat.endpoint)).map((seat) => seat.rule);
  const complete = missing.length + unexpected.length + twice.length === 0;
  const even = complete && [...shares.values()].every((share) => near(share * seats.length, 1));
  return {
    missing,
    unexpected,
    twice: twice.filter(
      (rule) => probabilityOf(rule.line) < 1 || unserved > 0 || !near(shares.get(targetOf(rule.line)) ?? 0, 1 / wanted.size),
    ),
    changed: even ? [] : changedSeats(seats, wanted, complete),
    shares,
    unserved,
  };
}

/** Rules with another probability than their line or their place should have; with every line as it should be, those at the wrong place. */
function changedSeats(seats: readonly Seat[], wanted: ReadonlyMap<string, ExpectedRule>, complete: boolean): Balance['changed'] {
  const altered: { expected: ExpectedRule; observed: Rule }[] = [];
  const moved: { expected: ExpectedRule; observed: Rule }[] = [];
  for (const [place, { rule, endpoint, probability }] of seats.entries()) {
    const expected = wanted.get(endpoint);
    if (expected === undefined) continue;
    const fitsPlace = near(probability, 1 / (seats.length - place));
    const fitsLine = near(probability, probabilityOf(expected.line));
    if (!fitsPlace && !fitsLine) altered.push({ expected, observed: rule });
    else if (!fitsPlace) moved.push({ expected, observed: rule });
  }
  return altered.length > 0 || !complete ? altered : moved;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE;
}

/** Each rule takes its probability of what the rules before it left. */
function sharesOf(seats: readonly Seat[]): { readonly shares: Map<string, number>; readonly unserved: number } {
  const shares = new Map<string, number>();
  let left = 1;
  for (const { endpoint, probability } of seats) {
    shares.set(endpoint, (shares.get(endpoint) ?? 0) + left * probability);
    left *= 1 - probability;
  }
  return { shares, unserved: left };
}
