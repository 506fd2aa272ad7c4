import type { Evidence } from '../cluster/evidence.ts';
import { clusterFrom } from '../cluster/from-kubernetes.ts';
import type { Cluster } from '../cluster/model.ts';
import type { NodeObject } from '../cluster/objects.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import { serviceChain } from '../kubeproxy/names.ts';
import { Failure } from '../net/failure.ts';
import { didYouMean } from '../net/near.ts';
import type { Question } from './question.ts';
import { scopeOf } from './scope.ts';
import { serviceAsked } from './service-asked.ts';

/** Endpoints of more nodes than this are not all read for one question: a gap names the rest. */
const MOST_ENDPOINT_NODES = 64;

/** The nodes whose rules a question depends on: those of its clients and targets, and those with endpoints of the Service. */
export function nodesThatMatter(evidence: Evidence, question: Question): ReadonlySet<string> {
  const cluster = clusterFrom(evidence);
  const service = serviceAsked(cluster, evidence, question);
  const scope = scopeOf({ cluster, dataplane: detectDataplane(evidence, cluster), service, question, provider: null });
  const endpoints = new Set(service.ports.flatMap((port) => port.endpoints.map((endpoint) => endpoint.node)));
  const named = namedNodes(question, cluster);
  const asked = named ?? scope.nodes.map((node) => node.name);
  return new Set([...asked, ...[...endpoints].filter((name) => name !== null).slice(0, MOST_ENDPOINT_NODES)]);
}

/** The nodes that the question names; null where its defaults stand for all. */
function namedNodes({ from, to, via }: Question, cluster: Cluster): readonly string[] | null {
  const clients = from.flatMap((spec) => {
    if (spec.kind === 'node') return [spec.name];
    if (spec.kind === 'any-pod') return [spec.node];
    if (spec.kind === 'external') return [];
    return cluster.pods.flatMap((pod) =>
      pod.namespace === spec.namespace && pod.name === spec.name && pod.node !== null ? [pod.node] : [],
    );
  });
  const targets = to.map((spec) => {
    if (spec.kind === 'node') return spec.name;
    if (spec.kind !== 'address') return null;
    return cluster.nodes.find((node) => [...node.internalIPs, ...node.externalIPs].includes(spec.address))?.name ?? null;
  });
  const outside = from.length === 0 || from.some((spec) => spec.kind === 'external');
  const wide = from.length === 0 || to.some((spec) => spec.kind === 'nodePort' || spec.kind === 'healthCheck') || to.length === 0;
  // A packet from outside to an address that no node has enters anywhere, unless --via says where.
  if (wide || (outside && via.length === 0 && targets.includes(null))) return null;
  return [...clients, ...targets.filter((name) => name !== null), ...via];
}

/** Whether the kube-proxy of some node is, or may be, in nftables mode. */
export function usesNftables(evidence: Evidence): boolean {
  const { classes } = detectDataplane(evidence, clusterFrom(evidence));
  return classes.some(({ mode, candidates }) => mode === 'nftables' || candidates.some((candidate) => candidate.mode === 'nftables'));
}

/** The node of that name; a Failure with near matches otherwise. */
export function nodeObjectNamed(nodes: readonly NodeObject[], name: string): NodeObject {
  const found = nodes.find((node) => node.metadata.name === name);
  if (found !== undefined) return found;
  const names = nodes.map((node) => node.metadata.name);
  throw new Failure(`node "${name}" not found`, didYouMean(name, names) ?? 'see kubectl get nodes');
}

const CHAIN_KINDS = ['KUBE-SVC', 'KUBE-SVL', 'KUBE-EXT', 'KUBE-FW', 'KUBE-XLB'] as const;

/** Names of the chains that may hold rules of one Service alone, of any version of kube-proxy. */
export function serviceChains(evidence: Evidence, question: Question): readonly string[] {
  const cluster = clusterFrom(evidence);
  const service = serviceAsked(cluster, evidence, question);
  return service.ports.flatMap((port) => CHAIN_KINDS.map((kind) => serviceChain(kind, service, port)));
}
