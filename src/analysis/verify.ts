import type { Evidence } from '../cluster/evidence.ts';
import { clusterFrom } from '../cluster/from-kubernetes.ts';
import type { Cluster, Node, Service } from '../cluster/model.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import type { Dataplane, ProxyConfig } from '../dataplane/types.ts';
import { deviceOf } from '../expected/detector.ts';
import { Failure } from '../net/failure.ts';
import { type ObservedNodes, observeNodes } from '../traced/nodes.ts';
import { flowsFor } from './asked-flows.ts';
import { uniqueGaps } from './gaps.ts';
import { providerOf } from './providers.ts';
import type { Question } from './question.ts';
import type { Flow, Gap } from './report.ts';
import { scopeOf } from './scope.ts';
import { serviceAsked } from './service-asked.ts';
import { dataplaneEntries, summaryOf } from './summary.ts';
import { createTracer } from './traced-flow.ts';
import { verifiedNode } from './verified-node.ts';
import { foldNodes } from './verify/fold-nodes.ts';
import { type NodeVerification, verifyNftables, verifyNode } from './verify/verify-node.ts';
import { verifiedAnswer } from './verify-answer.ts';
import type { VerifiedFlow, VerifyReport } from './verify-report.ts';

/** The nodes' real rules against those that kube-proxy should have written for one Service, and every flow predicted against traced. */
export function verify(evidence: Evidence, question: Question): VerifyReport {
  const { cluster, dataplane } = understood(evidence);
  const service = serviceAsked(cluster, evidence, question);
  const tracer = createTracer(evidence.nodeFiles, cluster, dataplane, service);
  const verified = verifyNodes({ cluster, dataplane, nodes: tracer.ground.nodes }, [service], evidence);
  const provider = service.type === 'LoadBalancer' ? providerOf(service, cluster) : null;
  const asked = flowsFor(scopeOf({ cluster, dataplane, service, question, provider }), tracer);
  const flows = asked.flows.filter((flow) => beginsOnRead(flow, tracer.ground.nodes)).flatMap(verifiedFlow);
  return reportOf({ evidence, cluster, dataplane, verified, flows, service, compared: 1, gaps: [...tracer.gaps, ...asked.gaps] });
}

/** The same for every Service, without their flows. */
export function verifyAll(evidence: Evidence, namespace: string | null): VerifyReport {
  const { cluster, dataplane } = understood(evidence);
  const services = cluster.services.filter((service) => isProxied(service) && (namespace === null || service.namespace === namespace));
  if (services.length === 0)
    throw new Failure(`no Services in ${namespace === null ? evidence.origin : `namespace "${namespace}"`}`, 'see kubectl get services -A');
  const nodes = observeNodes(evidence.nodeFiles, { cluster, dataplane, vipsAreLocal: false });
  const verified = verifyNodes({ cluster, dataplane, nodes }, services, evidence);
  return reportOf({ evidence, cluster, dataplane, verified, flows: [], service: null, compared: services.length, gaps: nodes.gaps });
}

function understood(evidence: Evidence): { readonly cluster: Cluster; readonly dataplane: Dataplane } {
  const cluster = clusterFrom(evidence);
  if (cluster.nodes.length === 0)
    throw new Failure(`no nodes in ${evidence.origin}`, 'without Node objects there is nothing to hold rules against');
  return { cluster, dataplane: detectDataplane(evidence, cluster) };
}

function isProxied({ unproxied, clusterIPs, endpointsFrom }: Service): boolean {
  return unproxied === null && clusterIPs.length > 0 && endpointsFrom !== 'none';
}

interface Ground {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly nodes: ObservedNodes;
}

interface Verified {
  readonly nodes: readonly NodeVerification[];
  readonly gaps: readonly Gap[];
}

function verifyNodes(ground: Ground, services: readonly Service[], evidence: Evidence): Verified {
  const { cluster, nodes } = ground;
  if (nodes.names.length === 0) {
    const [gap] = [...evidence.gaps.filter(({ what }) => what.startsWith('rules of ')), ...nodes.gaps];
    throw new Failure(
      `the rules of no node could be read${gap === undefined ? '' : `: ${gap.what}: ${gap.why}`}`,
      'see --rules in kubectl srcip verify --help',
    );
  }
  const gaps: Gap[] = [];
  const found = nodes.names.flatMap((name) => {
    const node = cluster.nodeByName.get(name);
    const made = node === undefined ? null : verifyOne(ground, node, services);
    if (made === null || 'why' in made) gaps.push({ what: `rules of node ${name}`, why: made?.why ?? 'the node is not known' });
    return made === null || 'why' in made ? [] : [made];
  });
  return { nodes: found, gaps: [...gaps, ...unread(ground)] };
}

function verifyOne(
  { cluster, dataplane, nodes }: Ground,
  node: Node,
  services: readonly Service[],
): NodeVerification | { readonly why: string } {
  const observed = nodes.get(node.name);
  const found = dataplane.classOf.get(node.name);
  if (observed === null || found === undefined) return { why: 'its rules were not read' };
  if (observed.untraceable !== null) return { why: observed.untraceable };
  const { nft } = observed.net;
  const mode = nft?.tables.some(({ name }) => name.endsWith(' kube-proxy')) === true ? 'nftables' : 'iptables';
  const config = found.candidates.find((candidate) => candidate.mode === mode) ?? assumedConfig(node, mode);
  const localAddresses = observed.derived
    ? null
    : (observed.net.devices?.flatMap((device) => device.addresses.map(({ address }) => address)) ?? null);
  const question = {
    node,
    config,
    confidence: found.candidates.length === 1 ? found.confidence : 'assumed',
    cluster,
    services,
    dumps: observed.dumps,
    dialect: { localAddresses, device: deviceOf(found.localDetection) },
  } as const;
  return nft !== undefined && mode === 'nftables' ? verifyNftables(question, nft) : verifyNode(question);
}

/** Where nothing tells kube-proxy's configuration: its defaults, and the kubelet's version; the dump may tell more. */
function assumedConfig({ kubeletVersion }: Node, mode: 'iptables' | 'nftables'): ProxyConfig {
  const [, minor = '34', patch = '0'] = /^v?1\.(\d+)\.(\d+)/.exec(kubeletVersion ?? '') ?? [];
  return {
    mode,
    minor: Number(minor),
    patch: Number(patch),
    detector: { 4: { kind: 'absent' }, 6: { kind: 'absent' } },
    masqueradeAll: false,
    localhostNodePorts: true,
    nodePortAddresses: [],
  };
}

const MOST_NAMED = 5;

function unread({ cluster, nodes }: Ground): readonly Gap[] {
  const read = new Set(nodes.names);
  const missing = cluster.nodes.map((node) => node.name).filter((name) => !read.has(name));
  if (missing.length === 0) return [];
  const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : '';
  return [{ what: `rules of ${missing.slice(0, MOST_NAMED).join(', ')}${more}`, why: 'they were not read' }];
}

/** Flows that begin where nothing was read have nothing to be held against. */
export function beginsOnRead({ from, via, to }: Flow, nodes: ObservedNodes): boolean {
  const first = from.node ?? via ?? to.node ?? nodes.ownerOf(to.address)?.node ?? null;
  return first !== null && nodes.names.includes(first);
}

/** A flow that was followed; none for one that was only predicted. */
export function verifiedFlow({ from, via, to, verdict, branches, because, traced }: Flow): readonly VerifiedFlow[] {
  if (traced === undefined) return [];
  const { agrees, ...fate } = traced;
  return [{ from, via, to, predicted: { verdict, branches, because }, traced: fate, agrees }];
}

interface Found {
  readonly evidence: Evidence;
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly verified: Verified;
  readonly flows: readonly VerifiedFlow[];
  readonly service: Service | null;
  readonly compared: number;
  readonly gaps: readonly Gap[];
}

function reportOf({ evidence, cluster, dataplane, verified, flows, service, compared, gaps }: Found): VerifyReport {
  const groups = foldNodes(verified.nodes);
  const nodes = verified.nodes.map(verifiedNode);
  const all = uniqueGaps([...evidence.gaps, ...dataplane.gaps, ...verified.gaps, ...gaps, ...verified.nodes.flatMap(gapsOf)]);
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'VerifyReport',
    origin: evidence.origin,
    service: service === null ? null : summaryOf(service),
    answer: verifiedAnswer({ nodes, flows, service, compared }),
    dataplane: dataplaneEntries(dataplane, cluster),
    servicesCompared: compared,
    nodes,
    nodeGroups: groups.map(({ nodes: names, sample, identical }) => ({ nodes: names, sample: sample.node, identical })),
    flows,
    findings: [],
    gaps: all,
  };
}

function gapsOf({ node, families }: NodeVerification): readonly Gap[] {
  return families.flatMap(({ gaps }) => gaps).map(({ what, why }) => ({ what: `node ${node}: ${what}`, why }));
}
