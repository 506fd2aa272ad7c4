import { refuseAliasBomb, refuseMergeBomb } from '../snapshot/yaml-load.ts';

/** A value in a YAML or JSON text, with the line on which it begins, from 1. */
export interface Located {
  readonly value: unknown;
  readonly line: number;
  /** Of a mapping or a sequence, in the order of the text; keys of mappings are among them. */
  readonly parts: readonly Located[];
}

/** Parses every document of a text. Timestamps stay strings, unknown tags are ignored, nothing is executed. Throws YAMLException. */
export async function locatedDocuments(text: string): Promise<Located[]> {
  const yaml = await import('js-yaml');
  const anyTag = (['scalar', 'sequence', 'mapping'] as const).map(
    (kind) => new yaml.Type('', { kind, multi: true, construct: (data: unknown) => data }),
  );
  refuseMergeBomb(text);
  const roots: Located[] = [];
  const open: { readonly line: number; readonly parts: Located[] }[] = [];
  const values: unknown[] = [];
  yaml.loadAll(text, (value) => values.push(value), {
    schema: yaml.CORE_SCHEMA.extend({ explicit: anyTag }),
    json: true,
    listener(event, state) {
      if (event === 'open') {
        open.push({ line: state.line + 1, parts: [] });
        return;
      }
      const done = open.pop();
      if (done === undefined) return;
      const node = whole(state.result, done);
      const parent = open.at(-1);
      if (parent === undefined) roots.push(node);
      else parent.parts.push(node);
    },
  });
  for (const value of values) refuseAliasBomb(text, value);
  return roots;
}

/** A flow collection is read as a key that a block mapping might begin with, before it turns out to be all there is: then it is its own only part. */
function whole(value: unknown, { line, parts }: { readonly line: number; readonly parts: readonly Located[] }): Located {
  const [only, ...others] = parts;
  const isItself = only !== undefined && others.length === 0 && typeof value === 'object' && Object.is(only.value, value);
  return { value, line, parts: isItself ? only.parts : parts };
}

/** What stands under a key, or at a place of a sequence; null: nothing, or it came by an alias. */
export function partAt({ value, parts }: Located, key: string | number): Located | null {
  if (Array.isArray(value)) {
    const wanted: unknown = value[Number(key)];
    const same = parts.filter((part) => Object.is(part.value, wanted));
    return same[value.slice(0, Number(key)).filter((one) => Object.is(one, wanted)).length] ?? null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const wanted = (value as Readonly<Record<string, unknown>>)[key];
  const at = parts.findIndex((part, index) => String(part.value) === String(key) && Object.is(parts[index + 1]?.value, wanted));
  return at < 0 ? null : (parts[at + 1] ?? null);
}

/** The line of a field as `spec.externalTrafficPolicy`, or of the innermost part of that path which is there. */
export function lineOf(root: Located, path: string | null): number {
  let current = root;
  for (const key of (path ?? '').split('.').filter((part) => part !== '')) {
    const next = partAt(current, key);
    if (next === null) break;
    current = next;
  }
  return current.line;
}
