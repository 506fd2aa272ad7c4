import { FREE_TEXT } from './extensions.ts';
import type { Option } from './match-kinds.ts';
import { bareWord, quoteString } from './words.ts';

/** Options as written, values quoted where iptables-save quotes them. */
export function printOptions(options: readonly Option[]): string {
  return options
    .map((option) => joinWords(`${not(option)}${option.name}`, ...option.values.map((value) => printValue(option.name, value))))
    .join(' ');
}

function printValue(option: string, value: string): string {
  // connlabel quotes a label also where it is a bare number.
  if (option === '--label') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  return FREE_TEXT.has(option) ? quoteString(value) : bareWord(value);
}

export function not(match: { readonly negated: boolean }): string {
  return match.negated ? '! ' : '';
}

export function joinWords(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
