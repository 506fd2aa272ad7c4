import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../src/analysis/explain.ts';
import { parseClient, parseTarget } from '../../src/analysis/question.ts';
import type { Branch, Flow } from '../../src/analysis/report.ts';
import { createTracer } from '../../src/analysis/traced-flow.ts';
import type { Evidence, NodeFile } from '../../src/cluster/evidence.ts';
import type { Kind, KubeObject } from '../../src/cluster/objects.ts';
import { slim } from '../../src/cluster/slim.ts';
import { canonicalIp } from '../../src/net/ip.ts';

/** A recorded case: a cluster's objects, and what a real kernel with that cluster's rules did to each probe. */
export interface RecordedCase {
  readonly name: string;
  readonly evidence: Evidence;
  readonly services: readonly RawService[];
  readonly records: readonly ProbeRecord[];
  readonly members: ReadonlyMap<string, Member>;
  readonly decidable: string;
  readonly mode: string | null;
}

interface RawService {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly clusterIPs: readonly string[];
    readonly externalIPs?: readonly string[];
    readonly ports: readonly { readonly port: number; readonly protocol: string; readonly nodePort?: number }[];
    readonly sessionAffinity: string;
  };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string }[] } };
}

interface Member {
  readonly kind: 'node' | 'pod' | 'client';
  readonly namespace?: string;
  readonly addresses: readonly string[];
}

export interface ProbeRecord {
  readonly from: string;
  readonly to: string;
  readonly ip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly family: number;
  readonly via?: string;
  readonly bind?: string;
  readonly outcomes: readonly {
    readonly result: string;
    readonly server?: string;
    readonly seen?: string;
    readonly snat?: boolean;
    readonly how?: string;
    readonly by?: string;
  }[];
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function caseFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort()
    .map((name) => join(root, name))
    .filter((path) => existsSync(join(path, 'outcomes.json')));
}

const NODE_FILES: Readonly<Record<string, NodeFile['format']>> = {
  'iptables-save.txt': 'iptables-save',
  'ip6tables-save.txt': 'ip6tables-save',
  'nft-ruleset.txt': 'nft',
  'ip-addr.json': 'ip-addr',
  'ip-route.json': 'ip-route',
};

/** What the nodes of a case printed. */
function nodeFilesOf(path: string): NodeFile[] {
  const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: node }) => {
    const found = readdirSync(join(path, node)).flatMap((name): NodeFile[] => {
      const format = NODE_FILES[name];
      const file = join(path, node, name);
      return format === undefined ? [] : [{ node, format, path: file, text: readFileSync(file, 'utf8') }];
    });
    return [...found, ...emptyDumps(found, node, path)];
  });
}

/** A recording leaves out the dumps that were empty. */
function emptyDumps(found: readonly NodeFile[], node: string, path: string): NodeFile[] {
  return (['iptables-save', 'ip6tables-save'] as const)
    .filter((format) => !found.some((file) => file.format === format))
    .map((format) => ({ node, format, path: join(path, node, `${format}.txt`), text: '' }));
}

export function loadCase(path: string, { nodeFiles = false } = {}): RecordedCase {
  const items = (json(join(path, 'cluster.json')) as { items: Record<string, unknown>[] }).items;
  const objects = items.map((item) => slim(item)).filter((object): object is KubeObject => object !== null);
  const scenario = json(join(path, 'scenario.json')) as Scenario;
  const meta = json(join(path, 'meta.json')) as { decidable: string; mode: string | null };
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    evidence: {
      origin: `snapshot ${path}`,
      objects,
      complete: new Set(objects.map((object): Kind => object.kind)),
      gaps: [],
      nodeFiles: nodeFiles ? nodeFilesOf(path) : [],
    },
    services: items.filter((item) => item['kind'] === 'Service') as unknown as RawService[],
    records: json(join(path, 'outcomes.json')) as ProbeRecord[],
    members: membersOf(objects, scenario),
    decidable: meta.decidable,
    mode: meta.mode,
  };
}

interface Scenario {
  readonly topology: {
    readonly families?: readonly number[];
    readonly ipv6?: boolean;
    readonly segment?: readonly string[];
    readonly vips?: Readonly<Record<string, string>>;
    readonly clients?: readonly { readonly name: string; readonly attach?: string; readonly ips?: readonly string[] }[];
  };
}

/** Who can send: nodes and pods by their objects, outside clients by the scenario's numbering (.10+k behind the router, .200+k on the segment). */
function membersOf(objects: readonly KubeObject[], scenario: Scenario): Map<string, Member> {
  const found = new Map<string, Member>();
  for (const object of objects) {
    if (object.kind === 'Node')
      found.set(object.metadata.name, { kind: 'node', addresses: (object.status?.addresses ?? []).map((entry) => entry.address) });
    if (object.kind === 'Pod') {
      found.set(object.metadata.name, {
        kind: 'pod',
        namespace: object.metadata.namespace ?? 'default',
        addresses: (object.status?.podIPs ?? []).map((entry) => entry.ip),
      });
    }
  }
  for (const [index, client] of (scenario.topology.clients ?? []).entries()) {
    found.set(client.name, { kind: 'client', addresses: client.ips ?? clientAddresses(client.attach ?? 'router', index, scenario) });
  }
  return found;
}

function clientAddresses(attach: string, index: number, scenario: Scenario): string[] {
  if (attach === 'router') return [`198.51.100.${10 + index}`, `2001:db8:100::${(10 + index).toString(16)}`];
  const [v4 = '172.18.0.0/24', v6 = 'fd00:172:18::/64'] = [
    scenario.topology.segment?.find((net) => !net.includes(':')),
    scenario.topology.segment?.find((net) => net.includes(':')),
  ];
  return [v4.replace(/\d+\/\d+$/, String(200 + index)), v6.replace(/::\/\d+$/, `::${(200 + index).toString(16)}`)];
}

export interface Grade {
  readonly grade: 'agree' | 'no address' | 'undetermined' | 'disagree';
  readonly about: string;
}

/** A probe and what the program says about it. */
export interface Asked {
  readonly record: ProbeRecord;
  readonly service: RawService;
  /** The question in words. */
  readonly about: string;
  readonly flow: Flow | undefined;
}

/** Asks for every probe of a case, in a report of the Service that it belongs to, as a script would. */
export function askCase(recorded: RecordedCase): Asked[] {
  return recorded.records.filter((record) => viaOf(recorded, record) !== 'missing').map((record) => askProbe(recorded, record));
}

/** Holds what the program says about every probe of a case against what the kernel did. */
export function gradeCase(recorded: RecordedCase): Grade[] {
  return askCase(recorded).map(gradeProbe);
}

function askProbe(recorded: RecordedCase, record: ProbeRecord): Asked {
  const service = ownerOf(recorded, record);
  const via = viaOf(recorded, record);
  const { namespace, name } = service.metadata;
  const target = `${record.ip.includes(':') ? `[${record.ip}]` : record.ip}:${record.port}/${record.protocol}`;
  const tools = recorded.evidence.nodeFiles.length > 0 ? { createTracer } : {};
  const question = {
    namespace,
    name,
    from: [parseClient(senderOf(recorded, record), namespace)],
    to: [parseTarget(target)],
    via: via === null ? [] : [via],
    port: null,
  };
  const report = explain(recorded.evidence, question, tools);
  const about = `${recorded.name} ${namespace}/${name}: ${senderOf(recorded, record)}${via === null ? '' : ` via ${via}`} → ${target}`;
  return { record, service, about, flow: report.flows[0] };
}

/** Holds what the nodes' rules say about every probe of a case against what the kernel did. */
export function gradeTraced(recorded: RecordedCase): Grade[] {
  return askCase(recorded).map((asked) => {
    const { flow } = asked;
    return gradeProbe({ ...asked, flow: flow?.traced === undefined ? undefined : { ...flow, ...flow.traced } });
  });
}

function gradeProbe({ record, service, about, flow }: Asked): Grade {
  if (flow === undefined) return { grade: 'disagree', about: `${about}: no flow` };
  const grade = gradeFlow(record, flow, service.spec.sessionAffinity === 'ClientIP');
  return {
    grade,
    about: `${about}\n   kernel: ${record.outcomes.map(outcomeText).join('; ')}\n   report: ${flow.verdict}: ${flow.branches.map(branchText).join('; ')} ${flow.because.map((b) => b.code).join(',')}`,
  };
}

function senderOf(recorded: RecordedCase, record: ProbeRecord): string {
  const member = recorded.members.get(record.from);
  if (member?.kind === 'node') return `node/${record.from}`;
  if (member?.kind === 'pod') return `pod/${member.namespace}/${record.from}`;
  const address = record.bind ?? member?.addresses.find((candidate) => candidate.includes(':') === (record.family === 6));
  return `external=${address}`;
}

function viaOf(recorded: RecordedCase, record: ProbeRecord): string | null | 'missing' {
  if (recorded.members.get(record.from)?.kind !== 'client') return null;
  const owned = [...recorded.members.values()].some(
    (member) => member.kind === 'node' && member.addresses.some((address) => canonicalIp(address) === canonicalIp(record.ip)),
  );
  return owned ? null : (record.via ?? 'missing');
}

function ownerOf(recorded: RecordedCase, record: ProbeRecord): RawService {
  const ip = canonicalIp(record.ip);
  const nodeIps = new Set(
    [...recorded.members.values()].filter((member) => member.kind === 'node').flatMap((member) => member.addresses.map(canonicalIp)),
  );
  const closeness = (service: RawService): number => {
    const { spec, status } = service;
    const asked = (port: { port?: number | undefined; protocol: string }, number: number | undefined): boolean =>
      number === record.port && port.protocol === record.protocol.toUpperCase();
    const own = [...spec.clusterIPs, ...(spec.externalIPs ?? []), ...(status.loadBalancer.ingress ?? []).map((entry) => entry.ip)].some(
      (address) => canonicalIp(address) === ip,
    );
    const byPort = spec.ports.some((port) => asked(port, port.port));
    const byNodePort = spec.ports.some((port) => asked(port, port.nodePort));
    return (
      Number(own && byPort) * 16 +
      Number(own && !nodeIps.has(ip)) * 8 +
      Number(byNodePort) * 4 +
      Number(own) * 2 +
      Number(spec.ports.some((port) => port.nodePort === record.port))
    );
  };
  return recorded.services.reduce((best, service) => (closeness(service) > closeness(best) ? service : best));
}

type Outcome = ProbeRecord['outcomes'][number];

/** The outcomes of a branch that a recorded try may stand for. */
export function kindsOf(record: ProbeRecord, outcome: Outcome): readonly string[] {
  switch (outcome.result) {
    case 'delivered':
    case 'no-reply':
      return [outcome.result];
    case 'refused': {
      const own = record.protocol === 'udp' && canonicalIp(outcome.by ?? '') === canonicalIp(record.ip);
      return outcome.how === 'tcp-reset' || own ? ['rejected', 'unhandled'] : ['rejected'];
    }
    case 'timeout':
      return outcome.how === 'left-the-cluster' ? ['unhandled'] : ['dropped'];
    case 'error':
      return outcome.how === 'EPERM' ? ['dropped'] : ['unhandled'];
    default:
      return ['rejected', 'unhandled'];
  }
}

function gradeFlow(record: ProbeRecord, flow: Flow, affinity: boolean): Grade['grade'] {
  if (flow.verdict === 'undetermined') return 'undetermined';
  const same = (outcome: Outcome, branch: Branch): boolean => {
    if (!kindsOf(record, outcome).includes(branch.outcome)) return false;
    if (branch.outcome !== 'delivered' && branch.outcome !== 'no-reply') return true;
    // Masquerading to the address that the sender has anyway shows in the port only.
    const masqueraded = branch.source?.kind === 'masqueraded' && branch.source.address !== flow.from.address;
    if (outcome.snat !== undefined && outcome.snat !== masqueraded && branch.source?.address !== flow.from.address) return false;
    return (
      branch.endpoint?.pod === outcome.server &&
      (branch.source?.address === null || canonicalIp(branch.source?.address ?? '') === canonicalIp(outcome.seen ?? ''))
    );
  };
  const allSeen = record.outcomes.every((outcome) => flow.branches.some((branch) => same(outcome, branch)));
  const allReal = affinity || flow.branches.every((branch) => record.outcomes.some((outcome) => same(outcome, branch)));
  if (!allSeen || !allReal) return 'disagree';
  return flow.branches.some((branch) => branch.source !== null && branch.source.address === null) ? 'no address' : 'agree';
}

function outcomeText(outcome: Outcome): string {
  return [outcome.result, outcome.server, outcome.seen, outcome.how, outcome.by].filter((word) => word !== undefined).join(' ');
}

function branchText(branch: Branch): string {
  return [branch.outcome, branch.endpoint?.pod, branch.source?.address, branch.then]
    .filter((word) => word !== undefined && word !== null)
    .join(' ');
}
