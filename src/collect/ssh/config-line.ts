/** One line of an SSH configuration: a keyword in lower case, and its arguments. */
export interface ConfigLine {
  readonly keyword: string;
  readonly args: readonly string[];
}

/** Takes a line apart as ssh_config(5) says: `Keyword arg…` or `Keyword=arg`, arguments in double quotes, comments after `#`. Null for an empty line. */
export function readConfigLine(line: string): ConfigLine | null {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return null;
  const [, keyword = '', rest = ''] = /^([^\s="]+)(?:\s*=\s*|\s+|$)(.*)$/s.exec(text) ?? [];
  return { keyword: keyword.toLowerCase(), args: argumentsOf(rest) };
}

function argumentsOf(text: string): readonly string[] {
  const args: string[] = [];
  for (const [word] of text.matchAll(/"[^"]*"|[^\s"]+/g)) {
    if (word.startsWith('#')) break;
    args.push(word.replace(/^"(.*)"$/, '$1'));
  }
  return args;
}
