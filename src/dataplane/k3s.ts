import type { Node } from '../cluster/model.ts';
import type { Cidr } from '../net/ip.ts';
import { parseCidrs } from '../net/ip.ts';
import type { KubeProxySign } from './kube-proxy-sign.ts';
import { absentProxy } from './kube-proxy-sign.ts';
import { settingsFromFlags } from './proxy-settings.ts';
import type { Signs } from './signs.ts';

const ARGS_ANNOTATIONS = ['k3s.io/node-args', 'rke2.io/node-args'];
/** k3s and RKE2 default of --cluster-cidr. */
const DEFAULT_CLUSTER_CIDR = '10.42.0.0/16';
const DISABLED = /^--disable-kube-proxy(=true)?$/;

interface NodeArgs {
  readonly annotation: string;
  readonly words: readonly string[];
}

/** The command line of the k3s or RKE2 process on a node, from its annotation; null when the node is none of theirs. */
function nodeArgs(node: Node): NodeArgs | null {
  for (const annotation of ARGS_ANNOTATIONS) {
    const text = node.annotations[annotation];
    if (text === undefined) continue;
    try {
      const words: unknown = JSON.parse(text);
      if (Array.isArray(words)) return { annotation, words: words.filter((word): word is string => typeof word === 'string') };
    } catch {
      return null;
    }
  }
  return null;
}

/** Whether a node is one of k3s or RKE2. */
export function isK3s(node: Node): boolean {
  return nodeArgs(node) !== null;
}

/** All values of a flag, given as `--flag=value` or `--flag value`. */
function flagValues(words: readonly string[], flag: string): string[] {
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
  const commands = signs.cluster.nodes.flatMap((node) => nodeArgs(node)?.words ?? []);
  if (!signs.cluster.nodes.some(isK3s)) return [];
  const given = parseCidrs([...new Set(flagValues(commands, '--cluster-cidr').flatMap((value) => value.split(',')))]);
  if (given.length > 0) return given;
  const [fallback] = parseCidrs([DEFAULT_CLUSTER_CIDR]);
  const podCidrs = signs.cluster.nodes.flatMap((node) => node.podCidrs).filter((cidr) => cidr.family === 4);
  const inside = podCidrs.every((cidr) => fallback?.contains(cidr.text.slice(0, cidr.text.indexOf('/'))));
  return fallback !== undefined && podCidrs.length > 0 && inside ? [fallback] : [];
}

/** `--disable-kube-proxy` is a server's flag, and agents ask their server for it (k3s pkg/agent/config KubeProxyDisabled). */
export function disabledInK3s(signs: Signs): (node: Node) => KubeProxySign | null {
  const server = signs.cluster.nodes.find((node) => nodeArgs(node)?.words.some((word) => DISABLED.test(word)));
  if (server === undefined) return () => null;
  const why = 'kube-proxy is turned off in this cluster, and what serves Services instead is not known';
  const sign = absentProxy([`Node ${server.name} --disable-kube-proxy`], why);
  return (node) => (isK3s(node) ? sign : null);
}

/** k3s runs kube-proxy inside its own process, in iptables mode and with the cluster CIDR set (pkg/daemons/agent); flags of the agent change both. */
export function embeddedInK3s(signs: Signs): (node: Node) => KubeProxySign | null {
  const cidrs = k3sClusterCidrs(signs)
    .map((cidr) => cidr.text)
    .join(',');
  const known = cidrs !== '';
  const gap = { what: 'cluster CIDR of k3s', why: 'no --cluster-cidr in any node annotation, and podCIDRs are not of the default' };
  return (node) => {
    const args = nodeArgs(node);
    if (args === null) return null;
    const extra = flagValues(args.words, '--kube-proxy-arg').map((value) => `--${value.replace(/^--/, '')}`);
    const { settings } = settingsFromFlags(extra);
    const detection = known ? { clusterCIDR: cidrs } : { detectLocalMode: 'unknown' };
    return {
      settings: { mode: 'iptables', ...detection, nodePortAddresses: [], ...settings },
      versions: [],
      evidence: [`Node ${node.name} annotation ${args.annotation}`],
      confidence: known ? 'derived' : 'assumed',
      missing: known || settings.detectLocalMode !== undefined ? [] : [gap],
      seen: true,
      absent: null,
    };
  };
}
