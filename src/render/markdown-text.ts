// Backslash keeps these as they are; `<`, `>`, `&` and `@` need entities: tags, quotes, entities and mentions look through a backslash.
const SPECIAL = /[\\`*_[\]|~#]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '@': '&#64;' };

/** Text that stays text in a ticket: no markup, no table border, no mention. */
export function escapeMarkdown(text: string): string {
  const plain = text.replace(SPECIAL, '\\$&').replace(/[&<>@]/g, (char) => ENTITIES[char] ?? char);
  return plain.replace(/^(\s*)([-+]|\d+\.)(?=\s)/, (_, indent: string, mark: string) => `${indent}${mark.slice(0, -1)}\\${mark.slice(-1)}`);
}

export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Lines verbatim in a block that their own backticks cannot end. */
export function fenced(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, ...lines, fence].join('\n');
}
