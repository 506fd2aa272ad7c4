/** What of a flag's definition decides how words are read. */
export interface FlagShape {
  readonly type: 'boolean' | 'option';
  readonly char?: string | undefined;
  readonly multiple?: boolean | undefined;
}

type Shapes = Readonly<Record<string, FlagShape>>;

interface Said {
  /** Null: no flag that is known, or no flag at all. */
  readonly name: string | null;
  readonly words: readonly string[];
}

const TRUE: ReadonlySet<string> = new Set(['true', 'TRUE', 'True', 't', 'T', '1']);
const FALSE: ReadonlySet<string> = new Set(['false', 'FALSE', 'False', 'f', 'F', '0']);

/**
 * The words of a command line as kubectl reads them, for a parser that is stricter: of a flag that is given twice the last one counts,
 * and a flag without a value may have `=true` or `=false`. github.com/spf13/pflag: flag.go, bool.go.
 */
export function asKubectl(argv: readonly string[], shapes: Shapes): string[] {
  const end = argv.indexOf('--');
  const [words, rest] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end)];
  const said = group(words, shapes);
  const last = new Map(said.map(({ name }, at) => [name, at]));
  const kept = said.filter(({ name }, at) => name === null || shapes[name]?.multiple === true || last.get(name) === at);
  return [...kept.flatMap((one) => one.words), ...rest];
}

function group(words: readonly string[], shapes: Shapes): Said[] {
  const said: Said[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const { name, value } = readWord(word, shapes);
    const shape = name === null ? undefined : shapes[name];
    if (shape === undefined) said.push({ name: null, words: [word] });
    else if (shape.type === 'boolean') said.push({ name, words: boolean(word, value) });
    else {
      const next = words[at + 1];
      const apart = value === null && next !== undefined && readWord(next, shapes).name === null;
      if (apart) at++;
      said.push({ name, words: apart ? [word, next] : [word] });
    }
  }
  return said;
}

function boolean(word: string, value: string | null): readonly string[] {
  if (value !== null && FALSE.has(value)) return [];
  return value !== null && TRUE.has(value) ? [word.slice(0, word.indexOf('='))] : [word];
}

/** The flag that a word names, and the value that it has in the same word. */
function readWord(word: string, shapes: Shapes): { readonly name: string | null; readonly value: string | null } {
  const none = { name: null, value: null };
  const equals = word.indexOf('=');
  if (word.startsWith('--')) {
    const name = word.slice(2, equals < 0 ? undefined : equals);
    return Object.hasOwn(shapes, name) ? { name, value: equals < 0 ? null : word.slice(equals + 1) } : none;
  }
  if (!word.startsWith('-') || word.length < 2) return none;
  const found = Object.entries(shapes).find(([, { char }]) => char === word[1]);
  if (found === undefined) return none;
  const joined = word.slice(2).replace(/^=/, '');
  return { name: found[0], value: word.length === 2 ? null : joined };
}
