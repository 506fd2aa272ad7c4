import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, cwd, exit, stderr } from 'node:process';
import { COMMANDS } from '../src/commands.ts';

// Heads of docs/commands/NAME.md from the commands themselves. What stands below a head is written by hand and kept.
// --write writes them, --check says which are stale and ends with 1.

const FOLDER = 'docs/commands';
const END = '<!-- What stands above is generated (scripts/generate-command-docs.ts); what stands below is written by hand. -->';
const BIN = 'kubectl srcip';
/** In this order, and the rest behind them by name. */
const GROUPS = ['Question', 'What is checked', 'Change (several are made together)', '', 'What counts', "Nodes' rules", 'Output'];
const LAST = 'Connection (as in kubectl)';

interface FlagFacts {
  readonly char?: string | undefined;
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly summary?: string | undefined;
  readonly helpGroup?: string | undefined;
  readonly helpValue?: string | readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
  readonly default?: unknown;
  readonly required?: boolean | undefined;
  readonly hidden?: boolean | undefined;
}

interface ArgFacts {
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly hidden?: boolean | undefined;
}

interface CommandFacts {
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly examples?: readonly unknown[] | undefined;
  readonly strict?: boolean | undefined;
  readonly args?: Readonly<Record<string, ArgFacts>> | undefined;
  readonly flags?: Readonly<Record<string, FlagFacts>> | undefined;
  readonly hidden?: boolean | undefined;
}

/** A generated page as it should be. */
export interface Doc {
  readonly path: string;
  readonly text: string;
}

const commands = Object.entries(COMMANDS as unknown as Readonly<Record<string, CommandFacts>>).filter(([, { hidden }]) => hidden !== true);

/** Every page of a command, and the table of all, given what is written in the folder. */
export function commandDocs(root: string): Doc[] {
  return [...commands.map(([name, command]) => commandDoc(root, name, command)), { path: `${FOLDER}/README.md`, text: overview() }];
}

/** Files of the folder that belong to no command. */
export function strayCommandDocs(root: string): string[] {
  const known = new Set(['README.md', ...commands.map(([name]) => `${name}.md`)]);
  return readdirSync(join(root, FOLDER)).filter((name) => !known.has(name));
}

function commandDoc(root: string, name: string, command: CommandFacts): Doc {
  const path = `${FOLDER}/${name}.md`;
  const full = join(root, path);
  const body = existsSync(full) ? handWritten(readFileSync(full, 'utf8'), path) : '';
  return { path, text: `${headOf(name, command)}\n${END}\n${body === '' ? '' : `\n${body}\n`}` };
}

/** What was written by hand; a page that has lost the line between the two parts is not touched. */
export function handWritten(text: string, path = 'the page'): string {
  const at = text.indexOf(END);
  if (at < 0) throw new Error(`${path} has lost the line that divides the generated part from the rest: ${END}`);
  if (text.indexOf(END, at + 1) >= 0) throw new Error(`${path} has the dividing line twice`);
  return text.slice(at + END.length).trim();
}

function headOf(name: string, command: CommandFacts): string {
  const { summary = '', description = '', flags = {}, args = {} } = command;
  const [about, exits] = splitExits(description);
  return [
    `# ${BIN} ${name}`,
    '',
    summary,
    '',
    ...about,
    '',
    ...usage(name, command),
    ...argumentLines(args),
    ...exampleLines(command.examples ?? []),
    ...exits,
    '## Flags',
    '',
    ...flagTables(flags),
  ].join('\n');
}

/** The description in paragraphs, and the exit codes that it ends with as a table. */
function splitExits(description: string): [string[], string[]] {
  const paragraphs = description.split('\n\n').map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' ').trim());
  const codes = paragraphs.find((paragraph) => paragraph.startsWith('Exit codes:'));
  const about = paragraphs
    .filter((paragraph) => paragraph !== codes)
    .flatMap((paragraph, index) => (index === 0 ? [paragraph] : ['', paragraph]));
  if (codes === undefined) return [about, []];
  const rows = codes
    .replace(/^Exit codes: /, '')
    .replace(/\.$/, '')
    .split(/; (?=\d )/)
    .map((entry) => `| ${entry.slice(0, 1)} | ${entry.slice(2)} |`);
  return [about, ['## Exit codes', '', '| code | when |', '| --- | --- |', ...rows, '']];
}

function usage(name: string, { args = {}, strict }: CommandFacts): string[] {
  const words = Object.entries(args)
    .filter(([, arg]) => arg.hidden !== true)
    .map(([arg, { required }]) => {
      const word = `${arg.toUpperCase()}${strict === false ? '...' : ''}`;
      return required === true ? ` ${word}` : ` [${word}]`;
    });
  return ['```text', `${BIN} ${name}${words.join('')} [flags]`, '```', ''];
}

function argumentLines(args: Readonly<Record<string, ArgFacts>>): string[] {
  const rows = Object.entries(args).filter(([, { hidden }]) => hidden !== true);
  if (rows.length === 0) return [];
  return [
    '## Arguments',
    '',
    '| argument | |',
    '| --- | --- |',
    ...rows.map(([name, { description = '' }]) => `| \`${name.toUpperCase()}\` | ${cell(description)} |`),
    '',
  ];
}

/** Examples are run like every other command line in the docs; those that log in to nodes, or serve until stopped, are not. */
function exampleLines(examples: readonly unknown[]): string[] {
  const lines = examples
    .filter((each): each is string => typeof each === 'string')
    .map((each) => each.replaceAll('<%= config.bin %>', BIN));
  if (lines.length === 0) return [];
  const why = (line: string): string | null =>
    /--rules ssh/.test(line) ? 'logs in to real nodes' : /srcip demo(?!.*--tour)/.test(line) ? 'serves until Ctrl-C' : null;
  const blocks: { mark: string | null; lines: string[] }[] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (last !== undefined && last.mark === why(line)) last.lines.push(line);
    else blocks.push({ mark: why(line), lines: [line] });
  }
  return [
    '## Examples',
    '',
    '<!-- demo: examples -->',
    ...blocks.flatMap((block) => [...(block.mark === null ? [] : [`<!-- not run: ${block.mark} -->`]), '```sh', ...block.lines, '```', '']),
    '<!-- demo: cluster -->',
    '',
  ];
}

function flagTables(flags: Readonly<Record<string, FlagFacts>>): string[] {
  const shown = Object.entries(flags).filter(([, { hidden }]) => hidden !== true);
  const rank = (group: string): number => (group === LAST ? 999 : GROUPS.includes(group) ? GROUPS.indexOf(group) : GROUPS.length);
  const groups = [...new Set(shown.map(([, { helpGroup = '' }]) => helpGroup))].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return groups.flatMap((group) => {
    const rows = shown
      .filter(([, { helpGroup = '' }]) => helpGroup === group)
      .map(([name, flag]) => `| ${flagCell(name, flag)} | ${aboutFlag(flag)} |`);
    return [...(groups.length === 1 ? [] : [`### ${group === '' ? 'Others' : group}`, '']), '| flag | |', '| --- | --- |', ...rows, ''];
  });
}

function flagCell(name: string, { char, type, helpValue, options }: FlagFacts): string {
  const value = options !== undefined ? (options.length <= 5 ? options.join('\\|') : 'FORMAT') : (helpValue ?? 'VALUE');
  const shown = type === 'boolean' ? '' : ` ${String(value).replaceAll(/(?<!\\)\|/g, '\\|')}`;
  return `\`${char === undefined ? '' : `-${char}, `}--${name}${shown}\``;
}

function aboutFlag({ description, summary, options, required, default: usual }: FlagFacts): string {
  const text = summary ?? description ?? '';
  const choices = options !== undefined && options.length > 5 ? ` (${options.join(', ')})` : '';
  const given = typeof usual === 'string' || typeof usual === 'number' ? `; default: \`${usual}\`` : '';
  return cell(`${text}${choices}${required === true ? '; required' : ''}${given}`);
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
}

function overview(): string {
  return [
    '# Commands',
    '',
    '| command | |',
    '| --- | --- |',
    ...commands.map(([name, { summary = '' }]) => `| [${name}](${name}.md) | ${cell(summary)} |`),
    '',
    'Every command takes the connection flags of kubectl, writes its answer and nothing else to standard output, and ends with 0 (answered), 1 (bad news at or',
    'above `--fail-on`) or 2 (no answer). `kubectl srcip COMMAND --help` says the same as these pages.',
    '',
  ].join('\n');
}

/** Pages that are not as the commands say. */
export function staleCommandDocs(root: string): string[] {
  return commandDocs(root)
    .filter(({ path, text }) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(({ path }) => path);
}

if (argv[1]?.endsWith('generate-command-docs.ts') === true) {
  if (argv.includes('--write')) {
    mkdirSync(join(cwd(), FOLDER), { recursive: true });
    for (const { path, text } of commandDocs(cwd())) writeFileSync(join(cwd(), path), text);
  } else if (argv.includes('--check')) {
    const stale = staleCommandDocs(cwd());
    if (stale.length > 0) {
      stderr.write(`stale: ${stale.join(', ')}; run node scripts/run-ts.mjs scripts/generate-command-docs.ts --write\n`);
      exit(1);
    }
  } else {
    stderr.write('usage: node scripts/run-ts.mjs scripts/generate-command-docs.ts --write | --check\n');
    exit(2);
  }
}
