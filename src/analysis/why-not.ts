import { Failure } from '../net/failure.ts';
import { familyOf } from '../net/ip.ts';
import { firstOf, type Packet, tupleOf } from '../netfilter/evaluate/packet.ts';
import type { Scene } from '../netfilter/evaluate/scene.ts';
import { explainRule } from '../netfilter/evaluate/walk.ts';
import type { Hook } from '../netfilter/hook.ts';
import type { NodeNet } from '../netfilter/node/node-net.ts';
import { printMatch } from '../netfilter/rule/print-rule.ts';
import type { Rule, Ruleset } from '../netfilter/ruleset.ts';
import type { Branch, Step } from '../netfilter/trace.ts';
import type { ObservedNodes } from '../traced/nodes.ts';
import type { Hop, Journey } from '../traced/types.ts';
import type { WhyNotAnswer } from './trace-report.ts';

const MOST_CANDIDATES = 6;
const DEEPEST = 8;

/**
 * Why the packet did not come to a rule (a line of a dump, or the part behind `-A`) or a chain, on each node that it passed.
 * Throws a Failure when no node on its way has such a rule or chain.
 */
export function whyNot(asked: string, { ways }: Journey, nodes: ObservedNodes): readonly WhyNotAnswer[] {
  const hops = new Map(ways.flatMap(({ hops: passed }) => passed).map((hop) => [hop.node, hop]));
  const all = [...hops.values()].map((hop) => ({ hop, taken: ways.flatMap((way) => way.hops.filter(({ node }) => node === hop.node)) }));
  const answers = all.flatMap(({ hop, taken }) => {
    const net = nodes.get(hop.node)?.net;
    return net === undefined ? [] : answersOn({ hop, branches: taken.map(({ branch }) => branch), net }, asked);
  });
  if (answers.length > 0) {
    // What the next nodes do not do with the packet after the first has decided says little.
    const first = answers[0]?.node;
    return answers.filter(({ node, taken }) => node === first || taken);
  }
  const passed = [...hops.keys()];
  if (/^[\w-]+$/.test(asked) && nodes.names.some((name) => rulesetsOf(nodes, name).some((ruleset) => hasChain(ruleset, asked))))
    return passed.map((node) => ({
      node,
      taken: false,
      text: `this node has no chain ${asked}${ABSENT[asked.slice(0, 'KUBE-SVL-'.length)] ?? ''}`,
      rule: null,
    }));
  const names = passed.join(', ');
  throw new Failure(
    `--why-not ${JSON.stringify(asked)}: no node on the packet's way has such a rule or chain${names === '' ? '' : ` (${names})`}`,
    'give a chain (KUBE-SVL-…), or a rule as iptables-save prints it',
  );
}

const ABSENT: Readonly<Record<string, string>> = {
  'KUBE-SVL-': ': kube-proxy writes it only where a Local policy finds endpoints on the node',
};

function rulesetsOf(nodes: ObservedNodes, name: string): readonly Ruleset[] {
  return Object.values(nodes.get(name)?.net.rulesets ?? {}).filter((ruleset) => ruleset !== null);
}

interface OnNode {
  readonly hop: Hop;
  /** Every way of the packet through this node. */
  readonly branches: readonly Branch[];
  readonly net: NodeNet;
}

function answersOn(on: OnNode, asked: string): readonly WhyNotAnswer[] {
  const { hop, net, branches } = on;
  const ruleset = net.rulesets[familyOf(hop.branch.tracked.original.destination ?? '')];
  if (ruleset === null) return [];
  const text = normal(asked);
  if (hasChain(ruleset, asked)) {
    const entered =
      branches.some(({ steps }) => steps.some((step) => isRule(step) && step.rule.chain === asked)) || enteredBy(branches, asked) !== null;
    if (entered)
      return [
        {
          node: hop.node,
          taken: true,
          text: `the packet does come to chain ${asked} on this node`,
          rule: enteredBy(branches, asked)?.line ?? null,
        },
      ];
    return reasonsForChain(on, ruleset, asked, 0).slice(0, MOST_CANDIDATES);
  }
  return rulesLike(ruleset, text)
    .slice(0, MOST_CANDIDATES)
    .flatMap((rule) => reasonsForRule(on, ruleset, rule, 0));
}

function normal(text: string): string {
  return text
    .replace(/^\s*\[\d+:\d+\]\s*/, '')
    .replace(/^-A\s+/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function hasChain(ruleset: Ruleset, name: string): boolean {
  return [...ruleset.tables.values()].some(({ chains }) => chains.has(name));
}

function allRules(ruleset: Ruleset): readonly Rule[] {
  return [...ruleset.tables.values()].flatMap(({ chains }) => [...chains.values()].flatMap(({ rules }) => rules));
}

/** The rule with exactly this text, else every rule that holds it. */
function rulesLike(ruleset: Ruleset, text: string): readonly Rule[] {
  if (text === '') return [];
  const rules = allRules(ruleset);
  const exact = rules.filter(({ line }) => normal(line) === text);
  return exact.length > 0 ? exact : rules.filter(({ line }) => normal(line).includes(text));
}

function isRule(step: Step): step is Extract<Step, { kind: 'rule' }> {
  return step.kind === 'rule';
}

function leadsTo({ spec: { target } }: Rule, chain: string): boolean {
  return target.kind === 'chain' && target.chain === chain;
}

/** The rule by which some way of the packet came into a chain. */
function enteredBy(branches: readonly Branch[], chain: string): Rule | null {
  for (const { steps } of branches) {
    const step = steps.find((each) => isRule(each) && leadsTo(each.rule, chain));
    if (step !== undefined && isRule(step)) return step.rule;
  }
  return null;
}

function reasonsForChain(on: OnNode, ruleset: Ruleset, chain: string, depth: number): readonly WhyNotAnswer[] {
  const jumps = allRules(ruleset).filter((rule) => leadsTo(rule, chain));
  if (jumps.length === 0) {
    const builtIn = /^[A-Z]+$/.test(chain) && HOOKS.has(chain);
    const text = builtIn ? `the packet does not pass ${chain} on this node` : `no rule of this node leads to chain ${chain}`;
    return [{ node: on.hop.node, taken: false, text, rule: null }];
  }
  if (depth >= DEEPEST) return [];
  // Jumps that stand where the packet was tell most.
  const met = jumps.filter((rule) => wasIn(on.branches, rule.table, rule.chain));
  return (met.length > 0 ? met : jumps.slice(0, MOST_CANDIDATES)).flatMap((rule) => reasonsForRule(on, ruleset, rule, depth + 1));
}

const HOOKS: ReadonlySet<string> = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

/** Whether some way of the packet was asked by the rules of a chain. */
function wasIn(branches: readonly Branch[], table: string, chain: string): boolean {
  return momentIn(branches, table, chain) !== null;
}

interface Moment {
  readonly branch: Branch;
  readonly hook: Hook;
  /** The packet as it came into the chain. */
  readonly packet: Packet;
  /** Index of the first step behind its coming. */
  readonly next: number;
}

/** When the packet came into a chain: by a jump, or as a hook's own chain. */
function momentIn(branches: readonly Branch[], table: string, chain: string): Moment | null {
  for (const branch of branches) {
    let packet = startOf(branch);
    let hook: Hook | null = null;
    for (const [at, step] of branch.steps.entries()) {
      if ('hook' in step && step.hook !== hook) {
        hook = step.hook;
        if (HOOKS.has(chain) && hook === chain) return { branch, hook, packet, next: at };
      }
      if (isRule(step)) {
        packet = step.packet;
        if (step.rule.table === table && leadsTo(step.rule, chain)) return { branch, hook: step.hook, packet, next: at + 1 };
      } else if (step.kind === 'undo') packet = step.packet;
    }
  }
  return null;
}

/** The packet as it came to the node. */
function startOf({ packet, tracked, steps }: Branch): Packet {
  const { source, sourcePort, destination, destinationPort } = tracked.original;
  const first = steps.find(isRule)?.packet ?? packet;
  return { ...first, source, sourcePort, destination, destinationPort, mark: 0 };
}

function reasonsForRule(on: OnNode, ruleset: Ruleset, rule: Rule, depth: number): readonly WhyNotAnswer[] {
  const { hop, branches } = on;
  const answer = (text: string, line: string | null, taken = false): readonly WhyNotAnswer[] => [
    { node: hop.node, taken, text, rule: line },
  ];
  if (branches.some(({ steps }) => steps.some((step) => isRule(step) && step.rule === rule)))
    return answer('the packet does take this rule on this node', rule.line, true);
  const moment = momentIn(branches, rule.table, rule.chain);
  if (moment === null)
    return reasonsForChain(on, ruleset, rule.chain, depth + 1).map((reason) => ({
      ...reason,
      text: `the packet does not come to chain ${rule.chain}: ${reason.text}`,
    }));
  const failed = explainRule(rule, sceneAt(moment, on.net)).find(({ holds }) => holds === 'no');
  if (failed !== undefined) return answer(`"${printMatch(failed.match)}" does not hold: ${packetText(moment.packet)}`, rule.line);
  const earlier = decidedBefore(moment, rule);
  if (earlier !== null) return answer('an earlier rule of the chain takes the packet away', earlier.line);
  const chance = rule.spec.matches.some((match) => match.kind === 'statistic');
  return answer(
    chance
      ? 'it chooses by chance, and none of these ways took it'
      : `it matches, and another table or chain decided before it: ${packetText(moment.packet)}`,
    rule.line,
  );
}

function sceneAt({ hook, packet, branch }: Moment, node: NodeNet): Scene {
  const tracked = { ...firstOf(tupleOf(startOf(branch))), mark: branch.tracked.mark };
  return { packet, tracked, hook, node, newClient: true, recent: new Map() };
}

/** A rule that stands before this one in its chain and after which the packet did not come back. */
function decidedBefore({ branch, next }: Moment, rule: Rule): Rule | null {
  const here = branch.steps.slice(next).filter(isRule);
  const last = here.findLast((step) => step.rule.chain === rule.chain && step.rule.table === rule.table);
  return last !== undefined && last.rule.lineNumber < rule.lineNumber ? last.rule : null;
}

function packetText({ source, destination, destinationPort, protocol, mark, inDevice, outDevice }: Packet): string {
  const devices = [
    inDevice === '' || inDevice === null ? '' : ` in by ${inDevice}`,
    outDevice === '' || outDevice === null ? '' : ` out by ${outDevice}`,
  ].join('');
  return `the packet is ${protocol} ${source ?? '?'} → ${destination ?? '?'}:${destinationPort ?? '?'}, mark 0x${mark.toString(16)}${devices}`;
}
