import type { Family } from '../../net/ip.ts';
import type { Hook } from '../hook.ts';
import type { BaseChain } from '../nft/types.ts';
import type { Chain, Ruleset, Table } from '../ruleset.ts';
import { type State, stateKey, withStep } from './state.ts';
import type { Surroundings } from './surroundings.ts';
import { type Leaving, mergeLeavings, walkChain } from './walk.ts';

/** The tables of each hook in iptables, with the kernel's priorities (NF_IP_PRI_*); nat has its own way. */
const TABLES = {
  PREROUTING: [
    { table: 'raw', priority: -300 },
    { table: 'mangle', priority: -150 },
  ],
  INPUT: [
    { table: 'mangle', priority: -150 },
    { table: 'filter', priority: 0 },
    { table: 'security', priority: 50 },
  ],
  FORWARD: [
    { table: 'mangle', priority: -150 },
    { table: 'filter', priority: 0 },
    { table: 'security', priority: 50 },
  ],
  OUTPUT: [
    { table: 'raw', priority: -300 },
    { table: 'mangle', priority: -150 },
    { table: 'filter', priority: 0 },
    { table: 'security', priority: 50 },
  ],
  POSTROUTING: [{ table: 'mangle', priority: -150 }],
} as const satisfies Record<Hook, readonly { readonly table: string; readonly priority: number }[]>;

/** Where each hook rewrites addresses, if it does. */
const NAT_PRIORITY = { PREROUTING: -100, OUTPUT: -100, INPUT: 100, POSTROUTING: 100, FORWARD: null } as const satisfies Record<
  Hook,
  number | null
>;

interface Stage {
  readonly priority: number;
  readonly run: (state: State) => readonly Leaving[];
}

/** Asks everything that is hooked in at one place, in the order of priorities. A leaving of `accept` means that the packet goes on. */
export function evaluateHook(ruleset: Ruleset, state: State, around: Surroundings): readonly Leaving[] {
  let here: readonly Leaving[] = [{ how: 'accept', state, rule: null }];
  for (const stages of byPriority(stagesOf(ruleset, state, around)))
    here = mergeLeavings(here.flatMap((leaving) => (leaving.how === 'accept' ? inAnyOrder(stages, leaving.state) : [leaving])));
  return here;
}

function byPriority(stages: readonly Stage[]): readonly (readonly Stage[])[] {
  const groups = new Map<number, Stage[]>();
  for (const stage of stages) groups.set(stage.priority, [...(groups.get(stage.priority) ?? []), stage]);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** Chains of one priority stand in the order in which they were made (nf_hook_entries_grow: the newest first), which no dump shows. */
function inAnyOrder(stages: readonly Stage[], state: State): readonly Leaving[] {
  const first = inTurn(stages, state);
  if (stages.length === 1) return first;
  const second = inTurn([...stages].reverse(), state);
  if (isAlike(first, second, 'destination')) return first;
  return [
    { how: 'unknown', why: 'chains of one priority end otherwise in another order, and their order is not known', state, rule: null },
  ];
}

function inTurn(stages: readonly Stage[], state: State): readonly Leaving[] {
  let here: readonly Leaving[] = [{ how: 'accept', state, rule: null }];
  for (const { run } of stages)
    here = mergeLeavings(here.flatMap((leaving) => (leaving.how === 'accept' ? run(leaving.state) : [leaving])));
  return here;
}

function stagesOf(ruleset: Ruleset, { packet }: State, around: Surroundings): readonly Stage[] {
  const { hook } = around;
  const own = TABLES[hook].map(
    ({ table, priority }): Stage => ({ priority, run: (state) => evaluateTable(ruleset, { table, state }, around) }),
  );
  const native = nativeChains(around, packet.family)
    .filter(({ base }) => base.type !== 'nat')
    .map(({ base, table }): Stage => ({ priority: base.priority, run: (state) => evaluateBase({ table, base }, state, around) }));
  const natAt = NAT_PRIORITY[hook];
  const nat: readonly Stage[] = natAt === null ? [] : [{ priority: natAt, run: (state) => evaluateNat(ruleset, state, around) }];
  return [...own, ...nat, ...native];
}

interface Native {
  readonly table: Table;
  readonly base: BaseChain;
}

/** nftables' own chains at this hook for one family. */
function nativeChains({ node, hook }: Surroundings, family: Family): readonly Native[] {
  const tables = (node.nft?.tables ?? []).filter(({ families }) => families.includes(family));
  return tables.flatMap(({ table, base }) => base.filter((each) => each.hook === hook).map((each) => ({ table, base: each })));
}

function evaluateBase({ table, base }: Native, state: State, around: Surroundings): readonly Leaving[] {
  const chain = table.chains.get(base.chain);
  if (chain === undefined) return [{ how: 'accept', state, rule: null }];
  return walkChain(table, { chain: base.chain, callers: [] }, state, around).map((leaving) =>
    byPolicy(leaving, { chain, table: table.name, around }),
  );
}

function evaluateTable(ruleset: Ruleset, at: { readonly table: string; readonly state: State }, around: Surroundings): readonly Leaving[] {
  const { table: name, state } = at;
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

/**
 * nf_nat_inet_fn: asked for the first packet of a connection, once per side, chain after chain until one decides; afterwards connection tracking
 * repeats (or undoes) what was decided.
 */
function evaluateNat(ruleset: Ruleset, state: State, around: Surroundings): readonly Leaving[] {
  const side = manipulationOf(around.hook);
  const { tracked } = state;
  if (tracked.direction === 'reply') return [{ how: 'accept', state: undo(state, around.hook, side), rule: null }];
  const asked = (tracked.state === 'NEW' || tracked.state === 'RELATED') && !isDecided(state, side);
  if (!asked) return [{ how: 'accept', state, rule: null }];
  const { before, own, same, after } = natStages(ruleset, state, around);
  const first = throughAll(state, [...before, ...own, ...same, ...after], side);
  if (own.length === 0 || same.length === 0) return first;
  const second = throughAll(state, [...before, ...same, ...own, ...after], side);
  return isAlike(first, second, side)
    ? first
    : [{ how: 'unknown', why: 'iptables and nftables rewrite addresses at one priority, and their order is not known', state, rule: null }];
}

function isDecided({ tracked }: State, side: Manipulation): boolean {
  return side === 'destination' ? tracked.destinationDecided : tracked.sourceDecided;
}

type Walk = (state: State) => readonly Leaving[];

function natStages(ruleset: Ruleset, { packet }: State, around: Surroundings) {
  const at = NAT_PRIORITY[around.hook] ?? 0;
  const native = nativeChains(around, packet.family).filter(({ base }) => base.type === 'nat');
  const sorted = [...native].sort((a, b) => a.base.priority - b.base.priority);
  const walks = (keep: (priority: number) => boolean): readonly Walk[] =>
    sorted.filter(({ base }) => keep(base.priority)).map((each) => (state) => evaluateBase(each, state, around));
  const table = ruleset.tables.get('nat');
  const chain = table?.chains.get(around.hook);
  const own: readonly Walk[] =
    table === undefined || chain === undefined
      ? []
      : [
          (state) =>
            walkChain(table, { chain: around.hook, callers: [] }, state, around).map((leaving) =>
              byPolicy(leaving, { chain, table: 'nat', around }),
            ),
        ];
  return {
    before: walks((priority) => priority < at),
    own,
    same: walks((priority) => priority === at),
    after: walks((priority) => priority > at),
  };
}

/** Each chain in turn until one has decided; a packet that none wanted to change is decided, too. */
function throughAll(state: State, walks: readonly Walk[], side: Manipulation): readonly Leaving[] {
  let here: readonly Leaving[] = [{ how: 'accept', state, rule: null }];
  for (const walk of walks)
    here = mergeLeavings(
      here.flatMap((leaving) => (leaving.how === 'accept' && !isDecided(leaving.state, side) ? walk(leaving.state) : [leaving])),
    );
  return here.map((leaving) => (leaving.how === 'accept' ? { ...leaving, state: decide(leaving.state, side) } : leaving));
}

/** Whether two lists of ways come to the same packets, but for what nothing asks for behind a rewritten source: the mark and the port. */
function isAlike(some: readonly Leaving[], others: readonly Leaving[], side: Manipulation): boolean {
  const seen = (state: State): State =>
    side === 'destination' ? state : { ...state, packet: { ...state.packet, mark: 0, sourcePort: null } };
  const keys = (list: readonly Leaving[]): string =>
    list
      .map(({ how, state }) => `${how} ${stateKey(seen(state))} ${state.share.toFixed(9)}`)
      .sort()
      .join('\n');
  return keys(some) === keys(others);
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
