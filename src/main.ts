import type { Command, Interfaces } from '@oclif/core';
import { Config, Plugin } from '@oclif/core/config';
import { run } from '@oclif/core/run';
import { safeText } from './render/safe.ts';
import { packageFolder, resourceText } from './resources.ts';

const COMMANDS: Readonly<Record<string, () => Promise<{ default: Command.Class }>>> = {
  explain: () => import('./commands/explain.ts'),
  verify: () => import('./commands/verify.ts'),
  trace: () => import('./commands/trace.ts'),
  check: () => import('./commands/check.ts'),
  whatif: () => import('./commands/whatif.ts'),
  assert: () => import('./commands/assert.ts'),
  snapshot: () => import('./commands/snapshot.ts'),
  demo: () => import('./commands/demo.ts'),
};

/**
 * The program as a plugin that is already in memory: nothing is searched for, and a command's code is loaded when it runs.
 * Help and flag checks need no more than oclif.manifest.json.
 */
class OwnPlugin extends Plugin {
  override async load(): Promise<void> {
    this.type = 'core';
    this.isRoot = true;
    this.root = this.options.root;
    this.pjson = packageJson;
    this.moduleType = 'module';
    this.name = this.pjson.name;
    this.alias = this.name;
    this.version = this.pjson.version;
    this.valid = true;
    this.hooks = {};
    this.manifest = readJson<Interfaces.Manifest>('oclif.manifest.json');
    this.hasManifest = true;
    this.commandIDs = Object.keys(COMMANDS);
    this.commands = this.commandIDs.flatMap((id) => {
      const cached = this.manifest.commands[id];
      return cached === undefined ? [] : [{ ...cached, load: () => this.loadCommand(id) }];
    });
  }

  private async loadCommand(id: string): Promise<Command.Class> {
    const module = await COMMANDS[id]?.();
    if (module === undefined) throw new Error(`no command ${id}`);
    const command = module.default;
    command.id = id;
    command.plugin = this;
    return command;
  }
}

/** Exit code of a question that could not be answered. */
const UNANSWERED = 2;

const root = packageFolder();
const packageJson = readJson<Interfaces.PJSON>('package.json');

function readJson<T>(name: string): T {
  return JSON.parse(resourceText(name) ?? '{}') as T;
}

/** Runs the command line; errors that no command handled are for `fail`. */
export async function main(words: readonly string[]): Promise<void> {
  // Nobody is there to be told.
  process.stderr.on('error', () => {});
  // As other programs have it; oclif knows --help only.
  const argv = withRuleValues(words[0] === 'help' ? [...words.slice(1), '--help'] : words);
  const command = argv[0] ?? '--help';
  if (!command.startsWith('-') && command !== 'version' && !Object.hasOwn(COMMANDS, command)) return unknownCommand(command);
  const plugin = new OwnPlugin({ root, name: packageJson.name, pjson: packageJson, isRoot: true });
  await plugin.load();
  const config = await Config.load({ root, pjson: packageJson, plugins: new Map([[plugin.name, plugin]]) });
  await run([...argv], config);
}

const TAKES_A_RULE = '--why-not';

/** oclif takes a value that begins with a dash for another flag; an iptables rule begins with one. A blank in front changes nothing about it. */
function withRuleValues(words: readonly string[]): readonly string[] {
  return words.map((word, at) => {
    if (word.startsWith(`${TAKES_A_RULE}=-`)) return `${TAKES_A_RULE}= ${word.slice(TAKES_A_RULE.length + 1)}`;
    return words[at - 1] === TAKES_A_RULE && /^-\S* /.test(word) ? ` ${word}` : word;
  });
}

/** oclif would not say which commands there are. */
function unknownCommand(word: string): void {
  const commands = Object.keys(COMMANDS).join(', ');
  process.stderr.write(`error: unknown command "${safeText(word)}"\n       there are: ${commands}; see kubectl srcip --help\n`);
  process.exitCode = UNANSWERED;
}

interface CliError extends Error {
  readonly oclif?: { readonly exit?: number };
}

/** Ends the program for an error that no command handled: a wrong flag is said in two lines, a fault of the program itself asks for a report. */
export function fail(error: CliError, argv: readonly string[]): void {
  const exit = error.oclif?.exit;
  if (exit === 0) return;
  process.exitCode = exit ?? UNANSWERED;
  if (error.oclif !== undefined) {
    const said = error.message.split('\n').filter((line) => !line.startsWith('See more help'));
    const command = argv.find((word) => Object.hasOwn(COMMANDS, word));
    const help = `see kubectl srcip ${command === undefined ? '' : `${command} `}--help`;
    process.stderr.write(`error: ${safeText(said.join(' ').replace(/\s+/g, ' '))}\n       ${help}\n`);
    return;
  }
  const detail = process.env['DEBUG'] === undefined ? '' : `\n${error.stack ?? ''}`;
  process.stderr.write(
    `error: internal error: ${safeText(error.message)}${detail}\n       this is a fault of kubectl srcip; please report it with the output of DEBUG=1\n`,
  );
}
