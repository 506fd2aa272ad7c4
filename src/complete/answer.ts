import type { Sources } from './cluster.ts';
import type { CommandEntry, FlagEntry, Manifest } from './manifest.ts';
import { ANY_FILE, DIRECTIVE, NOTHING, type Reply, replyWith, type Suggestion } from './reply.ts';
import { completeService } from './service-argument.ts';
import { VALUES } from './values.ts';
import { type Current, readWords, type Typed } from './words.ts';

const HELP: Suggestion = { value: '--help', description: 'what a command is for, and its flags' };

/** Flags with paths as values; those of one format only show files of that. */
const PATHS: Readonly<Record<string, Reply>> = {
  filename: ANY_FILE,
  snapshot: ANY_FILE,
  kubeconfig: ANY_FILE,
  'certificate-authority': ANY_FILE,
  'client-certificate': ANY_FILE,
  'client-key': ANY_FILE,
  'ssh-identity': ANY_FILE,
  'ssh-config': ANY_FILE,
  'ssh-command': ANY_FILE,
  output: ANY_FILE,
  suppressions: { suggestions: [{ value: 'yaml' }, { value: 'yml' }], directive: DIRECTIVE.fileExtensions },
  baseline: { suggestions: [{ value: 'json' }], directive: DIRECTIVE.fileExtensions },
};

const FORMATS: Readonly<Record<string, string>> = {
  table: 'the answer, for a terminal',
  wide: 'the same with every flow',
  json: 'the whole report',
  yaml: 'the whole report',
  markdown: 'for issues and chats',
  name: 'service/NAME alone',
  sarif: 'for code scanning',
  junit: 'for test reports',
  github: 'annotations of GitHub Actions',
};

/** What may stand in place of the last of the words behind `kubectl srcip`. */
export async function answer(words: readonly string[], manifest: Manifest, sources: Sources): Promise<Reply> {
  const [name = '', ...rest] = words;
  if (words.length < 2) return commands(manifest, name);
  if (name === 'help') return rest.length === 1 ? commands(manifest, rest[0] ?? '') : NOTHING;
  const command = Object.hasOwn(manifest.commands, name) ? manifest.commands[name] : undefined;
  if (command === undefined) return NOTHING;
  const typed = readWords(rest, command);
  const { current } = typed;
  switch (current.kind) {
    case 'flag':
      return replyWith(flagSuggestions(command, typed), current.partial);
    case 'value':
      return withLead(current, await valueFor({ command: name, current, typed }, sources));
    case 'argument':
      return argument({ command, typed, partial: current.partial }, sources);
  }
}

function commands({ commands }: Manifest, partial: string): Reply {
  const known = Object.entries(commands)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([value, { summary }]) => ({ value, description: summary }));
  const flags = partial.startsWith('-') ? [HELP, { value: '--version', description: 'the version of this program' }] : [];
  return replyWith([...known, ...flags], partial);
}

function flagSuggestions(command: CommandEntry, { flags }: Typed): Suggestion[] {
  const open = Object.values(command.flags).filter(
    ({ name, hidden, multiple, exclusive = [] }) =>
      hidden !== true && (multiple === true || !flags.has(name)) && !exclusive.some((other) => flags.has(other)),
  );
  const long = open.map((flag) => ({ value: `--${flag.name}`, description: aboutFlag(flag) }));
  const short = open.flatMap((flag) => (flag.char === undefined ? [] : [{ value: `-${flag.char}`, description: aboutFlag(flag) }]));
  return [...long, HELP, ...short, { value: '-h', description: HELP.description }];
}

function aboutFlag({ summary, description }: FlagEntry): string | undefined {
  return summary ?? description;
}

interface AskedValue {
  readonly command: string;
  readonly current: Extract<Current, { kind: 'value' }>;
  readonly typed: Typed;
}

async function valueFor({ command, current, typed }: AskedValue, sources: Sources): Promise<Reply> {
  const { flag, partial } = current;
  if (flag.options !== undefined) return replyWith(flag.options.map(option(flag)), partial);
  const complete = Object.hasOwn(VALUES, flag.name) && !isPlainPort(command, flag) ? VALUES[flag.name] : undefined;
  if (complete !== undefined) return complete({ command, partial, typed }, sources);
  return (Object.hasOwn(PATHS, flag.name) ? PATHS[flag.name] : undefined) ?? NOTHING;
}

/** The port that the demo server listens on is no port of a Service. */
function isPlainPort(command: string, { name }: FlagEntry): boolean {
  return command === 'demo' && name === 'port';
}

function option({ name }: FlagEntry): (value: string) => Suggestion {
  return (value) => ({ value, description: name === 'output' ? FORMATS[value] : undefined });
}

/** Shells replace the whole word, but for a part that ends with `=`. */
function withLead({ lead }: Extract<Current, { kind: 'value' }>, reply: Reply): Reply {
  return lead === '' ? reply : { ...reply, suggestions: reply.suggestions.map((each) => ({ ...each, value: `${lead}${each.value}` })) };
}

interface AskedArgument {
  readonly command: CommandEntry;
  readonly typed: Typed;
  readonly partial: string;
}

async function argument({ command, typed, partial }: AskedArgument, { cluster }: Sources): Promise<Reply> {
  const args = command.args ?? {};
  const several = 'services' in args;
  if (!several && !('service' in args)) return NOTHING;
  // Expected flows name their Services themselves.
  if ('init' in command.flags && !typed.flags.has('init')) return NOTHING;
  return completeService(typed, { partial, several }, cluster);
}
