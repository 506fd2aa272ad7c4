/** What GitHub's runner makes of a line of output. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Those that do something, whoever wrote the line (actions/runner ActionCommandManager.cs). */
const REGISTERED = new Set([
  'error',
  'warning',
  'notice',
  'debug',
  'group',
  'endgroup',
  'add-mask',
  'add-matcher',
  'set-output',
  'set-env',
  'stop-commands',
  'echo',
]);

/** The commands in an output, read as actions/runner ActionCommand.cs reads each line: first in the form of today, then in the old one. */
export function commandsIn(output: string): WorkflowCommand[] {
  return output.split(/\r\n|[\n\r]/).flatMap((line) => {
    const command = current(line) ?? old(line);
    return command === null ? [] : [command];
  });
}

/** `::name key=value,key=value::data`, after any blanks at the line's start. */
function current(line: string): WorkflowCommand | null {
  const text = line.trimStart();
  const end = text.indexOf('::', 2);
  if (!text.startsWith('::') || end < 0) return null;
  return command(text.slice(2, end), ',', text.slice(end + 2), (value) => value.replaceAll('%3A', ':').replaceAll('%2C', ','));
}

/** `##[name key=value;key=value]data`, anywhere in a line. */
function old(line: string): WorkflowCommand | null {
  const start = line.indexOf('##[');
  const end = line.indexOf(']', start);
  if (start < 0 || end < 0) return null;
  return command(line.slice(start + 3, end), ';', line.slice(end + 1), (value) => value.replaceAll('%3B', ';').replaceAll('%5D', ']'));
}

function command(info: string, divider: string, data: string, unescapeMore: (value: string) => string): WorkflowCommand | null {
  const [name = '', ...rest] = info.split(' ');
  if (!REGISTERED.has(name)) return null;
  const pairs = rest
    .join(' ')
    .trim()
    .split(divider)
    .map((pair) => [pair.slice(0, Math.max(0, pair.indexOf('='))), pair.slice(pair.indexOf('=') + 1)] as const)
    .filter(([key, value]) => key !== '' && value !== '');
  return {
    name,
    properties: Object.fromEntries(pairs.map(([key, value]) => [key, unescaped(unescapeMore(value))])),
    data: unescaped(data),
  };
}

/** The per cent sign last, as the runner does. */
function unescaped(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
