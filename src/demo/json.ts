/** A JSON object of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>;

export function isRecord(raw: unknown): raw is Json {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** The value as an object; an empty one when it is none. */
export function record(raw: unknown): Json {
  return isRecord(raw) ? raw : {};
}

/** The objects of an array; nothing when it is none. */
export function records(raw: unknown): Json[] {
  return Array.isArray(raw) ? raw.filter(isRecord) : [];
}

/** The value as text; empty when it is none. */
export function text(raw: unknown): string {
  return typeof raw === 'string' ? raw : '';
}

/** The texts of an array; nothing when it is none. */
export function texts(raw: unknown): string[] {
  return Array.isArray(raw) ? raw.filter((value): value is string => typeof value === 'string') : [];
}

/** The value under a dotted path (`spec.nodeName`), undefined where the path ends early. */
export function valueAt(object: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), object);
}
