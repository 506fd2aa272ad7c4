import type { Hook } from '../hook.ts';
import type { Match } from '../rule/match-kinds.ts';
import type { Rule, Table } from '../ruleset.ts';
import { applyTarget } from './apply-target.ts';
import { candidates } from './chain-index.ts';
import { chanceOf, evaluateMatch, whyUnknown } from './match.ts';
import { noted } from './match-recent.ts';
import type { Scene } from './scene.ts';
import { mergeBranches, mergeStates, type State, stateKey, withStep } from './state.ts';
import type { Effect, Step } from './steps.ts';
import type { Effort, Surroundings } from './surroundings.ts';

/** How a packet leaves a chain or a table. `rule` is the rule that decided; null for a policy or for running out of effort. */
export type Leaving = { readonly state: State; readonly rule: Rule | null } & (
  | { readonly how: 'return' | 'accept' | 'drop' }
  | { readonly how: 'reject'; readonly with: string }
  | { readonly how: 'unknown'; readonly why: string }
);

/** The kernel takes 16 calls inside each other. */
const MAX_DEPTH = 100;

/** A state that is worth following takes far fewer rules than this. */
const RULES_PER_STATE = 16;

/** Doubts of all branches, counted at every rule: more of them say nothing to a reader, and take long to compare. */
const MAX_COMPARISONS = 200_000;

/** Walks one chain from its first rule on; the possible ways of leaving it. */
export function walkChain(
  table: Table,
  at: { readonly chain: string; readonly callers: readonly string[] },
  state: State,
  around: Surroundings,
): readonly Leaving[] {
  const chain = table.chains.get(at.chain);
  if (chain === undefined) return [{ how: 'unknown', why: `chain "${at.chain}" is not in table ${table.name}`, state, rule: null }];
  // The kernel refuses loops of chains; a text can hold one.
  if (at.callers.includes(at.chain) || at.callers.length > MAX_DEPTH)
    return [{ how: 'unknown', why: `chains call each other without end at "${at.chain}"`, state, rule: null }];
  const callers = [...at.callers, at.chain];
  let here: readonly State[] = [state];
  const left: Leaving[] = [];
  for (const rule of candidates(chain, state.packet)) {
    const onward: State[] = [];
    for (const each of here) meetRule(rule, { table, callers, around }, each, { onward, left });
    here = onward.length === 1 ? onward : mergeStates(onward);
    if (here.length === 0) break;
    if (isTooMuch(here, left, around.effort)) return [giveUp(state, [...here, ...left.map((leaving) => leaving.state)])];
  }
  for (const each of here) left.push({ how: 'return', state: each, rule: null });
  return mergeLeavings(left);
}

function isTooMuch(here: readonly State[], left: readonly Leaving[], effort: Effort): boolean {
  if (effort.states > effort.maxStates * RULES_PER_STATE || here.length + left.length > effort.maxStates) return true;
  for (const state of here) effort.comparisons += state.doubts.length;
  for (const { state } of left) effort.comparisons += state.doubts.length;
  return effort.comparisons > MAX_COMPARISONS;
}

/** Branches that leave alike are one branch. */
export function mergeLeavings(left: readonly Leaving[]): readonly Leaving[] {
  return mergeBranches(left, leavingKey);
}

function leavingKey(leaving: Leaving): string {
  const detail = leaving.how === 'reject' ? leaving.with : leaving.how === 'unknown' ? leaving.why : '';
  const by = leaving.how === 'accept' || leaving.how === 'return' ? '' : (leaving.rule?.lineNumber ?? 'policy');
  return `${leaving.how} ${detail} ${by} ${stateKey(leaving.state)}`;
}

interface Place {
  readonly table: Table;
  readonly callers: readonly string[];
  readonly around: Surroundings;
}

interface Sink {
  readonly onward: State[];
  readonly left: Leaving[];
}

function meetRule(rule: Rule, place: Place, state: State, sink: Sink): void {
  const scene = sceneOf(state, place.around);
  const met = matchRule(rule, scene);
  if (met.kind === 'no') {
    sink.onward.push(withNotes(rule, scene, state));
    return;
  }
  if (met.kind === 'yes') {
    takeRule(rule, place, { state: withNotes(rule, scene, state), how: 'taken' }, sink);
    return;
  }
  const { taken, passed } = fork(rule, state, { met, effort: place.around.effort });
  takeRule(rule, place, { state: withNotes(rule, scene, taken), how: met.why === null ? 'by-chance' : 'perhaps' }, sink);
  sink.onward.push(...passed);
}

/** The state with what `-m recent --set` notes: matches are asked in order, up to the first that does not hold. */
function withNotes(rule: Rule, scene: Scene, state: State): State {
  let { recent } = state;
  if (!rule.spec.matches.some((match) => match.kind === 'recent' && match.action === 'set')) return state;
  for (const match of rule.spec.matches) {
    if (match.kind === 'recent' && match.action === 'set') recent = noted(match, { ...scene, recent });
    else if (match.kind !== 'statistic' && evaluateMatch(match, scene) === 'no') break;
  }
  return { ...state, recent };
}

/** What a packet's meeting with a rule comes to: for certain, or by chance and under a doubt. */
export type Met =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no' }
  | { readonly kind: 'maybe'; readonly chance: number; readonly why: string | null };

/** Asks every match of a rule. A definite "no" beats a doubt, and chances multiply. */
export function matchRule(rule: Rule, scene: Scene): Met {
  let chance = 1;
  let why: string | null = null;
  for (const match of rule.spec.matches) {
    if (match.kind === 'statistic') {
      chance *= chanceOf(match);
      continue;
    }
    const result = evaluateMatch(match, scene);
    if (result === 'no') return { kind: 'no' };
    if (result === 'unknown') why ??= whyUnknown(match);
  }
  if (why === null && chance === 1) return { kind: 'yes' };
  return chance === 0 ? { kind: 'no' } : { kind: 'maybe', chance, why };
}

/** Each match of a rule with its answer: for "why did the packet not take this rule?". */
export function explainRule(
  rule: Rule,
  scene: Scene,
): readonly { readonly match: Match; readonly holds: 'yes' | 'no' | 'unknown' | 'by-chance' }[] {
  return rule.spec.matches.map((match) => ({ match, holds: match.kind === 'statistic' ? 'by-chance' : evaluateMatch(match, scene) }));
}

/** Splits a state where a rule is taken by chance, or nobody knows whether it is. */
function fork(
  rule: Rule,
  state: State,
  how: { readonly met: { readonly chance: number; readonly why: string | null }; readonly effort: Effort },
): { readonly taken: State; readonly passed: readonly State[] } {
  const { chance, why } = how.met;
  const lucky = { ...state, share: state.share * chance };
  const unlucky = chance < 1 ? [{ ...state, share: state.share * (1 - chance) }] : [];
  if (why === null) return { taken: lucky, passed: unlucky };
  const id = how.effort.doubts++;
  const doubtful = (each: State, taken: boolean): State => ({ ...each, doubts: [...each.doubts, { id, rule, taken, why }] });
  return { taken: doubtful(lucky, true), passed: [...unlucky.map((each) => doubtful(each, true)), doubtful(state, false)] };
}

function takeRule(
  rule: Rule,
  place: Place,
  met: { readonly state: State; readonly how: 'taken' | 'perhaps' | 'by-chance' },
  sink: Sink,
): void {
  const { target } = rule.spec;
  const { state, how } = met;
  const stepped = (effect: Effect, next: State): State => withStep(next, ruleStep(rule, { how, effect, hook: place.around.hook }, next));
  place.around.effort.states++;
  if (target.kind === 'chain') {
    const inner = walkChain(place.table, { chain: target.chain, callers: place.callers }, stepped(target.via, state), place.around);
    for (const leaving of inner) {
      if (leaving.how !== 'return') sink.left.push(leaving.rule === null && leaving.how === 'unknown' ? { ...leaving, rule } : leaving);
      else if (target.via === 'goto') sink.left.push(leaving);
      else sink.onward.push(leaving.state);
    }
    return;
  }
  const { then, effect, packet, tracked } = applyTarget(target, state, place.around);
  const next = stepped(effect, { ...state, packet, tracked });
  if (then.kind === 'continue') sink.onward.push(next);
  else if (then.kind === 'reject') sink.left.push({ how: 'reject', with: then.with, state: next, rule });
  else if (then.kind === 'unknown') sink.left.push({ how: 'unknown', why: then.why, state: next, rule });
  else sink.left.push({ how: then.kind, state: next, rule });
}

function ruleStep(
  rule: Rule,
  about: { readonly how: 'taken' | 'perhaps' | 'by-chance'; readonly effect: Effect; readonly hook: Hook },
  state: State,
): Step {
  return { kind: 'rule', hook: about.hook, rule, how: about.how, effect: about.effect, packet: state.packet };
}

export function sceneOf(state: State, around: Surroundings): Scene {
  return {
    packet: state.packet,
    tracked: state.tracked,
    hook: around.hook,
    node: around.node,
    newClient: around.newClient,
    recent: state.recent,
  };
}

/** One branch that stands for too many, with every doubt that led to them. */
function giveUp(state: State, states: readonly State[]): Leaving {
  const doubts = new Map(states.flatMap((each) => each.doubts).map((doubt) => [doubt.rule.lineNumber, doubt]));
  return { how: 'unknown', why: 'too many rules cannot be decided', state: { ...state, doubts: [...doubts.values()] }, rule: null };
}
