import { existsSync, readFileSync } from 'node:fs';

/** One row that was tried. */
export interface Tried {
  readonly group: string;
  readonly name: string;
  /** Flags and environment, as they were given. */
  readonly given: string;
  readonly kubectl: string;
  readonly srcip: string;
  readonly differs: string | null;
}

const HEAD = `# Parity with kubectl

Written by its tests (\`npm run build && UPDATE=1 npx vitest run test/parity\`); do not edit.

Each row is one situation. In it the tests run \`kubectl get svc/web …\` and \`kubectl srcip explain svc/web …\` with the same kubeconfig, environment and
flags against servers that note who asked them for what, and compare: how it ended (and what kind of trouble), which server was reached, through which proxy,
as whom, and in which namespace. "equal" is what the test measured; where the two differ, the last column says why they should.
\`MAIN\`, \`OTHER\` and the like stand for the addresses of servers and proxies, \`DIR\` for a folder. A failure is exit code 1 of kubectl and 2 of srcip.
`;

/** The table as Markdown. */
export function tableOf(tried: readonly Tried[]): string {
  const groups = [...new Set(tried.map(({ group }) => group))];
  const equal = tried.filter(({ differs }) => differs === null).length;
  const sum = `${tried.length} situations: ${equal} equal, ${tried.length - equal} different for a written reason.\n`;
  return [
    HEAD,
    sum,
    ...groups.map((group) =>
      section(
        group,
        tried.filter((row) => row.group === group),
      ),
    ),
  ].join('\n');
}

function section(group: string, tried: readonly Tried[]): string {
  const lines = tried.map(({ name, given, kubectl, srcip, differs }) =>
    line([name, given === '' ? '' : code(given), kubectl, srcip === kubectl ? 'the same' : srcip, differs === null ? 'equal' : differs]),
  );
  return [
    `## ${group}\n`,
    line(['Situation', 'Given', 'kubectl', 'srcip', '']),
    line(['---', '---', '---', '---', '---']),
    ...lines,
    '',
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s+/g, ' ')).join(' | ')} |`;
}

function code(text: string): string {
  return text.includes('`') ? text : `\`${text}\``;
}

/** What tells a row from all others. */
export function keyOf({ group, name }: Pick<Tried, 'group' | 'name'>): string {
  return `${group}: ${name}`;
}

/** A table that was written before. */
export function readTable(path: string): { readonly text: string; readonly rows: ReadonlyMap<string, Tried> } {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const rows = new Map<string, Tried>();
  let group = '';
  for (const written of text.split('\n')) {
    if (written.startsWith('## ')) group = written.slice('## '.length);
    const [, name = '', given = '', kubectl = '', srcip = '', differs = ''] = written
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
    if (!written.startsWith('| ') || name === 'Situation' || name === '---') continue;
    const row = { group, name, given: given.replace(/^`|`$/g, ''), kubectl, srcip: srcip === 'the same' ? kubectl : srcip };
    rows.set(keyOf(row), { ...row, differs: differs === 'equal' ? null : differs });
  }
  return { text, rows };
}
