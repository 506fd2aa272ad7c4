/** What decides whether the help that was made ready is the one to show. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; getWindowSize?(): readonly number[] };
}

/** The width that the texts were made for: what oclif takes when it writes to no terminal. */
const COLUMNS = 80;
const HELP_WORDS: readonly string[] = ['help', '--help', '-h'];

/** The name of the ready help text that answers this command line (there need not be one of that name), or null when oclif has to write it. */
export function readyHelp(argv: readonly string[], { env, stdout }: Surroundings): string | null {
  // As oclif decides on a width; it asks this variable first.
  if (env['OCLIF_COLUMNS'] !== undefined) return null;
  if (stdout.isTTY === true && stdout.getWindowSize?.()[0] !== COLUMNS) return null;
  return subjectOf(argv);
}

/** `explain --help`, `explain -h` and `help explain` are about `explain`; with anything else beside them oclif looks for itself. */
function subjectOf(argv: readonly string[]): string | null {
  const [first = '--help', second, ...others] = argv;
  if (others.length > 0) return null;
  if (second === undefined) return HELP_WORDS.includes(first) ? 'index' : null;
  const command = first === 'help' ? second : first;
  const asked = first === 'help' || second === '--help' || second === '-h';
  return asked && command !== 'index' && /^[a-z]+$/.test(command) ? command : null;
}
