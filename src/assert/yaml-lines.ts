import { CORE_SCHEMA, type EventType, loadAll, type State, YAMLException } from 'js-yaml';
import { Failure } from '../net/failure.ts';

/** Where things stand in a file, counted from 1. */
export interface Lines {
  /** The line of a field of a mapping (of an element of a list, by its number), or where the mapping itself begins. */
  of(value: unknown, key?: string): number;
}

export interface Loaded {
  readonly documents: readonly unknown[];
  readonly lines: Lines;
}

interface Child {
  readonly value: unknown;
  readonly line: number;
}

interface Mark {
  readonly line: number;
  readonly fields: ReadonlyMap<string, number>;
}

/** All documents of a YAML text, with the lines of their mappings' fields; a Failure with the line where it is no YAML. */
export function loadWithLines(text: string, file: string): Loaded {
  const marks = new WeakMap<object, Mark>();
  const open: { readonly line: number; readonly children: Child[] }[] = [];
  const listener = (event: EventType, state: State): void => {
    if (event === 'open') {
      open.push({ line: state.line + 1, children: [] });
      return;
    }
    const node = open.pop();
    const value: unknown = resultOf(state);
    if (node === undefined) return;
    open.at(-1)?.children.push({ value, line: node.line });
    if (typeof value === 'object' && value !== null && !marks.has(value))
      marks.set(value, { line: node.line, fields: Array.isArray(value) ? elementsIn(node.children) : fieldsIn(node.children) });
  };
  try {
    const documents: unknown[] = [];
    loadAll(text, (document) => documents.push(document), {
      schema: CORE_SCHEMA,
      filename: file,
      listener: (event, state) => listener(event, state),
    });
    return { documents, lines: { of: (value, key) => lineOf(marks, value, key) } };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new Failure(`${file}:${error.mark.line + 1}: ${error.reason}`, 'the file is no YAML');
  }
}

/** js-yaml's types leave it out. */
function resultOf(state: State): unknown {
  return (state as State & { readonly result?: unknown }).result;
}

/** Keys and values come in turn. */
function fieldsIn(children: readonly Child[]): ReadonlyMap<string, number> {
  const keys = children.filter((_, index) => index % 2 === 0);
  return new Map(keys.map(({ value, line }) => [String(value), line]));
}

function elementsIn(children: readonly Child[]): ReadonlyMap<string, number> {
  return new Map(children.map(({ line }, index) => [String(index), line]));
}

function lineOf(marks: WeakMap<object, Mark>, value: unknown, key: string | undefined): number {
  const mark = typeof value === 'object' && value !== null ? marks.get(value) : undefined;
  return (key === undefined ? undefined : mark?.fields.get(key)) ?? mark?.line ?? 1;
}
