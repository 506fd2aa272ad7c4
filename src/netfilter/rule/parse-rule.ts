import type { RuleSpec } from '../ruleset.ts';
import { FREE_TEXT, MATCH_MODULES, moduleName, type OptionTable, TARGETS } from './extensions.ts';
import type { Match, Option } from './match-kinds.ts';
import { parseNetwork } from './network.ts';
import { protocolName } from './protocol.ts';
import { readModule } from './read-match.ts';
import { readTarget } from './read-target.ts';
import { splitWords, type Word } from './words.ts';

/** One `-m NAME …`; `raw` is how it was printed, `odd` says that some of it was not understood. */
interface Segment {
  readonly name: string;
  readonly table: OptionTable | null;
  readonly options: Option[];
  readonly raw: string[];
  odd: boolean;
}

/** What has been read so far. */
interface Reading {
  readonly words: readonly Word[];
  at: number;
  readonly items: (Match | Segment)[];
  protocol: string | null;
  target: Segment | null;
  via: 'jump' | 'goto';
}

const BASE: Readonly<Record<string, string>> = {
  '-s': 'source',
  '--source': 'source',
  '--src': 'source',
  '-d': 'destination',
  '--destination': 'destination',
  '--dst': 'destination',
  '-i': 'in-interface',
  '--in-interface': 'in-interface',
  '-o': 'out-interface',
  '--out-interface': 'out-interface',
  '-p': 'protocol',
  '--protocol': 'protocol',
  '--proto': 'protocol',
  '-m': 'match',
  '--match': 'match',
  '-j': 'jump',
  '--jump': 'jump',
  '-g': 'goto',
  '--goto': 'goto',
  '-f': 'fragment',
  '--fragment': 'fragment',
  '-c': 'counters',
  '--set-counters': 'counters',
};

/** Far more than a rule of the kernel can have. */
const MOST_WORDS = 2000;

/** Reads what stands behind `-A CHAIN`. Never fails: what is not understood is kept as unrecognised. */
export function parseRuleWords(text: string): RuleSpec {
  const { words } = splitWords(text);
  if (words.length > MOST_WORDS)
    return { matches: [{ kind: 'unrecognised', words: words.map((word) => word.raw) }], target: { kind: 'none' } };
  const reading: Reading = { words, at: 0, items: [], protocol: null, target: null, via: 'jump' };
  while (reading.at < words.length) readNext(reading);
  const matches = reading.items.map((item) => ('kind' in item ? item : finishModule(item)));
  return { matches: matches.filter((match) => match !== null), target: finishTarget(reading) };
}

function readNext(reading: Reading): void {
  const first = reading.words[reading.at];
  const second = reading.words[reading.at + 1];
  const negated = first?.raw === '!' && second !== undefined && second.raw.startsWith('-');
  const word = negated ? second : first;
  if (word === undefined) return;
  const role = Object.hasOwn(BASE, word.raw) && !ownsOption(reading.items.at(-1), word.raw) ? BASE[word.raw] : undefined;
  const start = reading.at;
  reading.at += negated ? 2 : 1;
  if (role === undefined) readExtensionWord(reading, { word, negated, start });
  else if (role === 'match') openModule(reading, start);
  else if (role === 'jump' || role === 'goto') openTarget(reading, role);
  else readBase(reading, { role, negated, start });
}

/** `-m policy` has a `--proto` of its own. */
function ownsOption(last: Match | Segment | undefined, name: string): boolean {
  return last !== undefined && !('kind' in last) && last.table?.has(name) === true;
}

/** `! -s X`, `-s X`, and the older `-s ! X`. */
function readBase(reading: Reading, found: { readonly role: string; readonly negated: boolean; readonly start: number }): void {
  if (found.role === 'counters') {
    reading.at += 2;
    return;
  }
  const old = found.role !== 'fragment' && reading.words[reading.at]?.raw === '!';
  if (old) reading.at++;
  const negated = found.negated || old;
  const value = found.role === 'fragment' ? '' : reading.words[reading.at++]?.text;
  const match = value === undefined ? null : baseMatch(found.role, value, negated);
  if (match === 'anything') return;
  if (match?.kind === 'protocol' && !negated) reading.protocol = match.protocol;
  reading.items.push(match ?? { kind: 'unrecognised', words: rawWords(reading, found.start) });
}

function baseMatch(role: string, value: string, negated: boolean): Match | 'anything' | null {
  switch (role) {
    case 'source':
    case 'destination': {
      const network = parseNetwork(value);
      if (network === null) return null;
      return network.prefix === 0 && !negated ? 'anything' : { kind: role, negated, network };
    }
    case 'in-interface':
    case 'out-interface':
      return value === '+' && !negated ? 'anything' : { kind: role, negated, device: value };
    case 'protocol': {
      const protocol = protocolName(value);
      return protocol === 'all' && !negated ? 'anything' : { kind: 'protocol', negated, protocol };
    }
    default:
      return null;
  }
}

function openModule(reading: Reading, start: number): void {
  const word = reading.words[reading.at++];
  if (word === undefined) reading.items.push({ kind: 'unrecognised', words: rawWords(reading, start) });
  else reading.items.push(segment(moduleName(word.text), MATCH_MODULES, ['-m', word.raw]));
}

function openTarget(reading: Reading, via: 'jump' | 'goto'): void {
  const word = reading.words[reading.at++];
  const flag = via === 'jump' ? '-j' : '-g';
  // A second target is not something a kernel rule can have: the first stands, the rest is kept as unrecognised.
  if (word === undefined || reading.target !== null) {
    reading.items.push({ kind: 'unrecognised', words: word === undefined ? [flag] : [flag, word.raw] });
    return;
  }
  reading.via = via;
  reading.target = segment(word.text, via === 'jump' ? TARGETS : new Map(), [flag, word.raw]);
}

function segment(name: string, tables: ReadonlyMap<string, OptionTable>, raw: string[]): Segment {
  return { name, table: tables.get(name) ?? null, options: [], raw, odd: false };
}

/** A word that belongs to an extension: an option of the target, of a module named before, or of the protocol's own module. */
function readExtensionWord(reading: Reading, found: { readonly word: Word; readonly negated: boolean; readonly start: number }): void {
  const name = optionName(found.word.raw);
  const owner = ownerOf(reading, name);
  if (owner === null) {
    keepUnknownWord(reading, found.start);
    return;
  }
  const values: string[] = [];
  const old = takeValues(reading, { word: found.word, name, count: owner.table?.get(name) ?? 0, values });
  owner.options.push({ name, values, negated: found.negated || old });
  owner.raw.push(...rawWords(reading, found.start));
  if (values.length < (owner.table?.get(name) ?? 0)) owner.odd = true;
}

/** Fills `values`; returns whether the option was negated in the older place, behind its name. */
function takeValues(reading: Reading, option: { word: Word; name: string; count: number; values: string[] }): boolean {
  const equals = option.word.text.indexOf('=');
  if (option.count === 1 && equals > 0 && option.word.raw.startsWith('--')) {
    option.values.push(option.word.text.slice(equals + 1));
    return false;
  }
  const old = option.count > 0 && !FREE_TEXT.has(option.name) && reading.words[reading.at]?.raw === '!';
  if (old) reading.at++;
  while (option.values.length < option.count && reading.at < reading.words.length) {
    const value = reading.words[reading.at++];
    if (value !== undefined) option.values.push(value.text);
  }
  return old;
}

function optionName(raw: string): string {
  const equals = raw.indexOf('=');
  return raw.startsWith('--') && equals > 0 ? raw.slice(0, equals) : raw;
}

function ownerOf(reading: Reading, name: string): Segment | null {
  if (reading.target?.table?.has(name) === true) return reading.target;
  for (let i = reading.items.length - 1; i >= 0; i--) {
    const item = reading.items[i];
    if (item !== undefined && !('kind' in item) && item.table?.has(name) === true) return item;
  }
  const implied = reading.protocol === null ? null : moduleName(reading.protocol);
  if (implied === null || MATCH_MODULES.get(implied)?.has(name) !== true) return null;
  const opened = segment(implied, MATCH_MODULES, ['-m', implied]);
  reading.items.push(opened);
  return opened;
}

/** Keeps a word nobody knows with the extension that was opened last, which then counts as not understood. */
function keepUnknownWord(reading: Reading, start: number): void {
  const last = reading.items.at(-1);
  const owner = reading.target ?? (last !== undefined && !('kind' in last) ? last : null);
  const raw = rawWords(reading, start);
  if (owner === null) {
    if (last !== undefined && 'kind' in last && last.kind === 'unrecognised')
      reading.items[reading.items.length - 1] = { kind: 'unrecognised', words: [...last.words, ...raw] };
    else reading.items.push({ kind: 'unrecognised', words: raw });
    return;
  }
  owner.raw.push(...raw);
  owner.odd = true;
}

function rawWords(reading: Reading, start: number): string[] {
  return reading.words.slice(start, reading.at).map((word) => word.raw);
}

function finishModule(item: Segment): Match | null {
  const match = item.odd || item.table === null ? null : readModule(item.name, item.options);
  return match ?? { kind: 'unrecognised', words: item.raw };
}

function finishTarget(reading: Reading): RuleSpec['target'] {
  const target = reading.target;
  if (target === null) return { kind: 'none' };
  const understood = target.odd ? null : readTarget(target.name, target.options, reading.via);
  return understood ?? { kind: 'unrecognised', words: target.raw };
}
