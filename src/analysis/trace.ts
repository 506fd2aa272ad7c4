import type { Evidence } from '../cluster/evidence.ts';
import { clusterFrom } from '../cluster/from-kubernetes.ts';
import type { Cluster, Node, Service } from '../cluster/model.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { Failure } from '../net/failure.ts';
import { familyOf, hostPort } from '../net/ip.ts';
import type { Way, WayEnd } from '../traced/types.ts';
import type { Asker } from './clients.ts';
import { askerFor, nodeNamed } from './clients.ts';
import type { Oracle } from './flows.ts';
import { createOracle } from './flows.ts';
import { uniqueGaps } from './gaps.ts';
import type { Question } from './question.ts';
import type { Answer, Target, Traced } from './report.ts';
import { serviceAsked } from './service-asked.ts';
import { portsAsked, targetsAsked } from './targets.ts';
import type { TracedWay, TraceReport } from './trace-report.ts';
import { createTracer, type Tracer } from './traced-flow.ts';
import { tracedHop } from './traced-steps.ts';
import { whyNot } from './why-not.ts';

/** One packet through the nodes' own rules, step by step. Throws a Failure unless the question names one packet. */
export function trace(evidence: Evidence, question: Question, options: { readonly whyNot: string | null }): TraceReport {
  const cluster = clusterFrom(evidence);
  const dataplane = detectDataplane(evidence, cluster);
  const service = serviceAsked(cluster, evidence, question);
  const tracer = createTracer(evidence.nodeFiles, cluster, dataplane, service);
  if (tracer.ground.nodes.names.length === 0) throw new Failure(noRules(evidence), 'see --rules in kubectl srcip trace --help');
  const oracle = createOracle(cluster, dataplane, service);
  const packet = onePacket({ cluster, dataplane, service, oracle, tracer }, question);
  const predicted = oracle.ask(packet.asker, packet.target, packet.via);
  const journey = tracer.journey(packet.asker, packet.target, packet.via);
  const { traced, gaps } = tracer.traced(packet.asker, predicted.flow, packet.via);
  const asked = options.whyNot;
  const standsIn = packet.asker.standIn || packet.asker.source(familyOf(packet.target.address)) === null;
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'TraceReport',
    origin: evidence.origin,
    service: { namespace: service.namespace, name: service.name },
    answer: answerOf(traced),
    from: standsIn ? predicted.flow.from : { ...predicted.flow.from, address: journey.source },
    standIn: standsIn ? journey.source : null,
    via: predicted.flow.via,
    to: packet.target,
    verdict: traced.verdict,
    branches: traced.branches,
    because: traced.because,
    predicted: { verdict: predicted.flow.verdict, branches: predicted.flow.branches, because: predicted.flow.because },
    agrees: traced.agrees,
    ways: journey.ways.map((way) => wayOf(way, tracer)),
    ...(asked === null ? {} : { whyNot: { asked, answers: whyNot(asked, journey, tracer.ground.nodes) } }),
    gaps: uniqueGaps([...evidence.gaps, ...tracer.gaps, ...gaps]),
  };
}

function noRules({ gaps, nodeFiles }: Evidence): string {
  const [gap] = gaps.filter(({ what }) => what.startsWith('rules of '));
  if (gap !== undefined) return `the rules of no node could be read: ${gap.what}: ${gap.why}`;
  return nodeFiles.length === 0 ? 'no rules of nodes were read' : 'the rules that were read belong to no node of the cluster';
}

interface Around {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly service: Service;
  readonly oracle: Oracle;
  readonly tracer: Tracer;
}

interface OnePacket {
  readonly asker: Asker;
  readonly target: Target;
  readonly via: Node | null;
}

function onePacket({ cluster, dataplane, service, oracle, tracer }: Around, question: Question): OnePacket {
  const [from, ...otherFrom] = question.from;
  if (from === undefined || otherFrom.length > 0)
    throw new Failure('trace follows one packet: say who sends it with one --from', '--from external, --from pod/NAME, --from node/NAME');
  if (question.to.length !== 1)
    throw new Failure(
      'trace follows one packet: say where it goes with one --to',
      '--to node/NAME, --to clusterIP, --to loadBalancer, --to IP:PORT',
    );
  const targets = targetsAsked(question.to, service, portsAsked(service, question.port), cluster, cluster.nodes);
  const [target, ...others] = targets;
  if (target === undefined) throw new Failure('there is no such target', 'without --to, kubectl srcip explain lists every target');
  if (others.length > 0) {
    const some = targets.slice(0, 3).map(({ address, port }) => hostPort(address, port));
    throw new Failure(
      `trace follows one packet, and this --to stands for ${targets.length} targets: ${some.join(', ')}${targets.length > 3 ? ', …' : ''}`,
      'name one: --to IP:PORT, or one port with --port',
    );
  }
  const asker = askerFor(from, cluster, dataplane);
  return { asker, target, via: entryOf({ asker, target, question, cluster, oracle, tracer }) };
}

function entryOf(asked: {
  readonly asker: Asker;
  readonly target: Target;
  readonly question: Question;
  readonly cluster: Cluster;
  readonly oracle: Oracle;
  readonly tracer: Tracer;
}): Node | null {
  const { asker, target, question, cluster, oracle, tracer } = asked;
  if (asker.node !== null) return null;
  const [via, ...others] = question.via;
  if (others.length > 0) throw new Failure('trace follows one packet: it enters through one node', 'give --via once');
  if (via !== undefined) return nodeNamed(cluster, via);
  if (target.node !== null || oracle.ownerOf(target.address) !== null) return null;
  const [only, ...more] = tracer.ground.nodes.names;
  if (only !== undefined && more.length === 0) return nodeNamed(cluster, only);
  throw new Failure(`no node owns ${target.address}: through which one does the packet enter?`, 'name it with --via NODE');
}

const MOODS = {
  delivered: 'good',
  partial: 'mixed',
  unhandled: 'mixed',
  undetermined: 'unknown',
  dropped: 'bad',
  rejected: 'bad',
  'no-reply': 'bad',
} as const satisfies Record<Traced['verdict'], Answer['mood']>;

function answerOf(traced: Traced): Answer {
  const { verdict, branches, because, agrees } = traced;
  const where = because[0] === undefined ? '' : `: ${because[0].text}`;
  const ends = [
    ...new Set(
      branches.flatMap(({ endpoint, source }) =>
        endpoint === null ? [] : [`${endpoint.pod ?? endpoint.address} sees ${source?.address ?? "the client's own address"}`],
      ),
    ),
  ];
  const reached = ends.length === 0 ? where : ` (${ends.slice(0, 3).join('; ')}${ends.length > 3 ? `; ${ends.length - 3} more` : ''})`;
  const beside = agrees === false ? ' That is not what kube-proxy should make of it.' : agrees === true ? ' As predicted.' : '';
  return { mood: agrees === false ? 'bad' : MOODS[verdict], text: `By the nodes' rules the packet is ${verdict}${reached}.${beside}` };
}

function wayOf({ share, hops, back, end, doubts }: Way, { ground }: Tracer): TracedWay {
  return {
    share,
    end: endText(end),
    outcome: outcomeOf(end),
    request: hops.map((hop) => tracedHop(hop, ground.nodes)),
    reply: back.map((hop) => tracedHop(hop, ground.nodes)),
    doubts: doubts.map(({ node, line, why, taken }) => ({ node, rule: line, why, taken })),
  };
}

function outcomeOf(end: WayEnd): TracedWay['outcome'] {
  switch (end.kind) {
    case 'endpoint':
      return end.answered ? 'delivered' : 'no-reply';
    case 'dropped':
    case 'rejected':
    case 'unknown':
      return end.kind;
    case 'host':
    case 'left':
    case 'pod':
    case 'nobody':
      return 'unhandled';
  }
}

function endText(end: WayEnd): string {
  switch (end.kind) {
    case 'endpoint': {
      const who =
        end.at.pod === null ? '' : ` (pod ${end.at.pod.namespace}/${end.at.pod.name}${end.at.node === null ? '' : ` on ${end.at.node}`})`;
      return `endpoint ${hostPort(end.at.address, end.at.port)}${who} sees ${end.seen}${end.answered ? '; its answer comes back' : '; its answer never comes back'}`;
    }
    case 'dropped':
    case 'rejected':
      return end.text;
    case 'host':
      return end.listener === null
        ? `no rule takes it: the host of node ${end.node} answers for itself`
        : `pod ${end.listener} on the host network of node ${end.node} gets it`;
    case 'left':
      return `it leaves the cluster from node ${end.node}`;
    case 'pod':
      return `it goes to ${end.address}, a pod that is no endpoint of a Service here`;
    case 'nobody':
      return `it goes to ${end.address}, which no pod has`;
    case 'unknown':
      return `undetermined: ${end.gap.what}: ${end.gap.why}`;
  }
}
