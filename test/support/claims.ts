import { createFollow } from '../../src/analysis/follow.ts';
import type { TargetKind } from '../../src/analysis/report.ts';
import { verifyAll } from '../../src/analysis/verify.ts';
import type { Cluster, Node, Service } from '../../src/cluster/model.ts';
import { nodeIp, serviceKey } from '../../src/cluster/model.ts';
import type { ClaimedClient, ClaimedOutcome, ClaimedTarget, FlowClaim } from '../../src/findings/claims.ts';
import { runRules } from '../../src/findings/engine.ts';
import type { RawFinding } from '../../src/findings/raw-finding.ts';
import { isUnserved } from '../../src/findings/reach.ts';
import { codeOf } from '../../src/findings/registry.ts';
import { type ClusterScene, createClusterScene, type SceneExtras } from '../../src/findings/scene.ts';
import { canonicalIp, familyOf } from '../../src/net/ip.ts';
import { READ } from '../findings/scene.ts';
import type { ProbeRecord, RecordedCase } from './cases.ts';

/** What findings claim of packets, against what a kernel with the nodes' rules did to such packets. */
export interface Held {
  readonly code: string;
  readonly agrees: boolean;
  /** The finding itself says beside which findings of the nodes' rules it need not hold (foreign rules, drift, flows that end otherwise). */
  readonly isDoubted: boolean;
  /** Claim and probe in one line. */
  readonly about: string;
}

export interface HeldCase {
  /** How often each finding was made, by code; consequences that others silence included. */
  readonly findings: ReadonlyMap<string, number>;
  readonly claims: ReadonlyMap<string, number>;
  readonly held: readonly Held[];
  /** Probes of outside clients that a rule of a Service dropped or refused, and of which no finding about the Service says so. */
  readonly unexplained: readonly string[];
  /** Probes of outside clients at node ports of Cluster policy that were masqueraded, and about whose Service no finding says so. */
  readonly untoldMasquerades: readonly string[];
  /** The same, of which some finding says so. */
  readonly explained: number;
}

/** A probe with everything that claims are about. */
interface Seen {
  readonly record: ProbeRecord;
  readonly client: Sender;
  readonly sockets: readonly Socket[];
  /** The node that owns the address, else the one through which an outside client's packet enters. */
  readonly entry: Node | null;
  readonly ip: string;
}

type Sender =
  | { readonly kind: 'external' }
  /** Outside, with an address that looks like a pod's. */
  | { readonly kind: 'stray' }
  | { readonly kind: 'pod'; readonly node: string | null; readonly namespace: string; readonly name: string }
  | { readonly kind: 'process'; readonly node: string; readonly namespace: string | null; readonly name: string };

interface Socket {
  readonly service: Service;
  readonly kind: TargetKind;
}

/** Holds every claim of every finding of a case against its probes. */
export function holdCase(recorded: RecordedCase): HeldCase {
  // The recorded objects are all that there are.
  const scene = createClusterScene({ ...recorded.evidence, complete: new Set(READ) }, extrasOf(recorded));
  const seen = recorded.records.map((record) => seenOf(recorded, scene, record));
  const found = flat(runRules(scene, scene.cluster.services).findings);
  const made = found.map((finding) => ({ finding, code: codeOf(finding.rule), claims: finding.claims() }));
  const held = made.flatMap(({ code, claims, finding }) => {
    const isDoubted = finding.apartFrom.length > 0;
    return claims.flatMap((claim) => seen.flatMap((one) => hold({ scene, code, claim, isDoubted }, one, recorded.name)));
  });
  const losing = made.flatMap(({ claims }) => claims.filter(({ outcome }) => SILENT.has(outcome.kind)));
  const lost = seen.filter(
    (one) =>
      one.client.kind === 'external' &&
      isLost(one.record) &&
      ownerOf(one) !== null &&
      one.sockets.some(isOutside) &&
      !isHostsAnswer(scene, one),
  );
  const unexplained = lost.filter((one) => !losing.some((claim) => isAbout(scene, claim, one)));
  return {
    findings: tally(made.map(({ code }) => code)),
    claims: tally(made.flatMap(({ code, claims }) => claims.map(() => code))),
    held,
    unexplained: unexplained.map((one) => `${recorded.name} ${ownerOf(one)}: ${textOf(one)}`),
    explained: lost.length - unexplained.length,
    untoldMasquerades: seen.filter((one) => isUntold(scene, found, one)).map((one) => `${recorded.name} ${ownerOf(one)}: ${textOf(one)}`),
  };
}

function isUntold({ plane }: ClusterScene, found: readonly RawFinding[], one: Seen): boolean {
  const [socket] = one.sockets;
  const key = ownerOf(one);
  const { outcomes } = one.record;
  if (one.client.kind !== 'external' || key === null || socket?.kind !== 'nodePort' || plane !== 'known') return false;
  if (socket.service.externalTrafficPolicy !== 'Cluster' || !outcomes.some(({ snat }) => snat === true)) return false;
  return !found.some(({ rule, service }) => rule.id === 'snat-hides-client-ip' && service !== null && serviceKey(service) === key);
}

/** Where a node serves no node ports, or the Service not that family, the host refuses UDP as it would anywhere. */
function isHostsAnswer(scene: ClusterScene, { record, entry, sockets }: Seen): boolean {
  const [socket] = sockets;
  if (entry === null || socket === undefined || record.protocol !== 'udp' || sockets.some(({ kind }) => kind !== 'nodePort')) return false;
  const family = record.family === 6 ? 6 : 4;
  return isUnserved(scene.scene(socket.service), entry, family) || socket.service.clusterIPs.every((ip) => familyOf(ip) !== family);
}

function isOutside({ service, kind }: Socket): boolean {
  return kind !== 'clusterIP' && (kind !== 'loadBalancerIP' || service.sourceRanges.length === 0);
}

/** What the nodes' rules show, where they are given. */
function extrasOf({ evidence }: RecordedCase): SceneExtras {
  if (evidence.nodeFiles.length === 0) return {};
  const { cluster, dataplane } = createClusterScene(evidence);
  const verified = verifyAll(evidence, null);
  const first = verified.nodeGroups.map(({ sample }) => sample);
  return { verified, follow: createFollow({ evidence, cluster, dataplane }, first) };
}

const SILENT: ReadonlySet<ClaimedOutcome['kind']> = new Set(['dropped', 'refused', 'unanswered', 'partly-unanswered']);

function flat(findings: readonly RawFinding[]): RawFinding[] {
  return findings.flatMap((finding) => [finding, ...flat(finding.folded)]);
}

function tally(codes: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const code of codes) found.set(code, (found.get(code) ?? 0) + 1);
  return found;
}

// ---- the probe -------------------------------------------------------------------------------

function seenOf(recorded: RecordedCase, scene: ClusterScene, record: ProbeRecord): Seen {
  const ip = canonicalIp(record.ip) ?? record.ip;
  const { cluster } = scene;
  const owner = cluster.nodes.find((node) => [...node.internalIPs, ...node.externalIPs].includes(ip)) ?? null;
  const entry = owner ?? cluster.nodeByName.get(record.via ?? '') ?? null;
  return { record, ip, entry, client: senderOf(recorded, scene, record), sockets: socketsOf(cluster, record, { ip, owner }) };
}

function senderOf(recorded: RecordedCase, { cluster, dataplane }: ClusterScene, record: ProbeRecord): Sender {
  const member = recorded.members.get(record.from);
  if (member?.kind === 'node') return { kind: 'process', node: record.from, namespace: null, name: record.from };
  if (member?.kind === 'pod') {
    const pod = cluster.pods.find(({ namespace, name }) => namespace === member.namespace && name === record.from);
    const named = { namespace: member.namespace ?? 'default', name: record.from };
    if (pod?.hostNetwork === true && pod.node !== null) return { kind: 'process', node: pod.node, ...named };
    return { kind: 'pod', node: pod?.node ?? null, ...named };
  }
  const own = member?.addresses.filter((address) => address.includes(':') === (record.family === 6)) ?? [];
  const addresses = record.bind === undefined ? own : [record.bind];
  const detectors = dataplane.classes.flatMap(({ candidates }) => candidates.flatMap(({ detector }) => [detector[4], detector[6]]));
  const networks = [
    ...detectors.flatMap((one) => (one.kind === 'cidr' ? [one.cidr] : [])),
    ...cluster.nodes.flatMap(({ podCidrs }) => podCidrs),
  ];
  return addresses.some((address) => networks.some((network) => network.contains(address))) ? { kind: 'stray' } : { kind: 'external' };
}

/** What a Service serves at the probe's address and port. */
function socketsOf(cluster: Cluster, record: ProbeRecord, { ip, owner }: { readonly ip: string; readonly owner: Node | null }): Socket[] {
  return cluster.services.flatMap((service): Socket[] => {
    if (service.unproxied !== null) return [];
    const ports = service.ports.filter(({ protocol }) => protocol === record.protocol.toUpperCase());
    const kinds: TargetKind[] = [];
    if (ports.some(({ port }) => port === record.port)) {
      if (service.clusterIPs.includes(ip)) kinds.push('clusterIP');
      if (service.externalIPs.includes(ip)) kinds.push('externalIP');
      if (service.ingress.some((entry) => entry.ip === ip)) kinds.push('loadBalancerIP');
    }
    if (owner !== null && ports.some(({ nodePort }) => nodePort === record.port)) kinds.push('nodePort');
    return kinds.map((kind) => ({ service, kind }));
  });
}

/** The only Service at the probe's address and port; null: there is none, or several. */
function ownerOf({ sockets }: Seen): string | null {
  const keys = new Set(sockets.map(({ service }) => serviceKey(service)));
  const [only] = keys;
  return only === undefined || keys.size > 1 ? null : only;
}

// ---- whether a claim is about it -------------------------------------------------------------

function isAbout(scene: ClusterScene, { from, to }: FlowClaim, seen: Seen): boolean {
  return isSender(from, seen, to.service) && isTarget(scene, to, seen);
}

function isSender(claimed: ClaimedClient, { client, record }: Seen, service: Service): boolean {
  switch (claimed.kind) {
    case 'external':
      return client.kind === 'external';
    case 'pod':
      return client.kind === 'pod' && client.node !== null && (claimed.nodes?.includes(client.node) ?? true) && !isBackend(client, service);
    case 'this-pod':
      return 'namespace' in client && client.namespace === claimed.namespace && client.name === claimed.name;
    case 'process':
      return client.kind === 'process' && claimed.nodes.includes(client.node) && record.bind === undefined;
  }
}

function isLeftToBalancer({ ingress }: Service, address: string): boolean {
  return ingress.every(({ ip, ipMode }) => ip !== address || ipMode === 'Proxy');
}

function isBackend(client: { readonly namespace: string; readonly name: string }, { ports }: Service): boolean {
  return ports.some(({ endpoints }) => endpoints.some(({ pod }) => pod?.namespace === client.namespace && pod.name === client.name));
}

function isTarget({ cluster }: ClusterScene, to: ClaimedTarget, seen: Seen): boolean {
  const { record, ip, entry, client, sockets } = seen;
  if (to.addresses !== null && !to.addresses.includes(ip)) return false;
  return to.slots.some(({ port, family }) => {
    if (family !== record.family || port.protocol !== record.protocol.toUpperCase()) return false;
    // An address that no socket is known for, such as a node's loopback.
    if (sockets.length === 0)
      return client.kind === 'process' && to.addresses !== null && to.kinds.includes('nodePort') && port.nodePort === record.port;
    if (ownerOf(seen) !== serviceKey(to.service)) return false;
    return sockets.some(({ kind }) => {
      if (!to.kinds.includes(kind) || (kind === 'loadBalancerIP' && to.addresses === null && isLeftToBalancer(to.service, ip)))
        return false;
      if (record.port !== (kind === 'nodePort' ? port.nodePort : port.port)) return false;
      if (kind !== 'nodePort') return to.nodes === null || client.kind !== 'external' || (entry !== null && to.nodes.includes(entry.name));
      if (entry === null || !(to.nodes?.includes(entry.name) ?? true)) return false;
      return to.addresses !== null || ip === nodeIp(cluster.nodeByName.get(entry.name) ?? entry, family);
    });
  });
}

// ---- whether it holds ------------------------------------------------------------------------

interface Claimed {
  readonly scene: ClusterScene;
  readonly code: string;
  readonly claim: FlowClaim;
  readonly isDoubted: boolean;
}

function hold({ scene, code, claim, isDoubted }: Claimed, seen: Seen, name: string): Held[] {
  if (!isAbout(scene, claim, seen)) return [];
  const known = agreesWith(claim.outcome, seen.record.outcomes);
  // With session affinity the same sender always meets the same fate, of several.
  const isOneOfSeveral = claim.outcome.kind === 'partly-unanswered' && claim.to.service.affinitySeconds !== null;
  const agrees = isOneOfSeveral && known === false ? null : known;
  return agrees === null
    ? []
    : [
        {
          code,
          agrees,
          isDoubted,
          about: `${code} ${name} ${serviceKey(claim.to.service)}: ${textOf(seen)}; claimed: ${claimText(claim.outcome)}`,
        },
      ];
}

type Outcome = ProbeRecord['outcomes'][number];

/** Null: nothing of what happened decides it. */
function agreesWith(claimed: ClaimedOutcome, outcomes: readonly Outcome[]): boolean | null {
  switch (claimed.kind) {
    case 'dropped':
      return outcomes.every(isDropped);
    case 'refused':
      return outcomes.every(({ result }) => result === 'refused');
    case 'unanswered':
      return outcomes.every(({ result }) => result !== 'delivered');
    case 'partly-unanswered':
      return outcomes.some(({ result }) => result !== 'delivered');
    case 'delivered':
      return outcomes.every(({ result }) => result === 'delivered');
    case 'masqueraded': {
      const reached = reaching(outcomes, claimed.pods);
      const isFrom = (address: string | undefined): boolean =>
        claimed.seen === null || claimed.seen.includes(canonicalIp(address ?? '') ?? '');
      return reached.length === 0 ? null : reached.every(({ snat, seen }) => snat === true && isFrom(seen));
    }
    case 'preserved': {
      const reached = reaching(outcomes, claimed.pods);
      return reached.length === 0 ? null : reached.every(({ snat }) => snat !== true);
    }
  }
}

function reaching(outcomes: readonly Outcome[], pods: readonly string[] | null): Outcome[] {
  return outcomes.filter(({ server }) => server !== undefined && (pods?.includes(server) ?? true));
}

/** What left the cluster was not discarded in it; a sender's own kernel that discards UDP says so at once. */
function isDropped({ result, how }: Outcome): boolean {
  return (result === 'timeout' && how !== 'left-the-cluster') || (result === 'error' && how === 'EPERM');
}

/** Nothing came of it, and it was a rule that saw to that: a reset is the host's own. */
function isLost({ outcomes }: ProbeRecord): boolean {
  return outcomes.every((outcome) => isDropped(outcome) || (outcome.result === 'refused' && outcome.how !== 'tcp-reset'));
}

function textOf({ record, entry, sockets }: Seen): string {
  const via = record.via === undefined ? '' : ` via ${entry?.name ?? record.via}`;
  const kinds = [...new Set(sockets.map(({ kind }) => kind))].join('/');
  const outcomes = record.outcomes.map(({ result, server, seen, snat, how }) =>
    [result, server, seen, snat === true ? '(snat)' : undefined, how].filter((word) => word !== undefined).join(' '),
  );
  return `${record.from}${via} → ${record.ip} (${kinds}${entry === null ? '' : ` at ${entry.name}`}) ${record.port}/${record.protocol}: ${outcomes.join('; ')}`;
}

function claimText(outcome: ClaimedOutcome): string {
  return 'seen' in outcome && outcome.seen !== null ? `${outcome.kind} to ${outcome.seen.join(', ')}` : outcome.kind;
}
