import { flowsFor } from '../../analysis/asked-flows.ts';
import { loadBalancerView } from '../../analysis/load-balancer.ts';
import { providerOf } from '../../analysis/providers.ts';
import type { Question, TargetSpec } from '../../analysis/question.ts';
import type { DataplaneEntry, LoadBalancerNode, Verdict } from '../../analysis/report.ts';
import { scopeOf } from '../../analysis/scope.ts';
import { serviceAsked } from '../../analysis/service-asked.ts';
import { dataplaneEntries } from '../../analysis/summary.ts';
import type { Evidence, Gap } from '../../cluster/evidence.ts';
import { clusterFrom } from '../../cluster/from-kubernetes.ts';
import type { Cluster, Service } from '../../cluster/model.ts';
import { detectDataplane } from '../../dataplane/detect.ts';

/** How a Service fares at one moment: by node, what becomes of its clients, and what the load balancer's check meets. */
export interface Fares {
  readonly outside: ReadonlyMap<string, Verdict>;
  readonly inside: ReadonlyMap<string, Verdict>;
  readonly balancer: ReadonlyMap<string, LoadBalancerNode>;
  readonly gaps: readonly Gap[];
  /** The nodes' data planes, by what they have in common. */
  readonly classOf: (node: string) => number;
  readonly dataplane: readonly DataplaneEntry[];
}

export interface Asked {
  readonly namespace: string;
  readonly name: string;
  readonly port: string | null;
  /** Nodes that are told of. */
  readonly nodes: readonly string[];
}

/** Predicts, as `explain` does, what outside clients meet at each of these nodes, and pods on them at the clusterIP. */
export function faresAt(evidence: Evidence, asked: Asked): Fares {
  const cluster = clusterFrom(evidence);
  const base = { namespace: asked.namespace, name: asked.name, port: asked.port };
  const service = serviceAsked(cluster, evidence, { ...base, from: [], to: [], via: [] });
  const dataplane = detectDataplane(evidence, cluster);
  const provider = service.type === 'LoadBalancer' ? providerOf(service, cluster) : null;
  const gaps: Gap[] = [];
  const ask = (question: Omit<Question, keyof typeof base>): ReturnType<typeof flowsFor>['flows'] => {
    const answer = flowsFor(scopeOf({ cluster, dataplane, service, question: { ...base, ...question }, provider }), null);
    gaps.push(...answer.gaps);
    return answer.flows;
  };
  const front = frontOf(service, provider?.target ?? null, asked.nodes);
  const outside = new Map<string, Verdict>();
  if (front !== null)
    for (const { via, to, verdict } of ask({ from: [{ kind: 'external', address: null }], ...front }))
      note(outside, to.node ?? via, verdict);
  const inside = new Map<string, Verdict>();
  const askers = service.internalTrafficPolicy === 'Local' ? asked.nodes : front === null ? asked.nodes.slice(0, 1) : [];
  if (askers.length > 0)
    for (const { from, verdict } of ask({
      from: askers.map((node) => ({ kind: 'any-pod', node })),
      to: [{ kind: 'clusterIP' }],
      via: [],
    }))
      note(inside, from.node, verdict);
  const indexOf = new Map<unknown, number>(dataplane.classes.map((entry, index) => [entry, index]));
  const view = loadBalancerView(cluster, dataplane, service, provider);
  return {
    outside,
    inside,
    balancer: new Map((view?.nodes ?? []).map((node) => [node.node, node])),
    gaps,
    classOf: (node) => indexOf.get(dataplane.classOf.get(node) ?? null) ?? -1,
    dataplane: dataplaneEntries(dataplane, cluster),
  };
}

/** By what outside clients come: the load balancer's address, else node ports, else external IPs; null: nobody comes from outside. */
function frontOf(service: Service, target: string | null, nodes: readonly string[]): Pick<Question, 'to' | 'via'> | null {
  const hasVip = service.ingress.some(({ ip, ipMode }) => ip !== null && ipMode !== 'Proxy');
  if (hasVip && target !== 'nodePort') return { to: [{ kind: 'loadBalancer' }], via: nodes };
  if (service.ports.some(({ nodePort }) => nodePort !== null))
    return { to: nodes.map((name): TargetSpec => ({ kind: 'node', name })), via: [] };
  return service.externalIPs.length > 0 ? { to: [{ kind: 'externalIP' }], via: nodes } : null;
}

const GRAVITY: Readonly<Record<Verdict, number>> = {
  delivered: 0,
  partial: 1,
  undetermined: 2,
  unhandled: 3,
  'no-reply': 4,
  rejected: 5,
  dropped: 6,
};

/** The gravest of all ports and addresses. */
function note(found: Map<string, Verdict>, node: string | null, verdict: Verdict): void {
  if (node === null) return;
  const known = found.get(node);
  if (known === undefined || GRAVITY[verdict] > GRAVITY[known]) found.set(node, verdict);
}

export function isAnswered(verdict: Verdict | undefined): boolean {
  return verdict === 'delivered' || verdict === 'partial';
}

/** The Service and its provider, as they are now. */
export function standing(evidence: Evidence, { namespace, name }: Pick<Asked, 'namespace' | 'name'>) {
  const cluster: Cluster = clusterFrom(evidence);
  const service = serviceAsked(cluster, evidence, { namespace, name, from: [], to: [], via: [], port: null });
  return { service, provider: service.type === 'LoadBalancer' ? providerOf(service, cluster) : null };
}
