import type { Chain, Ruleset } from '../ruleset.ts';
import type { Hook } from './scene.ts';
import { type State, withStep } from './state.ts';
import type { Surroundings } from './surroundings.ts';
import { type Leaving, mergeLeavings, walkChain } from './walk.ts';

/** The tables of each hook in the kernel's order (priorities raw -300, mangle -150, nat -100 or 100, filter 0, security 50). */
const TABLES = {
  PREROUTING: ['raw', 'mangle', 'nat'],
  INPUT: ['mangle', 'filter', 'security', 'nat'],
  FORWARD: ['mangle', 'filter', 'security'],
  OUTPUT: ['raw', 'mangle', 'nat', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat'],
} as const satisfies Record<Hook, readonly string[]>;

/** Asks every table of one hook. A leaving of `accept` means that the packet goes on. */
export function evaluateHook(ruleset: Ruleset, state: State, around: Surroundings): readonly Leaving[] {
  let here: readonly Leaving[] = [{ how: 'accept', state, rule: null }];
  for (const table of TABLES[around.hook]) {
    here = mergeLeavings(
      here.flatMap((leaving) => (leaving.how === 'accept' ? evaluateTable(ruleset, { table, state: leaving.state }, around) : [leaving])),
    );
  }
  return here;
}

function evaluateTable(ruleset: Ruleset, at: { readonly table: string; readonly state: State }, around: Surroundings): readonly Leaving[] {
  const { table: name, state } = at;
  if (name === 'nat') return evaluateNat(ruleset, state, around);
  if (name === 'raw' && state.packet.inDevice !== 'lo') return evaluateRaw(ruleset, state, around);
  return evaluatePlain(ruleset, at, around);
}

/** Connection tracking comes behind raw (priority -200): until then no packet has an entry, unless it comes round by lo. */
function evaluateRaw(ruleset: Ruleset, state: State, around: Surroundings): readonly Leaving[] {
  if (ruleset.tables.get('raw')?.chains.has(around.hook) !== true) return [{ how: 'accept', state, rule: null }];
  const { state: found } = state.tracked;
  const left = evaluatePlain(ruleset, { table: 'raw', state: { ...state, tracked: { ...state.tracked, state: 'INVALID' } } }, around);
  return left.map((leaving) => {
    const { tracked } = leaving.state;
    return tracked.state === 'UNTRACKED' ? leaving : { ...leaving, state: { ...leaving.state, tracked: { ...tracked, state: found } } };
  });
}

function evaluatePlain(ruleset: Ruleset, at: { readonly table: string; readonly state: State }, around: Surroundings): readonly Leaving[] {
  const { table: name, state } = at;
  const table = ruleset.tables.get(name);
  const chain = table?.chains.get(around.hook);
  if (table === undefined || chain === undefined) return [{ how: 'accept', state, rule: null }];
  return walkChain(table, { chain: around.hook, callers: [] }, state, around).map((leaving) =>
    byPolicy(leaving, { chain, table: name, around }),
  );
}

/** A packet that no rule of a built-in chain decided meets the chain's policy. */
function byPolicy(leaving: Leaving, at: { readonly chain: Chain; readonly table: string; readonly around: Surroundings }): Leaving {
  if (leaving.how !== 'return') return leaving;
  const policy = at.chain.policy ?? 'ACCEPT';
  const state = withStep(leaving.state, { kind: 'policy', hook: at.around.hook, table: at.table, policy });
  return { how: policy === 'DROP' ? 'drop' : 'accept', state, rule: null };
}

type Manipulation = 'destination' | 'source';

/** Which side of a packet the hook may change. */
function manipulationOf(hook: Hook): Manipulation {
  return hook === 'PREROUTING' || hook === 'OUTPUT' ? 'destination' : 'source';
}

/** The nat table: asked for the first packet of a connection, once per side; afterwards connection tracking repeats (or undoes) what was decided. */
function evaluateNat(ruleset: Ruleset, state: State, around: Surroundings): readonly Leaving[] {
  const side = manipulationOf(around.hook);
  const { tracked } = state;
  if (tracked.direction === 'reply') return [{ how: 'accept', state: undo(state, around.hook, side), rule: null }];
  const decided = side === 'destination' ? tracked.destinationDecided : tracked.sourceDecided;
  const asked = (tracked.state === 'NEW' || tracked.state === 'RELATED') && !decided;
  const table = ruleset.tables.get('nat');
  const chain = table?.chains.get(around.hook);
  if (!asked || table === undefined || chain === undefined)
    return [{ how: 'accept', state: asked ? decide(state, side) : state, rule: null }];
  const left = walkChain(table, { chain: around.hook, callers: [] }, state, around);
  return left
    .map((leaving) => byPolicy(leaving, { chain, table: 'nat', around }))
    .map((leaving) => (leaving.how === 'accept' ? { ...leaving, state: decide(leaving.state, side) } : leaving));
}

function decide(state: State, side: Manipulation): State {
  const decided = side === 'destination' ? { destinationDecided: true } : { sourceDecided: true };
  return { ...state, tracked: { ...state.tracked, ...decided } };
}

/** nf_nat_packet: a reply gets back the request's source as destination, then the request's destination as source. */
function undo(state: State, hook: Hook, side: Manipulation): State {
  const { tracked, packet } = state;
  const { original } = tracked;
  if (side === 'destination' && tracked.snat)
    return changed(state, hook, { ...packet, destination: original.source, destinationPort: original.sourcePort });
  if (side === 'source' && tracked.dnat)
    return changed(state, hook, { ...packet, source: original.destination, sourcePort: original.destinationPort });
  return state;
}

function changed(state: State, hook: Hook, packet: State['packet']): State {
  return withStep({ ...state, packet }, { kind: 'undo', hook, packet });
}
