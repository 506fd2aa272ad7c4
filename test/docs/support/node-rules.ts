import type { Evidence } from '../../../src/cluster/evidence.ts';
import { clusterFrom } from '../../../src/cluster/from-kubernetes.ts';
import type { Kind, KubeObject } from '../../../src/cluster/objects.ts';
import { slim } from '../../../src/cluster/slim.ts';
import { detectDataplane } from '../../../src/dataplane/detect.ts';
import { deviceOf } from '../../../src/expected/detector.ts';
import type { Expected } from '../../../src/expected/types.ts';
import { expectedOf } from '../../expected/support.ts';

/** What `iptables-save` prints on each node of a cluster whose kube-proxy did its work: by node; `only` names those that are wanted. */
export function nodeRules(objects: readonly unknown[], only?: readonly string[]): Map<string, string> {
  const kept = objects.map((object) => slim(object as Record<string, unknown>)).filter((object): object is KubeObject => object !== null);
  const complete = new Set(kept.map(({ kind }): Kind => kind));
  const evidence: Evidence = { origin: 'docs', objects: kept, complete, gaps: [], nodeFiles: [] };
  const cluster = clusterFrom(evidence);
  const { classOf } = detectDataplane(evidence, cluster);
  return new Map(
    cluster.nodes.flatMap((node) => {
      if (only?.includes(node.name) === false) return [];
      const found = classOf.get(node.name);
      const config = found?.candidates[0];
      if (found === undefined || config === undefined) return [];
      const dialect = { device: deviceOf(found.localDetection) };
      return [
        [node.name, printed(expectedOf(cluster, { node, config, family: 4, dialect }), node.podCidrs[0]?.text ?? '10.244.0.0/24')] as const,
      ];
    }),
  );
}

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
};

/** What flannel writes beside kube-proxy's rules: pods' traffic is let through, and masqueraded where it leaves the pod network. */
function flannel(podCidr: string): Readonly<Record<string, readonly string[]>> {
  const rule = (rest: string, target: string): string => `-A FLANNEL-POSTRTG ${rest} -m comment --comment "flanneld masq" -j ${target}`;
  return {
    filter: [
      '-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
      '-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
      '-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
    ],
    nat: [
      '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
      rule('-m mark --mark 0x4000/0x4000', 'RETURN'),
      rule(`-s ${podCidr} -d 10.244.0.0/16`, 'RETURN'),
      rule(`-s 10.244.0.0/16 -d ${podCidr}`, 'RETURN'),
      rule(`! -s 10.244.0.0/16 -d ${podCidr}`, 'RETURN'),
      rule('-s 10.244.0.0/16 ! -d 224.0.0.0/4', 'MASQUERADE --random-fully'),
      rule('! -s 10.244.0.0/16 -d 10.244.0.0/16', 'MASQUERADE --random-fully'),
    ],
  };
}

function printed({ chains }: Expected, podCidr: string): string {
  return ['mangle', 'filter', 'nat'].map((table) => tableText(table, chains, flannel(podCidr)[table] ?? [])).join('');
}

/** One table as it is printed: chains first, then their rules chain by chain, those of other programs behind kube-proxy's. */
function tableText(table: string, chains: Expected['chains'], others: readonly string[]): string {
  const builtIn = BUILT_IN[table] ?? [];
  const rules = new Map<string, { readonly line: string; readonly last: boolean }[]>(builtIn.map((name) => [name, []]));
  const add = (chain: string, line: string | null, last = false): void => {
    const lines = rules.get(chain) ?? [];
    rules.set(chain, line === null ? lines : [...lines, { line, last }]);
  };
  for (const chain of chains.filter((each) => each.table === table)) {
    add(chain.chain, null);
    for (const { line, code } of chain.rules) add(chain.chain, line, code === 'all-node-ports');
  }
  for (const line of others) add(line.split(' ')[1] ?? '', line);
  const own = [...rules.keys()].filter((name) => !builtIn.includes(name)).sort();
  const declared = [...builtIn.map((name) => `:${name} ACCEPT [0:0]`), ...own.map((name) => `:${name} - [0:0]`)];
  const body = [...builtIn, ...own].flatMap((name) => {
    const lines = rules.get(name) ?? [];
    return [...lines.filter(({ last }) => !last), ...lines.filter(({ last }) => last)].map(({ line }) => line);
  });
  return `*${table}\n${[...declared, ...body].join('\n')}\nCOMMIT\n`;
}
