import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from '../../src/cluster/evidence.ts';
import { clusterFrom } from '../../src/cluster/from-kubernetes.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import type { Kind, KubeObject } from '../../src/cluster/objects.ts';
import { slim } from '../../src/cluster/slim.ts';
import { detectDataplane } from '../../src/dataplane/detect.ts';
import type { DataplaneClass, ProxyConfig } from '../../src/dataplane/types.ts';
import { deviceOf } from '../../src/expected/detector.ts';
import type { DumpLines } from '../../src/expected/era.ts';
import { expectedRules } from '../../src/expected/rules.ts';
import { expectedStatic } from '../../src/expected/static.ts';
import type { Expected, ExpectedChain, Proxier } from '../../src/expected/types.ts';
import type { Family } from '../../src/net/ip.ts';

/** One recorded dump: whose it is, and its text. */
export interface Dump {
  readonly about: string;
  readonly cluster: Cluster;
  readonly class: DataplaneClass;
  readonly proxier: Proxier;
  readonly text: string;
}

export function caseFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort()
    .map((name) => join(root, name))
    .filter((path) => existsSync(join(path, 'cluster.json')));
}

/** Every dump of a recorded case whose nodes run kube-proxy in iptables mode. */
export function dumpsOf(path: string): Dump[] {
  const items = (json(join(path, 'cluster.json')) as { items: Record<string, unknown>[] }).items;
  const objects = items.map((item) => slim(item)).filter((object): object is KubeObject => object !== null);
  const evidence: Evidence = {
    origin: path,
    objects,
    complete: new Set(objects.map((object): Kind => object.kind)),
    gaps: [],
    nodeFiles: [],
  };
  const cluster = clusterFrom(evidence);
  const dataplane = detectDataplane(evidence, cluster);
  return cluster.nodes.flatMap((node) => {
    const found = dataplane.classOf.get(node.name);
    const config = found?.candidates[0];
    if (found === undefined || config?.mode !== 'iptables') return [];
    return ([4, 6] as const).flatMap((family) => dumpOf(path, node, family, config, found, cluster));
  });
}

function dumpOf(path: string, node: Node, family: Family, config: ProxyConfig, found: DataplaneClass, cluster: Cluster): Dump[] {
  const file = join(path, node.name, `${family === 4 ? 'iptables' : 'ip6tables'}-save.txt`);
  if (!existsSync(file)) return [];
  const dialect = { device: deviceOf(found.localDetection), localAddresses: addressesOn(join(path, node.name, 'ip-addr.json')) };
  return [
    {
      about: `${path.slice(path.lastIndexOf('/') + 1)} ${node.name} IPv${family}`,
      cluster,
      class: found,
      proxier: { node, config, family, dialect },
      text: readFileSync(file, 'utf8'),
    },
  ];
}

function addressesOn(file: string): string[] | null {
  if (!existsSync(file)) return null;
  const links = json(file) as { addr_info?: { local?: string }[] }[];
  return links.flatMap((link) => (link.addr_info ?? []).flatMap((info) => (info.local === undefined ? [] : [info.local])));
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Everything that kube-proxy should have written: the static part and every Service. */
export function expectedOf(cluster: Cluster, proxier: Proxier): Expected {
  const parts = [expectedStatic(proxier), ...cluster.services.map((service) => expectedRules({ ...proxier, service, cluster }))];
  return { chains: parts.flatMap((part) => part.chains), unknown: parts.flatMap((part) => part.unknown) };
}

/** The lines of a dump by table: rules and chain declarations, counters away. */
export function tablesOf(text: string): Map<string, { rules: string[]; chains: string[] }> {
  const tables = new Map<string, { rules: string[]; chains: string[] }>();
  let current = { rules: [] as string[], chains: [] as string[] };
  for (const raw of text.split('\n')) {
    const line = raw.replace(/^\[\d+:\d+\] /, '');
    if (line.startsWith('*')) {
      current = { rules: [], chains: [] };
      tables.set(line.slice(1), current);
    } else if (line.startsWith(':')) current.chains.push(line.slice(1).split(' ')[0] ?? '');
    else if (line.startsWith('-A ')) current.rules.push(line);
  }
  return tables;
}

/** A dump as `eraOf` takes it. */
export function eraLinesOf(text: string): DumpLines {
  const tables = tablesOf(text);
  const lines = (table: string): string[] => {
    const { rules, chains } = tables.get(table) ?? { rules: [], chains: [] };
    return [...chains.map((chain) => `:${chain} - [0:0]`), ...rules];
  };
  return { nat: lines('nat'), filter: lines('filter') };
}

const OWN = /^KUBE-(?:SVC|SVL|EXT|FW|XLB|SEP)-[A-Z2-7]{16}$/;
const STATIC =
  /^KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|MARK-DROP|FORWARD|FIREWALL|PROXY-FIREWALL|PROXY-CANARY|KUBELET-CANARY|IPTABLES-HINT)$/;

function isKubeProxys(chain: string): boolean {
  return OWN.test(chain) || STATIC.test(chain);
}

/** The words behind `-A` and behind `-j`. */
function placeOf(line: string): { chain: string; target: string } {
  return { chain: line.split(' ')[1] ?? '', target: / -j (?<target>\S+)/.exec(line)?.groups?.['target'] ?? '' };
}

/** What a dump has and should not, or should have and has not; and chains whose order is another. */
export function differences(expected: Expected, text: string): string[] {
  const tables = tablesOf(text);
  const found: string[] = [];
  for (const table of ['nat', 'filter', 'mangle'] as const) {
    const observed = tables.get(table) ?? { rules: [], chains: [] };
    const chains = expected.chains.filter((chain) => chain.table === table);
    found.push(...rulesOf(table, chains, observed.rules), ...chainsOf(table, chains, observed.chains));
  }
  return found;
}

function rulesOf(table: string, chains: readonly ExpectedChain[], lines: readonly string[]): string[] {
  const mine = lines.filter((line) => isKubeProxys(placeOf(line).chain) || isKubeProxys(placeOf(line).target));
  const left = new Map<string, number>();
  for (const line of mine) left.set(line, (left.get(line) ?? 0) + 1);
  const found: string[] = [];
  for (const chain of chains) {
    const taken: string[] = [];
    for (const rule of chain.rules) {
      const text = [rule.line, ...rule.also].find((candidate) => (left.get(candidate) ?? 0) > 0);
      if (text !== undefined) {
        left.set(text, (left.get(text) ?? 0) - 1);
        taken.push(text);
      } else if (!rule.optional) found.push(`missing in ${table}: ${rule.line}`);
    }
    const observed = mine.filter((line) => placeOf(line).chain === chain.chain && taken.includes(line));
    if (chain.order === 'fixed' && observed.join('\n') !== taken.join('\n')) found.push(`other order in ${table}: ${chain.chain}`);
  }
  for (const [line, count] of left) if (count > 0) found.push(`unexpected in ${table}: ${line}`);
  return found;
}

function chainsOf(table: string, chains: readonly ExpectedChain[], observed: readonly string[]): string[] {
  const names = new Set(chains.map((chain) => chain.chain));
  const missing = chains.filter((chain) => isKubeProxys(chain.chain) && !chain.optional && !observed.includes(chain.chain));
  const unexpected = observed.filter((chain) => isKubeProxys(chain) && !names.has(chain));
  return [
    ...missing.map((chain) => `missing chain in ${table}: ${chain.chain}`),
    ...unexpected.map((chain) => `unexpected chain in ${table}: ${chain}`),
  ];
}
