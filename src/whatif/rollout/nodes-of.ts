import type { Ground } from './choices.ts';
import type { Foretold } from './drops.ts';
import { isAnswered } from './fronts.ts';
import type { DropTime, RolloutCase, RolloutNode, RolloutReport, UpdateRules, WorkloadKind } from './report.ts';
import type { Moment } from './walk.ts';

/** One case, walked to its end, with its first moments predicted. */
export interface Walked {
  readonly name: RolloutCase['case'];
  readonly moments: readonly Moment[];
  readonly told: readonly Foretold[];
}

interface Around {
  readonly ground: Ground;
  readonly rules: UpdateRules;
  readonly kind: WorkloadKind;
  dropTime(node: string, told: readonly Foretold[]): DropTime | null;
}

/** What every node with pods has to expect. */
export function nodesOf(walked: readonly Walked[], around: Around): Pick<RolloutReport, 'nodes' | 'dropping'> {
  const [worst] = walked;
  const best = walked.at(-1);
  if (worst === undefined || best === undefined) return { nodes: [], dropping: { least: 0, most: 0 } };
  const pods = new Map<string, number>();
  for (const { node } of worst.moments[0]?.pods ?? []) if (node !== null) pods.set(node, (pods.get(node) ?? 0) + 1);
  const [bereftAtWorst, bereftAtBest] = [bereft(worst, around), bereft(best, around)];
  const isFree = worst !== best && !isFixed(around);
  const nodes = [...pods].map(([node, count]): RolloutNode => {
    const without = withoutPods(node, { around, isFree, isBereft: bereftAtWorst.has(node) });
    const drops =
      without === 'never' && around.rules.strategy !== 'Recreate' && !everyone(worst, node) ? null : worstDrop(node, walked, around);
    return { node, pods: count, without, drops, why: whyOf(node, without, around) };
  });
  const dropping = new Set(nodes.filter(({ drops }) => drops !== null).map(({ node }) => node));
  const count = (names: ReadonlySet<string>): number => [...names].filter((node) => dropping.has(node)).length;
  // Of nodes that are free to be spared, at least those that are bereft at best, whichever they are.
  const least = isFree ? Math.min(count(bereftAtBest), dropping.size) : count(bereftAtWorst);
  return { nodes: nodes.sort((a, b) => (a.node < b.node ? -1 : 1)), dropping: { least, most: Math.max(least, count(bereftAtWorst)) } };
}

/** Nodes that have a ready pod first and none at some moment. */
function bereft({ moments }: Walked, { ground }: Around): ReadonlySet<string> {
  const found = new Set<string>();
  const [first, ...rest] = moments;
  const served = readyNodes(first);
  for (const moment of rest) {
    const now = readyNodes(moment);
    for (const node of served) if (!now.has(node) && !ground.covered.has(node)) found.add(node);
  }
  return found;
}

function readyNodes(moment: Moment | undefined): ReadonlySet<string> {
  return new Set((moment?.pods ?? []).flatMap(({ node, phase }) => (phase === 'ready' && node !== null ? [node] : [])));
}

/** The old pod of a node goes before a new one can be there, whatever the scheduler decides. */
function isFixed({ kind, rules, ground }: Around): boolean {
  return kind === 'StatefulSet' || rules.strategy === 'Recreate' || (kind === 'Deployment' && ground.ownsPorts) || kind === 'DaemonSet';
}

function withoutPods(
  node: string,
  { around, isFree, isBereft }: { readonly around: Around; readonly isFree: boolean; readonly isBereft: boolean },
): RolloutNode['without'] {
  if (around.ground.covered.has(node)) return 'never';
  if (!isFree) return isBereft ? 'always' : 'never';
  return 'may be';
}

/** Whether the node's clients fail because nobody anywhere is left. */
function everyone({ told }: Walked, node: string): boolean {
  return told.some(({ fares }) => fares.outside.has(node) && !isAnswered(fares.outside.get(node)) && fares.outside.get(node) !== 'dropped');
}

/** The longest of all cases; a node that is not told of fares as one of the same data plane that is. */
function worstDrop(node: string, walked: readonly Walked[], { dropTime }: Around): DropTime | null {
  const times = (name: string): DropTime[] => walked.flatMap(({ told }) => dropTime(name, told) ?? []);
  const own = longest(times(node));
  const fares = walked[0]?.told[0]?.fares;
  const isSpared =
    fares?.balancer.get(node)?.inRotation === false || (fares?.outside.has(node) === true && !isAnswered(fares.outside.get(node)));
  if (own !== null || isSpared) return own;
  const alike = [...(fares?.outside.keys() ?? [])].filter((name) => fares?.classOf(name) === fares?.classOf(node));
  return longest(alike.flatMap(times));
}

function longest(times: readonly DropTime[]): DropTime | null {
  return times.reduce<DropTime | null>(
    (most, each) => (most === null || (most.seconds ?? Infinity) < (each.seconds ?? Infinity) ? each : most),
    null,
  );
}

function whyOf(node: string, without: RolloutNode['without'], { ground, rules, kind }: Around): string {
  if (ground.covered.has(node)) return 'pods of another workload serve there';
  if (without === 'may be') return 'new pods may start elsewhere';
  if (without === 'never')
    return kind === 'DaemonSet' ? 'a new pod is ready there before the old one goes' : 'new pods can start nowhere else';
  if (rules.strategy === 'Recreate') return 'all old pods go before new ones start';
  if (kind === 'Deployment' && ground.ownsPorts) return 'two pods with the same ports of the node cannot be there';
  return 'the old pod goes before the new one starts';
}
