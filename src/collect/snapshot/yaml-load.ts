import { printable } from './text.ts';

/** Turns one YAML document into a value, or throws YamlProblem. */
export type ParseYaml = (text: string) => unknown;

/** What is wrong with a YAML document, and in which of its lines, counted from 1. */
export class YamlProblem extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'YamlProblem';
    this.line = line;
  }
}

/** Merge keys copy entries: keys times merges may not exceed this many characters of text. */
const MERGE_LIMIT = 10_000_000;

/** A tree may be this many times larger than its text before its aliases count as a bomb. */
const ALIAS_FACTOR = 4;
const ALIAS_FLOOR = 10_000;

/** The parser: timestamps stay strings, unknown tags are ignored, a key given twice is taken from its last place, nothing is executed. */
export async function loadYamlParser(): Promise<ParseYaml> {
  const yaml = await import('js-yaml');
  const anyTag = (['scalar', 'sequence', 'mapping'] as const).map(
    (kind) => new yaml.Type('', { kind, multi: true, construct: (data: unknown) => data }),
  );
  const merge = new yaml.Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (data: unknown) => data === '<<' });
  const schema = yaml.CORE_SCHEMA.extend({ implicit: [merge], explicit: anyTag });
  return (text) => {
    refuseMergeBomb(text);
    let value: unknown;
    try {
      value = yaml.load(text, { schema, json: true });
    } catch (error) {
      throw asProblem(error, yaml.YAMLException);
    }
    refuseAliasBomb(text, value);
    return value;
  };
}

export function refuseMergeBomb(text: string): void {
  if (!text.includes('<<')) return;
  const merges = text.match(/<<["']?[ \t]*:/g)?.length ?? 0;
  if (merges * text.length > MERGE_LIMIT) throw new YamlProblem('too many merge keys (<<) for its size', 1);
}

/** Aliases share what they point to, so the parser survives a bomb; whoever walks or prints the value later would not. */
export function refuseAliasBomb(text: string, value: unknown): void {
  if (!text.includes('*') || !text.includes('&')) return;
  const budget = { nodes: ALIAS_FLOOR + ALIAS_FACTOR * text.length };
  spend(value, budget);
  if (budget.nodes < 0) throw new YamlProblem('its aliases expand to far more than its text', 1);
}

function spend(value: unknown, budget: { nodes: number }, depth = 0): void {
  budget.nodes -= depth > 1000 ? Number.POSITIVE_INFINITY : 1;
  if (typeof value !== 'object' || value === null) return;
  for (const child of Object.values(value)) {
    if (budget.nodes < 0) return;
    spend(child, budget, depth + 1);
  }
}

function asProblem(error: unknown, YamlError: typeof import('js-yaml').YAMLException): YamlProblem {
  if (error instanceof YamlError) return new YamlProblem(`malformed YAML: ${printable(error.reason, 120)}`, (error.mark?.line ?? 0) + 1);
  if (error instanceof RangeError) return new YamlProblem('nested too deeply', 1);
  throw error;
}
