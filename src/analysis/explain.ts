import type { Evidence, Gap } from '../cluster/evidence.ts';
import { clusterFrom, findService } from '../cluster/from-kubernetes.ts';
import type { Cluster, Node, Service, ServicePort } from '../cluster/model.ts';
import { detectDataplane, nodesOfClass } from '../dataplane/detect.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { Failure } from '../net/failure.ts';
import { answerFor } from './answer.ts';
import type { Asker } from './clients.ts';
import { anyPodAsker, askerFor, defaultExternals, nodeAsker, nodeNamed, podAsker } from './clients.ts';
import type { Oracle } from './flows.ts';
import { createOracle, uniqueGaps } from './flows.ts';
import { groupNodes } from './groups.ts';
import { loadBalancerView } from './load-balancer.ts';
import { didYouMean } from './near.ts';
import { notesFor } from './notes.ts';
import type { Question } from './question.ts';
import type { DataplaneEntry, Flow, NodeGroup, ServiceReport, ServiceSummary, Target } from './report.ts';
import { portsAsked, targetsAsked } from './targets.ts';

/** What happens to traffic for one Service, and why. Throws Failure for a question that has no answer. */
export function explain(evidence: Evidence, question: Question): ServiceReport {
  const cluster = clusterFrom(evidence);
  const service = serviceAsked(cluster, evidence, question);
  if (cluster.nodes.length === 0)
    throw new Failure(`no nodes in ${evidence.origin}`, 'without Node objects nothing can be said about node ports or source addresses');
  const dataplane = detectDataplane(evidence, cluster);
  const ports = portsAsked(service, question.port);
  const groups = question.from.length + question.to.length + question.via.length > 0 ? null : groupNodes(cluster, dataplane, service);
  const { flows, gaps } = flowsFor({ cluster, dataplane, service, ports, groups, question });
  const view = loadBalancerView(cluster, dataplane, service);
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'ServiceReport',
    origin: evidence.origin,
    service: summaryOf(service),
    answer: answerFor(service, flows, groups),
    dataplane: dataplane.classes.map((entry) => dataplaneEntry(entry, dataplane, cluster)),
    ...(groups === null ? {} : { nodeGroups: groups }),
    flows,
    ...(view === null ? {} : { loadBalancer: view }),
    notes: notesFor({ cluster, dataplane, service, flows, groups, view }),
    findings: [],
    gaps: uniqueGaps([...evidence.gaps, ...gaps, ...endpointGaps(service)]),
  };
}

function serviceAsked(cluster: Cluster, evidence: Evidence, { namespace, name }: Question): Service {
  const service = findService(cluster, namespace, name);
  if (service === null)
    throw new Failure(
      `Service "${name}" not found in namespace "${namespace}"${where(evidence)}`,
      hintForMissing(cluster, namespace, name),
    );
  switch (service.unproxied?.why) {
    case undefined:
      break;
    case 'headless':
      throw new Failure(
        `Service ${namespace}/${name} is headless: no service proxy handles it`,
        'clients get the pod addresses from DNS and connect to them directly; nothing is redirected or masqueraded by kube-proxy',
      );
    case 'ExternalName': {
      const target = service.unproxied.externalName;
      throw new Failure(
        `Service ${namespace}/${name} is of type ExternalName: a DNS alias for ${JSON.stringify(target)}`,
        'no traffic passes through it; ask about the Service behind that name',
      );
    }
    case 'other-proxy':
      throw new Failure(
        `Service ${namespace}/${name} is left to another proxy: label service.kubernetes.io/service-proxy-name is ${JSON.stringify(service.unproxied.proxy)}`,
        'kube-proxy ignores it, so its behaviour cannot be predicted here',
      );
  }
  if (service.endpointsFrom === 'none') {
    throw new Failure(
      `nothing in ${evidence.origin} tells the endpoints of Service ${namespace}/${name}`,
      'EndpointSlices are needed (kubectl get endpointslices -n NAMESPACE -o yaml)',
    );
  }
  if (service.clusterIPs.length === 0)
    throw new Failure(
      `Service ${namespace}/${name} has no clusterIP yet`,
      'its spec was not allocated by an API server; give the live Service',
    );
  return service;
}

function where(evidence: Evidence): string {
  return ` (${evidence.origin})`;
}

function hintForMissing(cluster: Cluster, namespace: string, name: string): string {
  const elsewhere = cluster.services.filter((service) => service.name === name).map((service) => service.namespace);
  const missing = cluster.namespaces.length > 0 && !cluster.namespaces.includes(namespace) ? `there is no namespace "${namespace}"; ` : '';
  if (elsewhere.length > 0)
    return (
      missing +
      `there is one in ${elsewhere
        .slice(0, 3)
        .map((found) => `-n ${found}`)
        .join(', ')}`
    );
  const names = cluster.services.filter((service) => service.namespace === namespace).map((service) => service.name);
  const near = didYouMean(name, names);
  if (near !== undefined) return near;
  const namespaces = [...new Set([...cluster.namespaces, ...cluster.services.map((service) => service.namespace)])];
  if (names.length === 0 && namespaces.length > 0 && !namespaces.includes(namespace)) {
    return `there is no namespace "${namespace}"; ${didYouMean(namespace, namespaces) ?? 'see kubectl get namespaces'}`;
  }
  return 'see kubectl get services -A';
}

// ---- flows -----------------------------------------------------------------------------------

interface Scope {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly service: Service;
  readonly ports: readonly ServicePort[];
  readonly groups: readonly NodeGroup[] | null;
  readonly question: Question;
}

function flowsFor(scope: Scope): { flows: Flow[]; gaps: Gap[] } {
  const { cluster, dataplane, service, question } = scope;
  const oracle = createOracle(cluster, dataplane, service);
  const nodes = nodesInScope(scope);
  const askers = question.from.length > 0 ? question.from.map((spec) => askerFor(spec, cluster, dataplane)) : defaultAskers(scope, nodes);
  const targets = targetsAsked(question.to, service, scope.ports, cluster, nodes);
  const entries = question.via.length > 0 ? question.via.map((name) => nodeNamed(cluster, name)) : null;
  const flows: Flow[] = [];
  const gaps: Gap[] = [];
  for (const target of targets) {
    for (const asker of askers) {
      if (isPointless(asker, target, question)) continue;
      for (const via of entryNodes(oracle, asker, target, entries, nodes, service)) {
        const { flow, gaps: missing } = oracle.ask(asker, target, via);
        flows.push(flow);
        gaps.push(...missing);
      }
    }
  }
  return { flows, gaps: uniqueGaps(gaps) };
}

function nodesInScope({ cluster, groups }: Scope): Node[] {
  if (groups === null) return [...cluster.nodes];
  return groups.flatMap((group) => group.representatives).map((name) => nodeNamed(cluster, name));
}

/** One external client, one ordinary pod per node, each node's own processes, and where it differs an endpoint pod itself. */
function defaultAskers({ cluster, dataplane, service }: Scope, nodes: readonly Node[]): Asker[] {
  return [
    ...defaultExternals(service),
    ...nodes.map((node) => anyPodAsker(node, cluster, dataplane, false)),
    ...nodes.map((node) => nodeAsker(node, false)),
    ...endpointPods(cluster, service, nodes),
  ];
}

/** One endpoint pod: for it the branch to itself is a hairpin. A hostNetwork one asks as its node does. */
function endpointPods(cluster: Cluster, service: Service, nodes: readonly Node[]): Asker[] {
  for (const endpoint of service.ports.flatMap((port) => port.endpoints)) {
    const { pod, node } = endpoint;
    const holder = nodes.find((candidate) => candidate.name === node);
    if (pod === null || holder === undefined || !endpoint.ready || holder.internalIPs.includes(endpoint.address)) continue;
    const known = { ...pod, node: holder.name, hostNetwork: false, addresses: [endpoint.address], phase: 'Running', ports: [] };
    return [{ ...podAsker(known, cluster), named: false }];
  }
  return [];
}

/** Flows that the defaults would include but nobody asks: a family the client lacks, the health check from more than one place. */
function isPointless(asker: Asker, target: Target, question: Question): boolean {
  const family = target.address.includes(':') ? 6 : 4;
  if (!asker.named && asker.source(family) === undefined) return true;
  return target.kind === 'healthCheckNodePort' && question.from.length === 0 && (asker.kind !== 'external' || asker.inRanges === false);
}

/** Entry nodes of an outside client: none to choose for an address that a node owns. */
function entryNodes(
  oracle: Oracle,
  asker: Asker,
  target: Target,
  given: readonly Node[] | null,
  nodes: readonly Node[],
  service: Service,
): (Node | null)[] {
  if (asker.kind !== 'external' || oracle.ownerOf(target.address) !== null) return [null];
  if (given !== null) return [...given];
  if (target.kind !== 'loadBalancerIP') return [...nodes];
  const eligible = nodes.filter((node) => mayBeTargeted(node));
  return eligible.length > 0 && service.type === 'LoadBalancer' ? eligible : [...nodes];
}

/** Nodes that a cloud's service controller puts behind a load balancer (KEP-1143: the exclusion label). */
function mayBeTargeted(node: Node): boolean {
  return node.labels['node.kubernetes.io/exclude-from-external-load-balancers'] === undefined;
}

// ---- what else the report holds --------------------------------------------------------------

function summaryOf(service: Service): ServiceSummary {
  return {
    namespace: service.namespace,
    name: service.name,
    type: service.type,
    externalTrafficPolicy: service.externalTrafficPolicy,
    internalTrafficPolicy: service.internalTrafficPolicy,
    clusterIPs: service.clusterIPs,
    externalIPs: service.externalIPs,
    loadBalancerIngress: service.ingress,
    loadBalancerSourceRanges: service.sourceRanges.map((cidr) => cidr.text),
    healthCheckNodePort: service.healthCheckNodePort,
    sessionAffinitySeconds: service.affinitySeconds,
    ports: service.ports.map((port) => ({
      name: port.name === '' ? null : port.name,
      protocol: port.protocol,
      port: port.port,
      nodePort: port.nodePort,
      targetPort: port.targetPort,
      endpoints: {
        ready: port.endpoints.filter((endpoint) => endpoint.ready).length,
        servingTerminating: port.endpoints.filter((endpoint) => !endpoint.ready && endpoint.serving && endpoint.terminating).length,
        notReady: port.endpoints.filter((endpoint) => !endpoint.ready && !(endpoint.serving && endpoint.terminating)).length,
      },
    })),
  };
}

function dataplaneEntry(entry: Dataplane['classes'][number], dataplane: Dataplane, cluster: Cluster): DataplaneEntry {
  const network = dataplane.networks[0];
  const [config] = entry.candidates;
  return {
    nodes: nodesOfClass(dataplane, entry, cluster.nodes),
    implementation: entry.implementation,
    mode: entry.mode,
    version: entry.version,
    localDetection: entry.localDetection,
    masqueradeAll: entry.candidates.length === 1 ? (config?.masqueradeAll ?? null) : null,
    nodePortAddresses: entry.candidates.length === 1 ? (config?.nodePortAddresses ?? []) : [],
    cni: network?.name ?? null,
    cniMasquerades: dataplane.networks.length === 1 ? network?.masquerade.style !== 'none' : null,
    confidence: entry.confidence,
    evidence: [...entry.evidence, ...(network?.evidence ?? [])],
  };
}

function endpointGaps(service: Service): Gap[] {
  if (service.endpointsFrom !== 'Endpoints' && service.endpointsFrom !== 'pods') return [];
  const why = {
    Endpoints: 'no EndpointSlices were gathered; the Endpoints object was used, which does not show terminating endpoints',
    pods: 'neither EndpointSlices nor Endpoints were gathered; the pods that the selector picks were used',
  }[service.endpointsFrom];
  return [{ what: `EndpointSlices of ${service.namespace}/${service.name}`, why }];
}
