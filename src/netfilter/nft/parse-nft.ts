import { canonicalIp, type Family } from '../../net/ip.ts';
import type { Hook } from '../hook.ts';
import { lazyRule } from '../lazy-rule.ts';
import { isBetween, networkHas, parseNetwork } from '../rule/network.ts';
import type { Chain, Problem, Rule } from '../ruleset.ts';
import { type Named, type NamedSet, translateRule } from './statements.ts';
import type { BaseChain, NftLine, NftRuleset, NftTable } from './types.ts';
import { elementsOf, nftWords } from './words.ts';

const FAMILIES: Readonly<Record<string, readonly Family[]>> = { ip: [4], ip6: [6], inet: [4, 6] };

interface Line {
  readonly text: string;
  readonly number: number;
}

/** Reads `nft list ruleset`. Never fails: what cannot be read is a problem, what is not understood stays undecided. `leaveOut` names tables to pass over. */
export function parseNft(text: string, origin: { readonly file: string; readonly leaveOut?: (name: string) => boolean }): NftRuleset {
  const lines = text.split('\n').map((line, i): Line => ({ text: line.trim(), number: i + 1 }));
  const tables: NftTable[] = [];
  const others: string[] = [];
  const problems: Problem[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const head = /^table (\S+) (.+?) \{/.exec(line?.text ?? '');
    if (line === undefined || head === null) continue;
    const end = blockEnd(lines, at);
    if (end === null)
      problems.push({ file: origin.file, line: line.number, reason: 'the text ends inside this table: it is cut off', text: '' });
    const [, family = '', name = ''] = head;
    const full = `${family} ${name}`;
    const families = FAMILIES[family];
    const body = lines.slice(at + 1, end ?? lines.length);
    if (families !== undefined && origin.leaveOut?.(full) !== true) tables.push(tableOf(full, families, body));
    else if (families === undefined && family !== 'arp' && body.some((each) => each.text.startsWith('type '))) others.push(full);
    at = end ?? lines.length;
  }
  return { tables, others, problems };
}

/** The line of the brace that closes the block which a line opens; quoted texts may hold braces. */
function blockEnd(lines: readonly Line[], from: number): number | null {
  let depth = 0;
  for (let at = from; at < lines.length; at++) {
    for (const char of (lines[at]?.text ?? '').replace(/"[^"]*"/g, '')) depth += char === '{' ? 1 : char === '}' ? -1 : 0;
    if (depth <= 0) return at;
  }
  return null;
}

function tableOf(name: string, families: readonly Family[], body: readonly Line[]): NftTable {
  const sets = new Map<string, NamedSet>();
  const blocks: { readonly name: string; readonly lines: readonly Line[] }[] = [];
  for (let at = 0; at < body.length; at++) {
    const head = /^(chain|set|map) (\S+) \{/.exec(body[at]?.text ?? '');
    if (head === null) continue;
    const end = blockEnd(body, at) ?? body.length;
    const lines = body.slice(at + 1, end);
    if (head[1] === 'chain') blocks.push({ name: head[2] ?? '', lines });
    else sets.set(head[2] ?? '', setOf(lines, head[1] === 'map'));
    at = end;
  }
  const base = blocks.flatMap(({ name: chain, lines }) => baseOf(chain, lines));
  const named = { table: name, sets, anonymous: new Map<string, NamedSet>() };
  const chains = new Map(blocks.map(({ name: chain, lines }) => [chain, chainOf({ chain, lines, named, base })]));
  const known = [...[...sets].map(([set, held]) => [`${name} @${set}`, held] as const), ...named.anonymous];
  return {
    name,
    families,
    table: { name, chains, strays: [] },
    base,
    sets: memberships(known),
    maps: mapsOf(sets),
    lines: new Map(blocks.map(({ name: chain, lines }) => [chain, ruleLines(lines)])),
  };
}

function setOf(lines: readonly Line[], isMap: boolean): NamedSet {
  const text = lines.map((line) => line.text).join(' ');
  const words = nftWords(text.includes('elements = {') ? text.slice(text.indexOf('elements = {') + 'elements = {'.length) : '');
  const end = words.lastIndexOf('}');
  return { elements: elementsOf(end < 0 ? words : words.slice(0, end)), isMap, isDynamic: /\bflags [a-z,]*dynamic/.test(text) };
}

const HOOKS: Readonly<Record<string, Hook>> = {
  prerouting: 'PREROUTING',
  input: 'INPUT',
  forward: 'FORWARD',
  output: 'OUTPUT',
  postrouting: 'POSTROUTING',
};
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, dstnat: -100, filter: 0, security: 50, srcnat: 100 };

function baseOf(chain: string, lines: readonly Line[]): readonly BaseChain[] {
  for (const { text } of lines) {
    const found = /^type (filter|nat|route) hook (\w+)(?: device \S+)? priority ([^;]+);(?: policy (accept|drop);)?/.exec(text);
    const hook = HOOKS[found?.[2] ?? ''];
    if (found === null || hook === undefined) continue;
    return [
      {
        chain,
        type: found[1] as BaseChain['type'],
        hook,
        priority: priorityOf(found[3] ?? ''),
        policy: found[4] === 'drop' ? 'DROP' : 'ACCEPT',
      },
    ];
  }
  return [];
}

/** `dstnat - 10`, `-110`, `filter`. */
function priorityOf(text: string): number {
  const [first = '', sign, more] = text.trim().split(/\s+/);
  const begin = PRIORITIES[first] ?? Number(first);
  return begin + (more === undefined ? 0 : Number(more) * (sign === '-' ? -1 : 1));
}

interface ChainText {
  readonly chain: string;
  readonly lines: readonly Line[];
  readonly named: Named;
  readonly base: readonly BaseChain[];
}

function chainOf({ chain, lines, named, base }: ChainText): Chain {
  const policy = base.find((each) => each.chain === chain)?.policy ?? null;
  const rules = ruleLines(lines).flatMap((line) => rulesOf(line, chain, named));
  return { name: chain, policy, counters: null, rules };
}

function ruleLines(lines: readonly Line[]): readonly NftLine[] {
  return lines
    .filter(({ text }) => text !== '' && !text.startsWith('type ') && !text.startsWith('comment '))
    .map(({ text, number }) => ({ line: text, lineNumber: number }));
}

function rulesOf({ line, lineNumber }: NftLine, chain: string, named: Named): readonly Rule[] {
  const specs = translateRule(nftWords(line), named);
  return specs.map((spec) => lazyRule({ table: named.table, chain, line, lineNumber, counters: null }, () => spec));
}

function mapsOf(sets: ReadonlyMap<string, NamedSet>): NftTable['maps'] {
  return new Map([...sets].flatMap(([name, { elements, isMap }]) => (isMap ? [[name, new Map(elements.flatMap(leadsTo))]] : [])));
}

function leadsTo(element: readonly string[]): readonly (readonly [string, string])[] {
  const colon = element.indexOf(':');
  return colon < 0 ? [] : [[element.slice(0, colon).join(' '), element.slice(colon + 1).join(' ')]];
}

function memberships(sets: readonly (readonly [string, NamedSet])[]): ReadonlyMap<string, (address: string) => boolean> {
  const found = new Map<string, (address: string) => boolean>();
  for (const [name, set] of sets) {
    if (set.isMap || set.isDynamic) continue;
    const tests = set.elements.map(membership);
    if (tests.every((test) => test !== null)) found.set(name, (address) => tests.some((test) => test(address)));
  }
  return found;
}

/** Whether an address is one element: an address, a network, or a range. */
function membership(element: readonly string[]): ((address: string) => boolean) | null {
  const [word = ''] = element;
  const [from, to] = word.split('-').map(canonicalIp);
  if (element.length > 1) return null;
  if (from !== undefined && to !== undefined) return from === null || to === null ? null : (address) => isBetween(address, from, to);
  const network = parseNetwork(word);
  return network === null ? null : (address) => networkHas(network, address);
}
