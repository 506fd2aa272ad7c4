import type { Cluster, Node, Service, ServicePort } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { nodeNamed } from './clients.ts';
import { groupNodes } from './groups.ts';
import type { Provider } from './providers.ts';
import type { Question, TargetSpec } from './question.ts';
import type { NodeGroup } from './report.ts';
import { portsAsked } from './targets.ts';

/** More nodes than this are grouped: a matrix of them all would have no reader, and its size grows with the square of their number. */
const MOST_NODES_ONE_BY_ONE = 24;
/** Nor are nodes told one by one when that makes more flows, or flows with more branches, than a program can hold. */
const MOST_FLOWS = 20_000;
const MOST_BRANCHES = 60_000;
/** Even where clients and kinds of targets are named. */
const MOST_BRANCHES_ASKED_FOR = 500_000;

interface Asked {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly service: Service;
  readonly question: Question;
  readonly provider: Provider | null;
}

/** What flows are to be told: for which ports, and for which nodes where the question names none. */
export interface Scope extends Asked {
  readonly ports: readonly ServicePort[];
  /** Nodes that the defaults of `--from`, `--to` and `--via` stand for. */
  readonly nodes: readonly Node[];
  /** How these represent all nodes, or null when they are all. */
  readonly groups: readonly NodeGroup[] | null;
}

export function scopeOf(asked: Asked): Scope {
  const { cluster, dataplane, service } = asked;
  const ports = portsAsked(service, asked.question.port);
  if (!needsGroups(asked, ports)) return { ...asked, ports, nodes: cluster.nodes, groups: null };
  const groups = groupNodes(cluster, dataplane, service);
  const nodes = groups.flatMap((group) => group.representatives).map((name) => nodeNamed(cluster, name));
  return { ...asked, ports, nodes, groups };
}

/** Who and what is named is reported by itself; nodes are grouped only where the defaults stand for all of them and these are many. */
function needsGroups({ cluster, service, question }: Asked, ports: readonly ServicePort[]): boolean {
  const { from, to, via } = question;
  const nodes = cluster.nodes.length;
  if (from.length + to.length + via.length === 0 && nodes > MOST_NODES_ONE_BY_ONE) return true;
  const askers = from.length > 0 ? from.length : 2 * nodes + 2;
  const flows = askers * targetCount(question, nodes) * ports.length;
  const endpoints = Math.max(1, ...ports.map((port) => port.endpoints.length));
  const each = service.externalTrafficPolicy === 'Local' ? Math.ceil((endpoints + endpoints / nodes) / 2) : endpoints;
  if (from.length > 0 && to.length > 0) return flows * each > MOST_BRANCHES_ASKED_FOR && to.some(standsForNodes);
  return nodes > 2 && (flows > MOST_FLOWS || flows * each > MOST_BRANCHES);
}

function targetCount({ to }: Question, nodes: number): number {
  if (to.length === 0) return nodes + 1;
  return to.reduce((sum, spec) => sum + (standsForNodes(spec) ? nodes : 1), 0);
}

/** A target of every node, and not of one that is named. */
function standsForNodes({ kind }: TargetSpec): boolean {
  return kind === 'nodePort' || kind === 'healthCheck';
}
