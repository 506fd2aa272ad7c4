import type { Pen } from './pen.ts';

/** Redacts one value; undefined: it is left out. */
export type Redact = (value: unknown, pen: Pen) => unknown;

/** An object of these fields; whatever else it has is left out, so that a field that nobody thought of cannot slip through. */
export function shape(fields: Readonly<Record<string, Redact>>): Redact {
  const entries = Object.entries(fields);
  return (value, pen) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const found: Record<string, unknown> = {};
    for (const [key, redact] of entries) {
      const raw = (value as Readonly<Record<string, unknown>>)[key];
      const redacted = raw === undefined ? undefined : redact(raw, pen);
      if (redacted !== undefined) found[key] = redacted;
    }
    return found;
  };
}

export function each(redact: Redact): Redact {
  return (value, pen) => (Array.isArray(value) ? value.map((element) => redact(element, pen)) : undefined);
}

/** A text; anything else is left out. */
export function texts(redact: (text: string, pen: Pen) => string): Redact {
  return (value, pen) => (typeof value === 'string' ? redact(value, pen) : undefined);
}

/** A map of texts. */
export function maps(redact: (map: Readonly<Record<string, string>>, pen: Pen) => unknown): Redact {
  return (value, pen) => (typeof value === 'object' && value !== null ? redact(value as Readonly<Record<string, string>>, pen) : undefined);
}

/** A number, a switch or null stays. */
export const plain: Redact = (value) => (typeof value === 'number' || typeof value === 'boolean' || value === null ? value : undefined);
