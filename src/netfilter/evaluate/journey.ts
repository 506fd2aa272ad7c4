import type { Hook } from '../hook.ts';
import type { NodeNet } from '../node/node-net.ts';
import { type Routed, routeTo } from '../node/routing.ts';
import { type ReversePath, sourceFault } from '../node/source-validation.ts';
import type { Arriving, End, Trace, TraceOptions } from '../outcome.ts';
import { evaluateHook } from './hooks.ts';
import type { Packet, Tracked } from './packet.ts';
import { mergeBranches, mergeStates, NOBODY, type State, stateKey, withStep } from './state.ts';
import { stepsOf } from './steps.ts';
import type { Effort, Surroundings } from './surroundings.ts';
import type { Leaving } from './walk.ts';

interface Journey {
  readonly node: NodeNet;
  readonly newClient: boolean;
  readonly reversePath: ReversePath;
  readonly effort: Effort;
  readonly done: { readonly state: State; readonly end: End }[];
}

const MAX_STATES = 4096;

/** Follows one packet from where it comes in, or is sent, until every branch has ended. */
export function follow(
  node: NodeNet,
  start: { readonly packet: Packet; readonly tracked: Tracked; readonly from: Arriving['from'] },
  options: TraceOptions,
): Trace {
  const effort = { maxStates: options.maxStates ?? MAX_STATES, states: 0, doubts: 0, comparisons: 0 };
  const journey: Journey = { node, newClient: options.newClient ?? true, reversePath: options.reversePath ?? 'off', effort, done: [] };
  const state: State = { packet: start.packet, tracked: start.tracked, share: 1, doubts: [], recent: NOBODY, steps: null };
  if (start.from === 'local') sendLocally(journey, state);
  else arrive(journey, state);
  return traceOf(journey);
}

function arrive(journey: Journey, state: State): void {
  for (const next of through(journey, state, { hook: 'PREROUTING', out: null })) routeArrived(journey, next);
}

function routeArrived(journey: Journey, state: State): void {
  const { source, inDevice } = state.packet;
  const fault = source === null || inDevice === null ? null : sourceFault(journey.node, { source, device: inDevice }, journey.reversePath);
  if (fault !== null) {
    journey.done.push({ state, end: { kind: 'unroutable', how: fault } });
    return;
  }
  const { routed, stepped } = route(journey.node, state);
  if (routed.kind === 'local') {
    for (const next of through(journey, stepped, { hook: 'INPUT', out: null })) journey.done.push({ state: next, end: { kind: 'host' } });
  } else if (routed.kind === 'out') {
    const out = { device: routed.device, nextHop: routed.nextHop };
    const leaving = { ...stepped, packet: { ...stepped.packet, outDevice: routed.device } };
    for (const next of through(journey, leaving, { hook: 'FORWARD', out })) leave(journey, next, out);
  } else endUnrouted(journey, stepped, routed);
}

function sendLocally(journey: Journey, state: State): void {
  const first = route(journey.node, state);
  if (first.routed.kind !== 'out' && first.routed.kind !== 'local') {
    endUnrouted(journey, first.stepped, first.routed);
    return;
  }
  const out = wayOut(first.routed);
  const leaving = { ...first.stepped, packet: { ...first.stepped.packet, outDevice: out.device } };
  // The hook keeps the device of the first routing for all its tables, also behind a DNAT that sends the packet elsewhere.
  for (const next of through(journey, leaving, { hook: 'OUTPUT', out })) {
    const again =
      next.packet.destination === state.packet.destination ? { routed: first.routed, stepped: next } : route(journey.node, next);
    if (again.routed.kind === 'out' || again.routed.kind === 'local') leave(journey, again.stepped, wayOut(again.routed));
    else endUnrouted(journey, again.stepped, again.routed);
  }
}

interface Out {
  readonly device: string;
  readonly nextHop: string | null;
}

/** A node's packet to itself goes out and in again by the loopback device. */
function wayOut(routed: Extract<Routed, { kind: 'out' | 'local' }>): Out {
  return routed.kind === 'local' ? { device: 'lo', nextHop: null } : { device: routed.device, nextHop: routed.nextHop };
}

function leave(journey: Journey, state: State, out: Out): void {
  // Kernels differ in whether POSTROUTING still sees the incoming device of a forwarded packet.
  const inDevice = state.packet.inDevice === '' ? '' : null;
  const leaving = { ...state, packet: { ...state.packet, inDevice, outDevice: out.device } };
  for (const next of through(journey, leaving, { hook: 'POSTROUTING', out })) {
    if (out.device === 'lo') arrive(journey, { ...next, packet: { ...next.packet, inDevice: 'lo', outDevice: '' } });
    else journey.done.push({ state: next, end: { kind: 'sent', ...out } });
  }
}

/** Asks one hook; the branches that go on. The others end here. */
function through(journey: Journey, state: State, at: { readonly hook: Hook; readonly out: Out | null }): readonly State[] {
  const ruleset = journey.node.rulesets[state.packet.family];
  if (ruleset === null) {
    journey.done.push({
      state,
      end: { kind: 'unknown', why: `the node's ${state.packet.family === 4 ? 'iptables' : 'ip6tables'} rules are not known`, rule: null },
    });
    return [];
  }
  const around: Surroundings = { node: journey.node, hook: at.hook, newClient: journey.newClient, out: at.out, effort: journey.effort };
  const left = evaluateHook(ruleset, state, around);
  for (const leaving of left) if (leaving.how !== 'accept') journey.done.push({ state: leaving.state, end: endOf(leaving, at.hook) });
  return mergeStates(left.filter((leaving) => leaving.how === 'accept').map((leaving) => leaving.state));
}

function endOf(leaving: Leaving, hook: Hook): End {
  if (leaving.how === 'reject' && leaving.rule !== null) return { kind: 'rejected', hook, with: leaving.with, rule: leaving.rule };
  if (leaving.how === 'unknown') return { kind: 'unknown', why: leaving.why, rule: leaving.rule };
  return { kind: 'dropped', hook, rule: leaving.rule };
}

function route(node: NodeNet, state: State): { readonly routed: Routed; readonly stepped: State } {
  const { destination } = state.packet;
  const routed: Routed = destination === null ? { kind: 'unknown', why: 'the destination is not known' } : routeTo(node, destination);
  return { routed, stepped: withStep(state, { kind: 'routing', destination: destination ?? '?', to: routed }) };
}

function endUnrouted(journey: Journey, state: State, routed: Extract<Routed, { kind: 'nowhere' | 'unknown' }>): void {
  const end: End = routed.kind === 'nowhere' ? { kind: 'unroutable', how: routed.how } : { kind: 'unknown', why: routed.why, rule: null };
  journey.done.push({ state, end });
}

function traceOf(journey: Journey): Trace {
  const merged = mergeBranches(journey.done, ({ state, end }) => `${endKey(end)} ${stateKey(state)}`);
  const branches = merged.map(({ state, end }) => ({
    share: state.share,
    doubts: state.doubts,
    end,
    packet: state.packet,
    tracked: state.tracked,
    steps: stepsOf(state.steps),
  }));
  const undecided = new Map(
    branches.flatMap((branch) => branch.doubts).map((doubt) => [`${doubt.rule.table} ${doubt.rule.lineNumber}`, doubt]),
  );
  const certain = branches.every((branch) => branch.doubts.length === 0 && branch.end.kind !== 'unknown');
  return { branches, certain, undecided: [...undecided.values()] };
}

function endKey(end: End): string {
  const rule = 'rule' in end ? (end.rule?.lineNumber ?? 'policy') : '';
  const detail =
    end.kind === 'sent'
      ? `${end.device} ${end.nextHop}`
      : end.kind === 'rejected'
        ? end.with
        : end.kind === 'unknown'
          ? end.why
          : end.kind === 'unroutable'
            ? end.how
            : '';
  return `${end.kind} ${detail} ${rule}`;
}
