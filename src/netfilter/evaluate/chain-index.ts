import type { Chain, Rule, Ruleset } from '../ruleset.ts';
import type { Packet } from './packet.ts';

/** The rules of a long chain by what they ask for first; positions are ascending. */
interface ChainIndex {
  readonly byDestination: ReadonlyMap<string, readonly number[]>;
  readonly byPort: ReadonlyMap<number, readonly number[]>;
  readonly others: readonly number[];
}

/** Below this a chain is simply walked. */
const WORTH_INDEXING = 24;

/** Chains never change once read, so an index belongs to its chain for good. */
const INDEXES = new WeakMap<Chain, ChainIndex>();

/** Builds the index of every long chain now, so that the first trace need not. */
export function indexRuleset(ruleset: Ruleset): void {
  for (const table of ruleset.tables.values())
    for (const chain of table.chains.values()) if (chain.rules.length >= WORTH_INDEXING) indexOf(chain);
}

/** The rules that the packet can possibly match, in order: all but those that ask for one other destination address or port. */
export function candidates(chain: Chain, packet: Packet): readonly Rule[] {
  if (chain.rules.length < WORTH_INDEXING || packet.destination === null || packet.destinationPort === null) return chain.rules;
  const index = indexOf(chain);
  const lists = [index.others, index.byDestination.get(packet.destination) ?? [], index.byPort.get(packet.destinationPort) ?? []];
  const positions = lists.flat();
  if (lists.filter((list) => list.length > 0).length > 1) positions.sort((a, b) => a - b);
  return positions.flatMap((position) => chain.rules[position] ?? []);
}

function indexOf(chain: Chain): ChainIndex {
  const known = INDEXES.get(chain);
  if (known !== undefined) return known;
  const byDestination = new Map<string, number[]>();
  const byPort = new Map<number, number[]>();
  const others: number[] = [];
  for (const [position, rule] of chain.rules.entries()) listFor(rule.line, { byDestination, byPort, others }).push(position);
  const index = { byDestination, byPort, others };
  INDEXES.set(chain, index);
  return index;
}

// Both read the front of a saved line only, where no comment can pretend to be an option.
const DESTINATION = /^-A [^\s"]+ (?:(?:! )?-s [^\s"]+ )?-d ([0-9a-f.:]+)\/(32|128)(?: |$)/;
const PORT =
  /^-A [^\s"]+ (?:(?:! )?-[sdiop] [^\s"]+ )*(?:-m comment --comment (?:"(?:[^"\\]|\\.)*"|[^"\s]+) )?-m (?:tcp|udp|sctp) --dport (\d+)(?: |$)/;

function listFor(line: string, index: { byDestination: Map<string, number[]>; byPort: Map<number, number[]>; others: number[] }): number[] {
  const destination = DESTINATION.exec(line);
  const exact = destination !== null && (destination[2] === '128') === (destination[1] ?? '').includes(':');
  if (exact) return listAt(index.byDestination, destination[1] ?? '');
  const port = PORT.exec(line);
  return port === null ? index.others : listAt(index.byPort, Number(port[1]));
}

function listAt<K>(map: Map<K, number[]>, key: K): number[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const list: number[] = [];
  map.set(key, list);
  return list;
}
