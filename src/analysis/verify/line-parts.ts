/** Single parts of a saved rule, read from its text: over a dump of 170,000 rules that is far cheaper than reading every rule. */

/** What stands behind `-j` or `-g`; empty for a rule without target. */
export function targetOf(line: string): string {
  const jump = line.lastIndexOf(' -j ');
  const at = jump < 0 ? line.lastIndexOf(' -g ') : jump;
  if (at < 0 || line.indexOf('"', at) >= 0) return '';
  const end = line.indexOf(' ', at + 4);
  return end < 0 ? line.slice(at + 4) : line.slice(at + 4, end);
}

const COMMENT = /--comment (?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>\S+))/;

/** The text of the comment; empty without one. */
export function commentOf(line: string): string {
  const groups = COMMENT.exec(line)?.groups;
  return groups?.['quoted'] ?? groups?.['bare'] ?? '';
}

const DESTINATION = /^(?<not>! )?-d (?<address>[0-9a-f:.]+)\/(?:32|128) /;

/** The one address that a rule is for; null where it is for a network, for all, or for all but one. */
export function destinationOf(line: string): string | null {
  const at = line.indexOf(' -d ');
  if (at < 0 || line[at - 1] === '!') return null;
  return DESTINATION.exec(line.slice(at + 1, at + 60))?.groups?.['address'] ?? null;
}

/** The one port that a rule is for. */
export function portOf(line: string): number | null {
  const text = / --dport (?<port>\d+)(?: |$)/.exec(line)?.groups?.['port'];
  return text === undefined ? null : Number(text);
}

/** What a DNAT rule translates to. */
export function dnatOf(line: string): string | null {
  return / --to-destination (?<to>\S+)/.exec(line)?.groups?.['to'] ?? null;
}

/** What a statistic match lets through; 1 without such a match. */
export function probabilityOf(line: string): number {
  const text = / --probability (?<value>[\d.]+)/.exec(line)?.groups?.['value'];
  return text === undefined ? 1 : Number(text);
}

/** The source network, negated or not, as written. */
export function sourceOf(line: string): string | null {
  return /(?<source>(?:! )?-s \S+)/.exec(line)?.groups?.['source'] ?? null;
}
