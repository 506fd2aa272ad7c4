/** Reads one value of untrusted JSON; undefined: it is not of the wanted type, and is left out. */
export type Read<T> = (raw: unknown) => T | undefined;

export type Json = Readonly<Record<string, unknown>>;

export function isRecord(raw: unknown): raw is Json {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

export function record(raw: unknown): Json {
  return isRecord(raw) ? raw : {};
}

export function text(raw: unknown): string | undefined {
  return typeof raw === 'string' ? raw : undefined;
}

export function flag(raw: unknown): boolean | undefined {
  return typeof raw === 'boolean' ? raw : undefined;
}

export function count(raw: unknown): number | undefined {
  return Number.isSafeInteger(raw) ? (raw as number) : undefined;
}

/** A port number; 0, which the API uses for "none", included. */
export function portNumber(raw: unknown): number | undefined {
  const found = count(raw);
  return found !== undefined && found >= 0 && found <= 65535 ? found : undefined;
}

/** A targetPort: a number, or the name of a container's port. */
export function portOrName(raw: unknown): number | string | undefined {
  return portNumber(raw) ?? text(raw);
}

export function stringMap(raw: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(raw)) return undefined;
  return Object.fromEntries(Object.entries(raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A list without the elements that cannot be read. */
export function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (raw) => (Array.isArray(raw) ? raw.map(read).filter((element) => element !== undefined) : undefined);
}

/** An object's fields by their readers, without those that cannot be read; nothing when one of the `needed` is missing. */
export function fields(shape: Readonly<Record<string, Read<unknown>>>, ...needed: readonly string[]): Read<Json> {
  const readers = Object.entries(shape);
  return (raw) => {
    if (!isRecord(raw)) return undefined;
    const found: Record<string, unknown> = {};
    for (const [key, read] of readers) {
      const value = read(raw[key]);
      if (value !== undefined) found[key] = value;
    }
    return needed.every((key) => key in found) ? found : undefined;
  };
}
