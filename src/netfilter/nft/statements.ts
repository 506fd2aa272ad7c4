import type { Match } from '../rule/match-kinds.ts';
import type { Target } from '../rule/target-kinds.ts';
import type { RuleSpec } from '../ruleset.ts';
import { type Selector, selectorAt } from './selectors.ts';
import { closing, elementsOf } from './words.ts';

/** What a set or a map holds, as words. */
export interface NamedSet {
  readonly elements: readonly (readonly string[])[];
  readonly isMap: boolean;
  /** Filled by rules as packets come (session affinity). */
  readonly isDynamic: boolean;
}

/** A table's sets and maps, for the rules that name them. */
export interface Named {
  readonly table: string;
  readonly sets: ReadonlyMap<string, NamedSet>;
  /** Takes the sets that rules write out themselves, by the name that their match gets. */
  readonly anonymous: Map<string, NamedSet>;
}

/**
 * A rule of nftables in iptables' terms: one or more specs that are asked one after the other. A verdict map becomes a spec per element, `numgen random`
 * one per choice with its chance. What is not understood becomes a match that cannot be decided.
 */
export function translateRule(words: readonly string[], named: Named): readonly RuleSpec[] {
  const matches: Match[] = [];
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? '';
    if (word === 'counter') at += words[at + 1] === 'packets' ? 5 : 1;
    else if (word === 'comment') at += 2;
    else if (word === 'numgen') return numgen(words, at, matches);
    else if (isSetUpdate(word)) at = closing(words, words.indexOf('{', at)) + 1;
    else if (isMarkSet(words, at) || isAction(word)) return [{ matches, target: actionAt(words, at) }];
    else {
      const asked = condition(words, at, named);
      if ('specs' in asked) return asked.specs.map((spec) => ({ ...spec, matches: [...matches, ...spec.matches] }));
      matches.push(...asked.matches);
      at = asked.next;
    }
  }
  return [{ matches, target: { kind: 'none' } }];
}

function isSetUpdate(word: string): boolean {
  return word === 'update' || word === 'add';
}

const ACTIONS: ReadonlySet<string> = new Set(
  'accept drop return jump goto reject dnat snat masquerade redirect log notrack queue continue xt tproxy synproxy'.split(' '),
);

function isAction(word: string): boolean {
  return ACTIONS.has(word);
}

function isMarkSet(words: readonly string[], at: number): boolean {
  return words[at] === 'meta' && words[at + 2] === 'set';
}

function unrecognised(words: readonly string[]): Target {
  return { kind: 'unrecognised', words };
}

function actionAt(words: readonly string[], at: number): Target {
  // Comments and counters say nothing; anything else behind an action is more than one of them.
  const rest = withoutRemarks(words.slice(at));
  const [first = '', second = ''] = rest;
  switch (first) {
    case 'accept':
    case 'drop':
    case 'return':
      return rest.length === 1 ? { kind: 'verdict', verdict: first.toUpperCase() as 'ACCEPT' } : unrecognised(rest);
    case 'continue':
      return { kind: 'none' };
    case 'jump':
    case 'goto':
      return rest.length === 2 ? { kind: 'chain', chain: second, via: first } : unrecognised(rest);
    case 'reject':
      return { kind: 'reject', with: rest.length > 1 ? rest.slice(2).join(' ') : null };
    case 'masquerade':
      return { kind: 'masquerade', ports: null, flags: rest.slice(1).filter((word) => word !== ',') };
    case 'dnat':
    case 'snat':
      return natTarget(first, rest.slice(1));
    case 'redirect':
      return redirectTarget(rest.slice(1));
    case 'notrack':
      return { kind: 'extension', name: 'NOTRACK', options: [] };
    case 'log':
      return rest.some((word) => isAction(word) && word !== 'log') ? unrecognised(rest) : { kind: 'none' };
    case 'meta':
      return metaTarget(rest);
    default:
      return unrecognised(rest);
  }
}

function withoutRemarks(words: readonly string[]): readonly string[] {
  const at = words.indexOf('comment');
  return at < 0 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
}

/** `dnat to 10.0.0.1:80`, `dnat ip6 to [fd00::1]:80`, `snat to 10.0.0.1`. */
function natTarget(kind: 'dnat' | 'snat', words: readonly string[]): Target {
  const to = words[0] === 'ip' || words[0] === 'ip6' ? words.slice(1) : words;
  const found =
    to[0] === 'to'
      ? /^(?:\[(?<v6>[0-9a-f:]+)\]|(?<v4>[\d.]+)|(?<bare>[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:]*))(?::(?<port>\d+))?$/.exec(to[1] ?? '')
      : null;
  const address = found?.groups?.['v6'] ?? found?.groups?.['v4'] ?? found?.groups?.['bare'];
  if (address === undefined) return unrecognised([kind, ...words]);
  const port = found?.groups?.['port'];
  const ports = port === undefined ? null : { from: Number(port), to: Number(port) };
  return { kind, range: { from: address, to: address, ports }, flags: to.slice(2).filter((word) => word !== ',') };
}

function redirectTarget(words: readonly string[]): Target {
  if (words.length === 0) return { kind: 'redirect', ports: null, flags: [] };
  const port = words[0] === 'to' && /^:\d+$/.test(words[1] ?? '') ? Number(words[1]?.slice(1)) : null;
  return port === null
    ? unrecognised(['redirect', ...words])
    : { kind: 'redirect', ports: { from: port, to: port }, flags: words.slice(2) };
}

/** `meta mark set meta mark | 0x4000` (`or`, `xor`, `^`, `and`, `&`), `meta mark set 0x1`. */
function metaTarget(words: readonly string[]): Target {
  const [, field, , ...value] = words;
  if (field !== 'mark') return unrecognised(words);
  if (value.length === 1 && Number.isInteger(Number(value[0]))) return { kind: 'mark', value: Number(value[0]), mask: 0xffffffff };
  const [meta, mark, operator = '', bits = ''] = value;
  const number = Number(bits);
  if (meta !== 'meta' || mark !== 'mark' || value.length !== 4 || !Number.isInteger(number)) return unrecognised(words);
  if (operator === '|' || operator === 'or') return { kind: 'mark', value: number, mask: number };
  if (operator === '^' || operator === 'xor') return { kind: 'mark', value: number, mask: 0 };
  if (operator === '&' || operator === 'and') return { kind: 'mark', value: 0, mask: ~number >>> 0 };
  return unrecognised(words);
}

/** `numgen random mod 3 vmap { 0 : goto a, 1 : goto b, 2 : goto c }`. */
function numgen(words: readonly string[], at: number, matches: readonly Match[]): readonly RuleSpec[] {
  const modulus = Number(words[at + 3]);
  const open = words.indexOf('{', at);
  const elements = elementsOf(words.slice(open + 1, closing(words, open)));
  if (words[at + 1] !== 'random' || words[at + 2] !== 'mod' || words[at + 4] !== 'vmap' || !(modulus > 0))
    return [{ matches, target: unrecognised(words.slice(at)) }];
  const choices = elements.map((element) => ({ number: Number(element[0]), target: actionAt(element, 2) }));
  let left = modulus;
  return [...choices]
    .sort((a, b) => a.number - b.number)
    .map(({ target }) => {
      const chance: Match = { kind: 'statistic', mode: 'random', probability: 1 / left, negated: false };
      left--;
      return { matches: left === 0 ? matches : [...matches, chance], target };
    });
}

type Asked = { readonly matches: readonly Match[]; readonly next: number } | { readonly specs: readonly RuleSpec[] };

/** One condition, or a lookup in a verdict map with which the rule ends. */
function condition(words: readonly string[], at: number, named: Named): Asked {
  const selectors: Selector[] = [];
  let next = at;
  for (;;) {
    const selector = selectorAt(words, next);
    if (selector === null) return openEnd(words, at);
    selectors.push(selector);
    next += selector.words;
    if (words[next] !== '.') break;
    next++;
  }
  if (words[next] === 'vmap') return lookup(words, next + 1, selectors, named);
  const negated = words[next] === '!=';
  const value = words[next] === '!=' || words[next] === '==' ? next + 1 : next;
  if (isMasked(words, next)) return masked(words, next);
  return compare(words, value, { selectors, negated, named });
}

/** The rest of the rule cannot be told: it may match, and then nobody knows what it does. */
function openEnd(words: readonly string[], at: number): Asked {
  const rest = words.slice(at);
  const action = rest.findIndex((word, i) => i > 0 && isAction(word));
  const matches: readonly Match[] = [{ kind: 'unrecognised', words: action < 0 ? rest : rest.slice(0, action) }];
  return { specs: [{ matches, target: action < 0 ? { kind: 'none' } : actionAt(rest, action) }] };
}

/** `meta mark & 0x4000 == 0x4000`; with `!=`. */
function isMasked(words: readonly string[], at: number): boolean {
  return words[at] === '&' || words[at] === 'and';
}

function masked(words: readonly string[], at: number): Asked {
  const [mask, operator, value] = [Number(words[at + 1]), words[at + 2], Number(words[at + 3])];
  if (!Number.isInteger(mask) || !Number.isInteger(value) || (operator !== '==' && operator !== '!=')) return openEnd(words, at - 2);
  return { matches: [{ kind: 'mark', of: 'packet', value, mask, negated: operator === '!=' }], next: at + 4 };
}

interface Comparison {
  readonly selectors: readonly Selector[];
  readonly negated: boolean;
  readonly named: Named;
}

function compare(words: readonly string[], at: number, { selectors, negated, named }: Comparison): Asked {
  const word = words[at] ?? '';
  if (word.startsWith('@')) return inSet(word.slice(1), { words, at, comparison: { selectors, negated, named } });
  if (word === '{')
    return {
      matches: [oneOf(elementsOf(words.slice(at + 1, closing(words, at))), { selectors, negated, named })],
      next: closing(words, at) + 1,
    };
  const [selector] = selectors;
  const match = selectors.length === 1 ? (selector?.match(word, negated) ?? null) : null;
  return match === null ? openEnd(words, at) : { matches: [match], next: at + 1 };
}

/** Any of several values: as a match where there is a kind for it. */
function oneOf(elements: readonly (readonly string[])[], { selectors, negated, named }: Comparison): Match {
  const open: Match = { kind: 'unrecognised', words: elements.flat() };
  const [selector] = selectors;
  if (selector === undefined || selectors.length > 1) return open;
  const all = elements.map((element) => (element.length === 1 ? selector.match(element[0] ?? '', false) : null));
  const [first] = all;
  if (all.length === 1 && elements[0]?.length === 1) return selector.match(elements[0][0] ?? '', negated) ?? open;
  if (selector.side !== undefined && all.every((match) => match !== null)) {
    const name = `${named.table} { ${elements.map((element) => element.join(' ')).join(', ')} }`;
    named.anonymous.set(name, { elements, isMap: false, isDynamic: false });
    return { kind: 'set', set: name, directions: selector.side, negated, others: [] };
  }
  if (first?.kind === 'conntrack' && all.every((match) => match?.kind === 'conntrack'))
    return selector.match(elements.flat().join(','), negated) ?? open;
  if (first?.kind === 'multiport' && all.every((match) => match?.kind === 'multiport'))
    return { ...first, ranges: all.flatMap((match) => (match?.kind === 'multiport' ? match.ranges : [])), negated };
  return open;
}

interface SetLookup {
  readonly words: readonly string[];
  readonly at: number;
  readonly comparison: Comparison;
}

function inSet(name: string, { words, at, comparison }: SetLookup): Asked {
  const { selectors, negated, named } = comparison;
  const set = named.sets.get(name);
  const [selector] = selectors;
  const side = selector?.side;
  if (set === undefined || side === undefined || selectors.length > 1) return openEnd(words, at);
  // Who is new to the node is in no set that packets fill.
  if (set.isDynamic) {
    const list = `${named.table} @${name}`;
    const recent = {
      kind: 'recent',
      action: 'rcheck',
      list,
      side: side === 'src' ? 'rsource' : 'rdest',
      mask: null,
      seconds: null,
      hitcount: null,
      reap: false,
      rttl: false,
      negated,
    } as const;
    return { matches: [recent], next: at + 1 };
  }
  return { matches: [{ kind: 'set', set: `${named.table} @${name}`, directions: side, negated, others: [] }], next: at + 1 };
}

/** A verdict map: each element is a rule of its own. */
function lookup(words: readonly string[], at: number, selectors: readonly Selector[], named: Named): Asked {
  const word = words[at] ?? '';
  const elements = word === '{' ? elementsOf(words.slice(at + 1, closing(words, at))) : named.sets.get(word.slice(1))?.elements;
  if (elements === undefined) return openEnd(words, at);
  return { specs: elements.map((element) => elementSpec(element, selectors)) };
}

function elementSpec(element: readonly string[], selectors: readonly Selector[]): RuleSpec {
  const colon = element.indexOf(':');
  const key = element.slice(0, colon).filter((word) => word !== '.');
  const matches = selectors.map((selector, i) => selector.match(key[i] ?? '', false));
  const target = actionAt(element, colon + 1);
  if (colon < 0 || key.length !== selectors.length || matches.includes(null))
    return { matches: [{ kind: 'unrecognised', words: element }], target };
  return { matches: matches.filter((match) => match !== null), target };
}
