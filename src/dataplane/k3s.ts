import type { Node } from '../cluster/model.ts';
import type { Cidr } from '../net/ip.ts';
import { parseCidrs } from '../net/ip.ts';
import type { Signs } from './signs.ts';

const ARGS_ANNOTATIONS = ['k3s.io/node-args', 'rke2.io/node-args'];
/** k3s and RKE2 default of --cluster-cidr. */
const DEFAULT_CLUSTER_CIDR = '10.42.0.0/16';

/** The command line of the k3s or RKE2 process on a node, from its annotation; null when the node is none of theirs. */
export function k3sArgs(node: Node): readonly string[] | null {
  for (const key of ARGS_ANNOTATIONS) {
    const text = node.annotations[key];
    if (text === undefined) continue;
    try {
      const words: unknown = JSON.parse(text);
      if (Array.isArray(words)) return words.filter((word): word is string => typeof word === 'string');
    } catch {
      return null;
    }
  }
  return null;
}

/** All values of a flag, given as `--flag=value` or `--flag value`. */
export function flagValues(words: readonly string[], flag: string): string[] {
  const found: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word.startsWith(`${flag}=`)) found.push(word.slice(flag.length + 1));
    else if (word === flag) found.push(words[index + 1] ?? '');
  }
  return found;
}

/**
 * The cluster CIDRs of a k3s cluster: a server's flag, else the default where every node's podCIDR lies in it.
 * Empty when the cluster is none of k3s's or the flag may stand in a configuration file that no annotation shows.
 */
export function k3sClusterCidrs(signs: Signs): Cidr[] {
  const commands = signs.cluster.nodes.map(k3sArgs).filter((words) => words !== null);
  if (commands.length === 0) return [];
  const given = commands.flatMap((words) => flagValues(words, '--cluster-cidr')).flatMap((value) => value.split(','));
  if (given.length > 0) return parseCidrs([...new Set(given)]);
  const [fallback] = parseCidrs([DEFAULT_CLUSTER_CIDR]);
  const podCidrs = signs.cluster.nodes.flatMap((node) => node.podCidrs).filter((cidr) => cidr.family === 4);
  const inside = podCidrs.every((cidr) => fallback?.contains(cidr.text.slice(0, cidr.text.indexOf('/'))));
  return fallback !== undefined && podCidrs.length > 0 && inside ? [fallback] : [];
}
