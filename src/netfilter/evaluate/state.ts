import type { Rule } from '../ruleset.ts';
import type { Packet, Tracked } from './packet.ts';
import type { Step, StepList } from './steps.ts';

/** A rule that could not be decided, and which way this branch took it to go. */
export interface Doubt {
  readonly id: number;
  readonly rule: Rule;
  readonly taken: boolean;
  readonly why: string;
}

/** The packet on one of its possible ways. `share` is its probability, given that its doubts go as it assumes. */
export interface State {
  readonly packet: Packet;
  readonly tracked: Tracked;
  readonly share: number;
  readonly doubts: readonly Doubt[];
  /** What `-m recent --set` has noted on the way: how often, by list and address. */
  readonly recent: ReadonlyMap<string, number>;
  readonly steps: StepList | null;
}

/** Nobody has been noted by `-m recent --set` yet. */
export const NOBODY: ReadonlyMap<string, number> = new Map();

export function withStep(state: State, step: Step): State {
  return { ...state, steps: { step, before: state.steps } };
}

/** Everything that later rules can see of a state. */
export function stateKey({ packet, tracked, recent }: State): string {
  const { source, sourcePort, destination, destinationPort } = packet;
  const nat = [tracked.state, tracked.dnat, tracked.snat, tracked.destinationDecided, tracked.sourceDecided, tracked.mark];
  return [
    source,
    sourcePort,
    destination,
    destinationPort,
    packet.mark,
    packet.inDevice,
    packet.outDevice,
    ...nat,
    ...(recent.size === 0 ? [] : recent),
  ].join(' ');
}

/** A branch that may be merged with others that look the same. */
interface Mergeable {
  readonly state: State;
}

/** Joins branches that are equal from here on: chances add up, and a doubt that makes no difference goes away. */
export function mergeBranches<T extends Mergeable>(branches: readonly T[], keyOf: (branch: T) => string): readonly T[] {
  if (branches.length < 2) return branches;
  const groups = new Map<string, T[]>();
  for (const branch of branches) {
    const key = keyOf(branch);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [branch]);
    else group.push(branch);
  }
  return [...groups.values()].flatMap(mergeGroup);
}

export function mergeStates(states: readonly State[]): readonly State[] {
  if (states.length < 2) return states;
  return mergeBranches(
    states.map((state) => ({ state })),
    (branch) => stateKey(branch.state),
  ).map((branch) => branch.state);
}

function mergeGroup<T extends Mergeable>(group: readonly T[]): readonly T[] {
  if (group.length === 1) return group;
  const byDoubts = new Map<string, T>();
  for (const branch of group) {
    const key = doubtsKey(branch.state.doubts);
    const same = byDoubts.get(key);
    byDoubts.set(key, same === undefined ? branch : withShare(same, same.state.share + branch.state.share));
  }
  while (dropDoubts(byDoubts));
  return [...byDoubts.values()];
}

/** Two branches that differ in nothing but the way of one doubt are one branch without it. Says whether there were any. */
function dropDoubts<T extends Mergeable>(branches: Map<string, T>): boolean {
  const before = branches.size;
  const byId = new Map<number, T[]>();
  for (const branch of branches.values()) for (const { id } of branch.state.doubts) listAt(byId, id).push(branch);
  for (const [id, candidates] of [...byId].sort(([a], [b]) => b - a)) if (candidates.length > 1) dropDoubt(branches, id, candidates);
  return branches.size < before;
}

function dropDoubt<T extends Mergeable>(branches: Map<string, T>, id: number, candidates: readonly T[]): void {
  const halves = new Map<string, T>();
  for (const branch of candidates) {
    const own = doubtsKey(branch.state.doubts);
    if (branches.get(own) !== branch) continue;
    const doubts = branch.state.doubts.filter((doubt) => doubt.id !== id);
    const key = doubtsKey(doubts);
    const twin = halves.get(key);
    if (twin === undefined || Math.abs(twin.state.share - branch.state.share) > 1e-12) {
      halves.set(key, branch);
      continue;
    }
    branches.delete(own);
    branches.delete(doubtsKey(twin.state.doubts));
    const rest = branches.get(key);
    const passed = branch.state.doubts.some((doubt) => doubt.id === id && !doubt.taken) ? branch : twin;
    branches.set(key, withShare({ ...passed, state: { ...passed.state, doubts } }, branch.state.share + (rest?.state.share ?? 0)));
  }
}

function listAt<T>(lists: Map<number, T[]>, id: number): T[] {
  const known = lists.get(id);
  if (known !== undefined) return known;
  const list: T[] = [];
  lists.set(id, list);
  return list;
}

function withShare<T extends Mergeable>(branch: T, share: number): T {
  return { ...branch, state: { ...branch.state, share } };
}

function doubtsKey(doubts: readonly Doubt[]): string {
  return doubts.map((doubt) => `${doubt.id}${doubt.taken ? '+' : '-'}`).join(' ');
}
