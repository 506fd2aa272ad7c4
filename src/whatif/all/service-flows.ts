import { flowsFor } from '../../analysis/asked-flows.ts';
import { nodeNamed } from '../../analysis/clients.ts';
import { groupNodes } from '../../analysis/groups.ts';
import { providerOf } from '../../analysis/providers.ts';
import type { Question } from '../../analysis/question.ts';
import type { Flow, NodeGroup } from '../../analysis/report.ts';
import { scopeOf } from '../../analysis/scope.ts';
import type { Gap } from '../../cluster/evidence.ts';
import type { Service } from '../../cluster/model.ts';
import { commonGroups } from '../sides.ts';
import type { Land, NodeClasses } from './landscape.ts';

/** One Service on both sides of the change. */
export interface Pair {
  readonly before: Service;
  readonly after: Service;
}

export interface BothFlows {
  readonly before: readonly Flow[];
  readonly after: readonly Flow[];
  readonly gaps: readonly Gap[];
}

/** As many nodes are told one by one. */
const MOST_NODES_ONE_BY_ONE = 6;

/** The flows of a Service before and after, over nodes of which each stands for those like it. */
export function flowsOfBoth([before, after]: readonly [Land, Land], pair: Pair, classes: NodeClasses): BothFlows {
  const names = nodesToTell([before, after], pair, classes);
  const groups = names.length <= MOST_NODES_ONE_BY_ONE ? null : groupsOf([before, after], pair, names);
  const nodes = groups === null ? names : groups.flatMap(({ representatives }) => representatives);
  const [then, now] = [flowsOf(before, pair.before, { nodes, groups }), flowsOf(after, pair.after, { nodes, groups })];
  return { before: then.flows, after: now.flows, gaps: [...then.gaps, ...now.gaps] };
}

/** Members of each class of nodes, and every node that this Service has to do with by itself. */
function nodesToTell(lands: readonly Land[], { before, after }: Pair, classes: NodeClasses): readonly string[] {
  const wanted = new Set<string>();
  const entries = new Set<string>();
  for (const service of [before, after]) {
    for (const { endpoints } of service.ports)
      for (const { node, nodeHints } of endpoints) for (const name of [node, ...nodeHints]) if (name !== null) wanted.add(name);
    for (const address of [...service.externalIPs, ...service.ingress.flatMap(({ ip }) => ip ?? [])]) entries.add(address);
  }
  if (entries.size > 0)
    for (const { cluster } of lands)
      for (const { name, internalIPs, externalIPs } of cluster.nodes)
        if ([...internalIPs, ...externalIPs].some((address) => entries.has(address))) wanted.add(name);
  const others = [before, after].flatMap(({ sourceRanges }) => classes.representatives(sourceRanges, wanted));
  return [...new Set([...wanted, ...others])].filter((name) => lands.every(({ cluster }) => cluster.nodeByName.has(name)));
}

function groupsOf(lands: readonly [Land, Land], { before, after }: Pair, names: readonly string[]): readonly NodeGroup[] {
  const services = [before, after];
  const sides = lands.map(({ cluster, dataplane }, index) => {
    const nodes = names.map((name) => nodeNamed(cluster, name));
    return { nodeGroups: groupNodes({ ...cluster, nodes }, dataplane, services[index] ?? before) };
  });
  return commonGroups(sides);
}

function flowsOf(
  { cluster, dataplane }: Land,
  service: Service,
  { nodes, groups }: { readonly nodes: readonly string[]; readonly groups: readonly NodeGroup[] | null },
): ReturnType<typeof flowsFor> {
  const question: Question = { namespace: service.namespace, name: service.name, from: [], to: [], via: [], port: null };
  const provider = service.type === 'LoadBalancer' ? providerOf(service, cluster) : null;
  const few = nodes.map((name) => nodeNamed(cluster, name));
  const { ports } = scopeOf({ cluster: { ...cluster, nodes: few }, dataplane, service, question, provider });
  return flowsFor({ cluster, dataplane, service, question, provider, ports, nodes: few, groups }, null);
}
