import type { Match } from '../rule/match-kinds.ts';
import { parseRuleWords } from '../rule/parse-rule.ts';
import { bareWord } from '../rule/words.ts';
import type { RuleSpec } from '../ruleset.ts';
import { type Columns, type Row, readColumns } from './columns.ts';
import { readMatchDetail } from './match-details.ts';
import { readTargetDetails } from './target-details.ts';

/** The rule that a row says: its columns and details are written down as iptables-save would, and read as that. */
export function readRow(line: string, columns: Columns): RuleSpec {
  const row = readColumns(line, columns);
  if (row === null) return { matches: [], target: { kind: 'unrecognised', words: [line] } };
  const { matches, target, unknown } = readDetails(row);
  const spec = parseRuleWords([...columnWords(row), ...matches, target].join(' '));
  return { ...spec, matches: [...spec.matches, ...unknown, ...hidden(row)] };
}

function hidden(row: Row): readonly Match[] {
  return row.interfaces === null ? [{ kind: 'hidden', what: 'interfaces' }] : [];
}

function columnWords(row: Row): readonly string[] {
  const words = [address('-s', row.source), address('-d', row.destination), row.fragment];
  if (row.interfaces !== null) words.push(device('-i', row.interfaces.in), device('-o', row.interfaces.out));
  words.push(negatable('-p', row.protocol));
  return words;
}

function negatable(option: string, value: string): string {
  return value.startsWith('!') ? `! ${option} ${bareWord(value.slice(1))}` : `${option} ${bareWord(value)}`;
}

function address(option: string, value: string): string {
  return value === 'anywhere' ? '' : negatable(option, value);
}

function device(option: string, value: string): string {
  return value === '*' || value === 'any' ? '' : negatable(option, value);
}

interface Details {
  readonly matches: readonly string[];
  readonly target: string;
  readonly unknown: readonly Match[];
}

const GOTO = '[goto]';

/** Matches in their order, then what the target says; from the first words on that are not understood only the target's are looked for. */
function readDetails({ target, details }: Row): Details {
  const goto = details.trimStart().startsWith(GOTO);
  const text = goto ? details.trimStart().slice(GOTO.length) : details;
  const matches: string[] = [];
  const lost: string[] = [];
  const jump = target === '' ? '' : `${goto ? '-g' : '-j'} ${bareWord(target)}`;
  let at = 0;
  while (true) {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) break;
    if (target === 'CT' && text.slice(at).trimEnd() === 'NOTRACK')
      return { matches, target: '-j NOTRACK', unknown: unknownOf(lost, matches) };
    const options = readTargetDetails(target, text.slice(at).trimEnd());
    if (options !== null) return { matches, target: `${jump} ${options}`, unknown: unknownOf(lost, matches) };
    const found = lost.length > 0 ? null : readMatchDetail(text, at);
    if (found !== null) matches.push(found.saved);
    const word = found === null ? (/^\S+/.exec(text.slice(at))?.[0] ?? '') : '';
    if (found === null) lost.push(word);
    at = found?.end ?? at + word.length;
  }
  return { matches, target: jump, unknown: unknownOf(lost, matches) };
}

/** A comment may hold what looks like its end and a match behind it: where a row shows two comments, nobody can tell them apart. */
function unknownOf(lost: readonly string[], matches: readonly string[]): readonly Match[] {
  const comments = matches.filter((match) => match.startsWith('-m comment '));
  const words = comments.length > 1 ? [...lost, ...comments] : lost;
  return words.length === 0 ? [] : [{ kind: 'unrecognised', words }];
}
