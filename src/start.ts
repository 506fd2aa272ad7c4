import { Parts } from './parts.ts';
import { readyHelp } from './ready-help.ts';
import { resourceText } from './resources.ts';

/**
 * Where every way to start the program meets: the package's bin and the single executable. Loads no more than is needed for the answer:
 * help that is ready is printed before anything else is loaded.
 */
export async function start(argv: readonly string[]): Promise<void> {
  const words = wordsToComplete(argv, process.argv0);
  if (words !== null) return complete(words);
  const help = readyHelp(argv, process);
  const text = help === null ? null : resourceText(`dist/help/${help}.txt`);
  if (text !== null) return print(text);
  // The engine check of oclif loads semver for what package.json already says.
  process.env['OCLIF_DISABLE_ENGINE_WARNING'] = '1';
  const { fail, main } = new Parts(argv[0] ?? '').load('dist/main.js') as typeof import('./main.ts');
  process.on('uncaughtException', (error) => {
    fail(error, argv);
    process.exit();
  });
  await main(argv).catch((error) => fail(error, argv));
}

/** What kubectl runs for TAB behind `kubectl srcip`: prints words, and nothing else, ever. */
export async function complete(words: readonly string[]): Promise<void> {
  try {
    await (new Parts('complete').load('dist/complete/main.js') as typeof import('./complete/main.ts')).complete(words);
  } catch {
    print(':4\n');
  }
}

/**
 * What kubectl wants completed, or null when it wants something else: the executable is asked by its second name, `kubectl_complete-srcip`
 * (the package has a file of that name), or by a first word for shells and tests.
 */
export function wordsToComplete(argv: readonly string[], called: string): readonly string[] | null {
  if (/(?:^|[\\/])kubectl_complete-srcip(?:\.exe)?$/.test(called)) return argv;
  return argv[0] === '__complete' ? argv.slice(1) : null;
}

function print(text: string): void {
  // Nobody reads on.
  process.stdout.on('error', () => {});
  process.stdout.write(text);
}
