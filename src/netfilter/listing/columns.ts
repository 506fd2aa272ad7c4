import type { Counters } from '../ruleset.ts';

/** Which columns the rows below a heading have: `--line-numbers` puts one in front, `-v` adds counters and interfaces. */
export interface Columns {
  readonly numbered: boolean;
  readonly verbose: boolean;
}

/** The columns that a heading names; null when the line is none. */
export function columnsOf(line: string): Columns | null {
  const found = /^\s*(num\s+)?(pkts\s+bytes\s+)?target\s+prot\s+opt\s+(in\s+out\s+)?source\s+destination\s*$/.exec(line);
  return found === null ? null : { numbered: found[1] !== undefined, verbose: found[3] !== undefined };
}

/** A row of a listing in its columns; `details` is everything behind the addresses. */
export interface Row {
  readonly counters: Counters | null;
  /** Empty for a rule without a target. */
  readonly target: string;
  readonly protocol: string;
  readonly fragment: '' | '-f' | '! -f';
  /** Null where the listing does not show interfaces. */
  readonly interfaces: { readonly in: string; readonly out: string } | null;
  readonly source: string;
  readonly destination: string;
  readonly details: string;
}

const NUMBER = /^\s*\d+(?=\s)/;
const COUNTERS = /^\s*(\d+)([KMGT]?)\s+(\d+)([KMGT]?)\s/;
const FRONT = String.raw`^\s*(?:(?<target>\S+)\s+)?(?<protocol>!?[\w.-]+)`;
const INTERFACES = String.raw`(?<in>\S+)\s+(?<out>\S+)\s+`;
const ADDRESSES = String.raw`(?<source>\S+)\s+(?<destination>\S+)(?:\s(?<details>.*))?$`;
const IPV6 = String.raw`!?(?:anywhere|[0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:/\S+)?)`;

/** Older ip6tables leave the column "opt" blank: there only the addresses tell the columns apart. */
const SHAPES = {
  verbose: [
    new RegExp(`${FRONT}\\s+(?<opt>--|-f|!f)\\s+${INTERFACES}${ADDRESSES}`),
    new RegExp(`${FRONT}\\s{3,}${INTERFACES}(?=${IPV6}\\s+${IPV6}(?:\\s|$))${ADDRESSES}`),
  ],
  plain: [
    new RegExp(`${FRONT}\\s+(?<opt>--|-f|!f)\\s+${ADDRESSES}`),
    new RegExp(`${FRONT}\\s{3,}(?=${IPV6}\\s+${IPV6}(?:\\s|$))${ADDRESSES}`),
  ],
} as const;

/** Splits a row; null when it has not these columns. */
export function readColumns(line: string, columns: Columns): Row | null {
  const numbered = columns.numbered ? NUMBER.exec(line) : null;
  if (columns.numbered && numbered === null) return null;
  const behindNumber = line.slice(numbered?.[0].length ?? 0);
  const counted = columns.verbose ? COUNTERS.exec(behindNumber) : null;
  if (columns.verbose && counted === null) return null;
  const rest = behindNumber.slice(counted?.[0].length ?? 0);
  for (const shape of SHAPES[columns.verbose ? 'verbose' : 'plain']) {
    const fields = shape.exec(rest)?.groups;
    if (fields !== undefined) return rowOf(fields, counted);
  }
  return null;
}

function rowOf(fields: Readonly<Record<string, string | undefined>>, counted: RegExpExecArray | null): Row {
  const { target = '', protocol = '', opt, source = '', destination = '', details = '' } = fields;
  const fragment = opt === '-f' ? '-f' : opt === '!f' ? '! -f' : '';
  const interfaces = fields['in'] === undefined ? null : { in: fields['in'], out: fields['out'] ?? '*' };
  const counters = counted === null ? null : countersFrom(counted.slice(1));
  return { counters, target, protocol, fragment, interfaces, source, destination, details };
}

const UNITS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** Digits and unit of packets, then of bytes; without `-x` big numbers are rounded to a unit. */
export function countersFrom([packets, packetUnit, bytes, byteUnit]: readonly (string | undefined)[]): Counters {
  return { packets: Number(packets) * (UNITS[packetUnit ?? ''] ?? 1), bytes: Number(bytes) * (UNITS[byteUnit ?? ''] ?? 1) };
}
