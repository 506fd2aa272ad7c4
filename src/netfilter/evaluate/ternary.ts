/** Whether something holds; unknown is a value, not an assumption. */
export type Ternary = 'yes' | 'no' | 'unknown';

/** Kleene AND: a definite "no" beats an unknown. */
export function and(a: Ternary, b: Ternary): Ternary {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'yes';
}

export function not(value: Ternary): Ternary {
  if (value === 'unknown') return value;
  return value === 'yes' ? 'no' : 'yes';
}

export function either(a: Ternary, b: Ternary): Ternary {
  return not(and(not(a), not(b)));
}

export function known(value: boolean): Ternary {
  return value ? 'yes' : 'no';
}

/** Null is not known. */
export function perhaps(value: boolean | null): Ternary {
  return value === null ? 'unknown' : known(value);
}

/** The value as `!` leaves it. */
export function withNot(value: Ternary, negated: boolean): Ternary {
  return negated ? not(value) : value;
}
