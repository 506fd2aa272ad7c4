import type { Gap } from '../cluster/evidence.ts';
import type { Node } from '../cluster/model.ts';
import type { Asker } from './clients.ts';
import { askerFor, defaultExternals, nodeAsker, nodeNamed, podAsker, standInsFor } from './clients.ts';
import type { Oracle } from './flows.ts';
import { createOracle } from './flows.ts';
import { excludedBy } from './providers.ts';
import type { Flow, Target } from './report.ts';
import type { Scope } from './scope.ts';
import { targetsAsked } from './targets.ts';
import type { Tracer } from './traced-flow.ts';

/** Flows between nodes grow with the square of their number: of many representatives only the first of the largest groups ask other nodes. */
const MOST_ASKING_OTHERS = 12;

/** Every flow that was asked for, and what was missing where one is undetermined. */
export function flowsFor(scope: Scope, tracer: Tracer | null): { flows: Flow[]; gaps: Gap[] } {
  const { cluster, dataplane, service, question, nodes } = scope;
  const oracle = createOracle(cluster, dataplane, service);
  const standIns = standInsFor(cluster, dataplane);
  const askers =
    question.from.length > 0 ? question.from.map((spec) => askerFor(spec, cluster, dataplane)) : defaultAskers(scope, standIns);
  const targets = targetsAsked(question.to, service, scope.ports, cluster, nodes);
  const entries = entriesFor(scope);
  const asking = nodesAskingOthers(scope);
  const flows: Flow[] = [];
  const gaps = new Map<string, Gap>();
  for (const target of targets) {
    for (const asker of askers) {
      if (isPointless(asker, target, scope) || isSpared(asker, target, asking)) continue;
      for (const via of entryNodes(oracle, asker, target, entries)) {
        const answer = oracle.ask(asker, target, via);
        const found = tracer === null || target.kind === 'healthCheckNodePort' ? null : tracer.traced(asker, answer.flow, via);
        flows.push(found === null ? answer.flow : { ...answer.flow, traced: found.traced });
        for (const gap of [...answer.gaps, ...(found?.gaps ?? [])]) gaps.set(`${gap.what}\0${gap.why}`, gap);
      }
    }
  }
  return { flows, gaps: [...gaps.values()] };
}

/** One external client, one ordinary pod per node, each node's own processes, and where it differs an endpoint pod itself. */
function defaultAskers(scope: Scope, standIns: ReturnType<typeof standInsFor>): Asker[] {
  const { service, nodes } = scope;
  return [
    ...defaultExternals(service),
    ...nodes.map((node) => standIns(node, false)),
    ...nodes.map((node) => nodeAsker(node, false)),
    ...endpointPods(scope),
  ];
}

/** One endpoint pod: for it the branch to itself is a hairpin. A hostNetwork one asks as its node does. */
function endpointPods({ cluster, service, nodes }: Scope): Asker[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const endpoint of service.ports.flatMap((port) => port.endpoints)) {
    const { pod, address } = endpoint;
    const holder = byName.get(endpoint.node ?? '');
    if (pod === null || holder === undefined || !endpoint.ready || holder.internalIPs.includes(address)) continue;
    const known = { ...pod, node: holder.name, hostNetwork: false, addresses: [address], phase: 'Running', ports: [] };
    return [{ ...podAsker(known, cluster), named: false }];
  }
  return [];
}

/** Flows that the defaults would include but nobody asks: a family the client lacks, the health check from more than one place. */
function isPointless(asker: Asker, target: Target, { question }: Scope): boolean {
  const family = target.address.includes(':') ? 6 : 4;
  if (!asker.named && asker.source(family) === undefined) return true;
  return target.kind === 'healthCheckNodePort' && question.from.length === 0 && (asker.kind !== 'external' || asker.inRanges === false);
}

/** Representatives whose pods and processes ask the node ports of all others; null: everyone does. */
function nodesAskingOthers({ question, groups, nodes }: Scope): ReadonlySet<string> | null {
  if (question.from.length > 0 || groups === null || nodes.length <= MOST_ASKING_OTHERS) return null;
  const largest = [...groups].sort((a, b) => b.nodes.length - a.nodes.length).slice(0, MOST_ASKING_OTHERS / 2);
  return new Set(largest.flatMap((group) => group.representatives.slice(0, 1)));
}

function isSpared({ kind, node, standIn }: Asker, target: Target, asking: ReadonlySet<string> | null): boolean {
  if (asking === null || node === null || target.kind !== 'nodePort' || target.node === node.name) return false;
  const isEndpoint = kind === 'pod' && !standIn;
  return !isEndpoint && !asking.has(node.name);
}

interface Entries {
  /** For addresses that no node owns. */
  readonly any: readonly Node[];
  /** For an LB IP: the nodes that the load balancer may choose. */
  readonly balanced: readonly Node[];
}

function entriesFor({ cluster, service, question, nodes, provider }: Scope): Entries {
  if (question.via.length > 0) {
    const given = question.via.map((name) => nodeNamed(cluster, name));
    return { any: given, balanced: given };
  }
  const eligible = nodes.filter((node) => excludedBy(node.labels, provider) === null);
  return { any: nodes, balanced: service.type === 'LoadBalancer' && eligible.length > 0 ? eligible : nodes };
}

/** Entry nodes of an outside client: none to choose for an address that a node owns. */
function entryNodes(oracle: Oracle, asker: Asker, target: Target, entries: Entries): readonly (Node | null)[] {
  if (asker.kind !== 'external' || oracle.ownerOf(target.address) !== null) return [null];
  return target.kind === 'loadBalancerIP' ? entries.balanced : entries.any;
}
