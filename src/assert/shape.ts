import { Failure } from '../net/failure.ts';
import { didYouMean } from '../net/near.ts';
import type { Lines } from './yaml-lines.ts';

/** A mapping of the file, and how to say what is wrong with it. */
export interface Fields {
  readonly line: number;
  /** The value of a field; undefined where it is not there. */
  value(key: string): unknown;
  lineOf(key: string): number;
  /** Ends the reading with a message about one field. */
  refuse(key: string, why: string, hint?: string): never;
  keys(): readonly string[];
  /** A field that is a mapping itself. */
  inside(key: string, known: readonly string[] | null): Fields | null;
}

export interface Place {
  readonly file: string;
  readonly lines: Lines;
  /** What of the document this is: `flows[2].expect`. */
  readonly path: string;
}

type Json = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a mapping of known fields (null: of any); a Failure with file and line for anything else. */
export function fieldsOf(value: unknown, known: readonly string[] | null, place: Place, line?: number): Fields {
  const { file, lines, path } = place;
  const at = line ?? lines.of(value);
  if (!isMapping(value))
    throw new Failure(`${file}:${at}: ${path === '' ? 'the document' : path} has to be a mapping, not ${kindOf(value)}`, hintFor(known));
  const pathOf = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const refuse = (key: string, why: string, hint?: string): never => {
    throw new Failure(`${file}:${lines.of(value, key)}: ${pathOf(key)} ${why}`, hint);
  };
  const unknown = known === null ? undefined : Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) refuse(unknown, 'is no field here', didYouMean(unknown, known ?? []) ?? hintFor(known));
  return {
    line: at,
    value: (key) => (Object.hasOwn(value, key) ? value[key] : undefined),
    lineOf: (key) => lines.of(value, key),
    refuse,
    keys: () => Object.keys(value),
    inside: (key, fields) => {
      const found = Object.hasOwn(value, key) ? value[key] : undefined;
      return found === undefined ? null : fieldsOf(found, fields, { file, lines, path: pathOf(key) }, lines.of(value, key));
    },
  };
}

function hintFor(known: readonly string[] | null): string | undefined {
  return known === null ? undefined : `fields are ${known.join(', ')}`;
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `${JSON.stringify(value)}`;
}

/** A text, which YAML may have taken for a number: a port. */
export function textIn(fields: Fields, key: string): string | null {
  const value = fields.value(key);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  return fields.refuse(key, `has to be a text, not ${kindOf(value)}`);
}

/** One text or a list of them. */
export function textsIn(fields: Fields, key: string): readonly string[] {
  const value = fields.value(key);
  if (value === undefined || value === null) return [];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map((each) =>
    typeof each === 'string' && each !== '' ? each : fields.refuse(key, `has to be a text or a list of texts, and holds ${kindOf(each)}`),
  );
}
