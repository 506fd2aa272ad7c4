import type { RuleDifference } from './types.ts';
import type { FamilyVerification, NodeVerification } from './verify-node.ts';

/** Nodes of which the same was found. */
export interface NodeGroup {
  readonly nodes: readonly string[];
  /** What was found, on the first of them. */
  readonly sample: NodeVerification;
  /** The same lines on every node, but for the node's own addresses; otherwise the same kinds of differences. */
  readonly identical: boolean;
}

/** More groups than this, and nodes with the same kinds of differences are put together. */
const READABLE = 12;

/** Equal results of many nodes as one; the largest trouble first, nodes without any last. */
export function foldNodes(nodes: readonly NodeVerification[], readable: number = READABLE): NodeGroup[] {
  const exact = groupBy(nodes, (node) => nodeKey(node, exactKey));
  const groups = exact.size <= readable ? exact : groupBy(nodes, (node) => nodeKey(node, kindKey));
  return [...groups.values()]
    .flatMap(([sample, ...others]): NodeGroup[] => {
      if (sample === undefined) return [];
      const own = nodeKey(sample, exactKey);
      const all = [sample, ...others];
      return [{ nodes: all.map((each) => each.node), sample, identical: all.every((each) => nodeKey(each, exactKey) === own) }];
    })
    .sort((a, b) => gravity(b) - gravity(a) || b.nodes.length - a.nodes.length);
}

function groupBy(nodes: readonly NodeVerification[], key: (node: NodeVerification) => string): Map<string, NodeVerification[]> {
  const groups = new Map<string, NodeVerification[]>();
  for (const node of nodes) {
    const name = key(node);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [node]);
    else group.push(node);
  }
  return groups;
}

function gravity({ sample }: NodeGroup): number {
  return sample.worst === null ? 0 : { info: 1, warning: 2, error: 3 }[sample.worst];
}

type DifferenceKey = (difference: RuleDifference) => string;

function nodeKey(node: NodeVerification, keyOf: DifferenceKey): string {
  const text = node.families.map((family) => familyKey(family, keyOf)).join('\n');
  return blurred(text, [...node.own, node.node]);
}

function familyKey(
  { family, mode, settings, fixed, services, foreign, strangers, gaps }: FamilyVerification,
  keyOf: DifferenceKey,
): string {
  const differences = [...fixed, ...services.flatMap((entry) => entry.differences)].map(keyOf);
  const contradictions = settings.filter((setting) => setting.contradicts !== null);
  return JSON.stringify([
    family,
    mode,
    [...new Set(differences)].sort(),
    contradictions.map(({ name, value }) => [name, value]),
    foreign
      .map(({ rule, services: whose }) => [rule.act, rule.table, rule.hook, withoutCounters(rule.line), rule.severity, whose.length])
      .sort(),
    strangers,
    gaps.map(({ what, why }) => [what, why]),
  ]);
}

function exactKey({ kind, table, chain, line, expected, code }: RuleDifference): string {
  return [kind, table, chain, line, expected ?? '', code].join(' ');
}

function kindKey({ kind, table, chain, code, port, severity }: RuleDifference): string {
  return [kind, table, chain.replace(/^(?<prefix>KUBE-SEP)-.*$/, '$<prefix>'), code, port ?? '', severity].join(' ');
}

function withoutCounters(line: string): string {
  return line.replace(/ \[\d+:\d+\]$/, '');
}

/** Whole addresses and names only: 172.18.0.1 is no part of 172.18.0.11. */
function blurred(text: string, own: readonly string[]): string {
  return own.reduce((blurry, each) => blurry.replace(new RegExp(`(?<![\\w.:-])${escaped(each)}(?![\\w.:-])`, 'g'), '<own>'), text);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
