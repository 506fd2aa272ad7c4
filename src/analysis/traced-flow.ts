import type { Gap, NodeFile } from '../cluster/evidence.ts';
import type { Cluster, Node, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';
import { canonicalIp, familyOf } from '../net/ip.ts';
import { directoryOf } from '../traced/addresses.ts';
import { perhapsOnNodes } from '../traced/derive-net.ts';
import type { Ground } from '../traced/journey.ts';
import { follow } from '../traced/journey.ts';
import { observeNodes } from '../traced/nodes.ts';
import type { Hop, Journey, Sender, Way, WayEnd } from '../traced/types.ts';
import type { Asker } from './clients.ts';
import { verdictOf } from './flows.ts';
import type { Because, Branch, Flow, SeenSource, Target, Traced } from './report.ts';
import { sameBranches } from './same-branches.ts';

/** Follows packets through the nodes' own rules. */
export interface Tracer {
  readonly ground: Ground;
  /** The journey itself, for whoever shows it step by step. */
  journey(asker: Asker, target: Target, via: Node | null): Journey;
  /** What it comes to, beside what was predicted. */
  traced(asker: Asker, flow: Flow, via: Node | null): { readonly traced: Traced; readonly gaps: readonly Gap[] };
  readonly gaps: readonly Gap[];
}

/** Addresses that stand for "some client outside the cluster" (RFC 5737, RFC 3849); never shown. */
const OUTSIDE: Readonly<Record<Family, readonly string[]>> = {
  4: ['203.0.113.77', '198.51.100.77', '192.0.2.77'],
  6: ['2001:db8:77::77', '2001:db8:7::7'],
};

export type CreateTracer = typeof createTracer;

/** Tracers for several Services of one cluster. */
export interface Tracers {
  readonly ground: Ground;
  of(service: Service): Tracer;
}

/** Reads what the nodes printed; a node's rules are parsed when a packet first comes to it. */
export function createTracer(files: readonly NodeFile[], cluster: Cluster, dataplane: Dataplane, service: Service): Tracer {
  return createTracers(files, cluster, dataplane).of(service);
}

/** The same for any number of Services: every node's rules are parsed once. */
export function createTracers(files: readonly NodeFile[], cluster: Cluster, dataplane: Dataplane): Tracers {
  const directory = directoryOf(cluster);
  const groundWith = (vipsAreLocal: boolean): Ground => ({
    nodes: observeNodes(files, { cluster, dataplane, vipsAreLocal }),
    directory,
    dataplane,
  });
  const ground = groundWith(false);
  const movable = perhapsOnNodes(cluster);
  let other: Ground | null = null;
  const ifVipsAreLocal = (): Ground => {
    other ??= groundWith(true);
    return other;
  };
  const isInside = addressTest(cluster, dataplane);
  return { ground, of: (service) => tracerOf(service, { ground, movable, ifVipsAreLocal, isInside }) };
}

interface Grounds {
  readonly ground: Ground;
  /** Addresses that the nodes may have on their devices. */
  readonly movable: ReturnType<typeof perhapsOnNodes>;
  readonly ifVipsAreLocal: () => Ground;
  /** An address of the cluster's own nodes or pods: nobody outside has it. */
  readonly isInside: (address: string) => boolean;
}

function addressTest({ nodes }: Cluster, { networks }: Dataplane): (address: string) => boolean {
  const own = new Set(nodes.flatMap(({ internalIPs, externalIPs }) => [...internalIPs, ...externalIPs]));
  const pods = [...nodes.flatMap(({ podCidrs }) => podCidrs), ...networks.flatMap((each) => each.networks)];
  return (address) => own.has(address) || pods.some((cidr) => cidr.contains(address));
}

function tracerOf(service: Service, { ground, movable, ifVipsAreLocal, isInside }: Grounds): Tracer {
  const journeyOn = (at: Ground, asker: Asker, target: Target, via: Node | null): Journey => {
    const { address, port, protocol } = target;
    const entry = via?.name ?? target.node ?? at.nodes.ownerOf(address)?.node ?? null;
    return follow(at, senderOf(asker, familyOf(address), { service, isInside }), { address, port, protocol }, entry);
  };
  return {
    ground,
    gaps: ground.nodes.gaps,
    journey: (asker, target, via) => journeyOn(ground, asker, target, via),
    traced: (asker, flow, via) => {
      const journey = journeyOn(ground, asker, flow.to, via);
      const found = tracedOf(journey, asker, flow);
      if (!movable.has(flow.to.address) || !passesDerived(ground, journey)) return found;
      const ifLocal = tracedOf(journeyOn(ifVipsAreLocal(), asker, flow.to, via), asker, flow);
      return sameTraced(found.traced, ifLocal.traced) ? found : undecided(unsureOwner(flow.to.address));
    },
  };
}

const unsureOwner = (address: string): readonly Gap[] => [
  {
    what: `whether ${address} is an address of the nodes themselves`,
    why: 'their addresses were not read (ip -j addr), and it decides here',
  },
];

function passesDerived({ nodes }: Ground, { ways }: Journey): boolean {
  return ways.some(({ hops }) => hops.some((hop) => nodes.get(hop.node)?.derived === true));
}

function sameTraced(a: Traced, b: Traced): boolean {
  return a.verdict === b.verdict && sameBranches(a.branches, b.branches);
}

function undecided(gaps: readonly Gap[]): { readonly traced: Traced; readonly gaps: readonly Gap[] } {
  const because = gaps.map((gap) => ({ code: 'undetermined', text: `${gap.what}: ${gap.why}`, rule: null }));
  return { gaps, traced: { verdict: 'undetermined', branches: [], because, agrees: null } };
}

interface Outside {
  readonly service: Service;
  readonly isInside: (address: string) => boolean;
}

function senderOf(asker: Asker, family: Family, outside: Outside): Sender {
  const shown = asker.shown(family);
  const pod = asker.kind === 'pod' && !asker.standIn ? `${shown.namespace}/${shown.name}` : null;
  if (asker.node !== null)
    return { origin: asker.isProcess ? 'process' : 'pod', node: asker.node, address: asker.source(family) ?? null, pod };
  return { origin: 'outside', node: null, address: asker.source(family) ?? outsideAddress(asker, family, outside), pod: null };
}

/** An address for an unnamed outside client: inside or outside the Service's source ranges where the client stands for one of these. */
function outsideAddress({ inRanges }: Asker, family: Family, { service, isInside }: Outside): string | null {
  const ranges = service.sourceRanges.filter((cidr) => cidr.family === family);
  const isIn = (address: string): boolean => ranges.some((cidr) => cidr.contains(address));
  const free = OUTSIDE[family];
  if (inRanges === null) return free[0] ?? null;
  if (!inRanges) return free.find((address) => !isIn(address)) ?? null;
  const first = ranges.map((range) => canonicalIp(range.text.split('/')[0] ?? ''));
  return free.find(isIn) ?? first.find((address) => address !== null && !isInside(address)) ?? null;
}

function tracedOf(journey: Journey, asker: Asker, flow: Flow): { readonly traced: Traced; readonly gaps: readonly Gap[] } {
  const gaps = gapsIn(journey.ways);
  const named = asker.source(familyOf(flow.to.address)) !== null && !asker.standIn;
  if (gaps.length > 0) return undecided(gaps);
  const branches = merged(journey.ways.map((way) => branchOf(way, journey.source, named)));
  const verdict = verdictOf(branches);
  const because = reasonsOf(journey.ways);
  const agrees = flow.verdict === 'undetermined' ? null : flow.verdict === verdict && sameBranches(flow.branches, branches);
  return { gaps, traced: { verdict, branches, because, agrees } };
}

function gapsIn(ways: readonly Way[]): readonly Gap[] {
  const found = new Map<string, Gap>();
  for (const { end, doubts } of ways) {
    if (end.kind === 'unknown') found.set(`${end.gap.what} ${end.gap.why}`, end.gap);
    for (const { node, line, why } of doubts) {
      const gap = { what: `rules of node ${node}`, why: `${why}: ${line}` };
      found.set(`${gap.what} ${gap.why}`, gap);
    }
  }
  return [...found.values()];
}

function branchOf(way: Way, source: string | null, named: boolean): Branch {
  const { end, share } = way;
  const none = { then: null, share, endpoint: null, source: null };
  switch (end.kind) {
    case 'endpoint':
      return {
        ...none,
        outcome: end.answered ? 'delivered' : 'no-reply',
        endpoint: endpointOf(end),
        source: seenBy(way, end, source, named),
      };
    case 'dropped':
    case 'rejected':
      return { ...none, outcome: end.kind };
    case 'host':
      return { ...none, outcome: 'unhandled', then: end.listener === null ? 'refused-by-host' : 'host-listener' };
    case 'left':
      return { ...none, outcome: 'unhandled', then: 'leaves-cluster' };
    case 'pod':
    case 'nobody':
      return { ...none, outcome: 'unhandled' };
    case 'unknown':
      throw new Error('an unknown end has no branch');
  }
}

function endpointOf({ at }: Extract<WayEnd, { kind: 'endpoint' }>): NonNullable<Branch['endpoint']> {
  return { address: at.address, port: at.port, node: at.node, pod: at.pod?.name ?? null, namespace: at.pod?.namespace ?? null };
}

function seenBy(way: Way, end: Extract<WayEnd, { kind: 'endpoint' }>, source: string | null, named: boolean): SeenSource {
  const writer = rewriter(way.hops);
  if (writer === null) return { kind: 'preserved', address: named || end.seen !== source ? end.seen : null, interface: null, by: null };
  return { kind: 'masqueraded', address: end.seen, interface: writer.device, by: writer.by };
}

/** The rule that gave the packet its source address, and the device that it left by. */
function rewriter(hops: readonly Hop[]): { readonly by: 'kube-proxy' | 'cni'; readonly device: string | null } | null {
  for (const { branch } of [...hops].reverse()) {
    if (!branch.tracked.snat) continue;
    const step = branch.steps.findLast((each) => each.kind === 'rule' && each.effect === 'snat');
    const device = branch.packet.outDevice === '' ? null : branch.packet.outDevice;
    const chain = step?.kind === 'rule' ? step.rule.chain : '';
    return { by: chain.startsWith('KUBE-') ? 'kube-proxy' : 'cni', device };
  }
  return null;
}

/** Ways that come to the same are one branch. */
function merged(branches: readonly Branch[]): readonly Branch[] {
  const found = new Map<string, Branch>();
  for (const branch of branches) {
    const { share, ...rest } = branch;
    const key = JSON.stringify(rest);
    const same = found.get(key);
    found.set(key, same === undefined ? branch : { ...branch, share: same.share + share });
  }
  return [...found.values()];
}

function reasonsOf(ways: readonly Way[]): readonly Because[] {
  const found = new Map<string, Because>();
  for (const { end } of ways) {
    const reason = reasonOf(end);
    if (reason !== null) found.set(`${reason.code} ${reason.text} ${reason.rule}`, reason);
  }
  return [...found.values()];
}

function reasonOf(end: WayEnd): Because | null {
  switch (end.kind) {
    case 'dropped':
    case 'rejected':
      return { code: `${end.kind}-by-${end.line === null ? 'policy' : 'rule'}`, text: end.text, rule: end.line };
    case 'host':
      return {
        code: 'host',
        text:
          end.listener === null
            ? `no rule of node ${end.node} takes it; the host answers for itself`
            : `it goes to pod ${end.listener} on the host network of node ${end.node}`,
        rule: null,
      };
    case 'left':
      return { code: 'leaves-cluster', text: `no rule takes it; it leaves node ${end.node} by its default route`, rule: null };
    case 'pod':
      return {
        code: 'pod-address',
        text: `the rules lead to ${end.address}, a pod's address that is no endpoint of a Service here`,
        rule: null,
      };
    case 'nobody':
      return { code: 'stale-endpoint', text: `the rules of node ${end.node} lead to ${end.address}, which no pod has`, rule: null };
    case 'endpoint':
      return end.answered
        ? null
        : { code: 'answer-lost', text: `the answer of ${end.at.address} does not come back to the client`, rule: null };
    case 'unknown':
      return null;
  }
}
