import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClient, parseTarget, type Question } from '../../src/analysis/question.ts';
import { trace } from '../../src/analysis/trace.ts';
import type { TracedHop, TracedStep, TracedWay } from '../../src/analysis/trace-report.ts';
import { type Asked, askCase, loadCase, type ProbeRecord, type RecordedCase } from './cases.ts';

/** What a node's kernel reported of a packet, and of its answer: `TABLE CHAIN LINE VERDICT`, LINE being that of the node's dump, or `policy`. */
interface NodePath {
  readonly request: readonly string[];
  readonly answer: readonly string[];
  /** `TABLE CHAIN` of base chains that iptables-nft-save prints and the kernel does not have. */
  readonly absent: readonly string[];
}

type KernelPath = Readonly<Record<string, NodePath>>;

type TracedRecord = ProbeRecord & { readonly kernel: KernelPath };

/** A cluster with packets that its kernel traced. */
export interface KernelCase extends RecordedCase {
  readonly records: readonly TracedRecord[];
}

/** How the program's path compares with the kernel's. */
export interface Compared {
  readonly about: string;
  /** `hidden`: different where a setting matters that no dump shows. */
  readonly grade: 'equal' | 'undetermined' | 'hidden' | 'different';
  /** Rules that the kernel reported. */
  readonly steps: number;
  /** Whether the answer was held against the kernel's too. */
  readonly answer: boolean;
  /** Where the paths part, for a reader. */
  readonly detail: string;
}

/** The cluster of a folder, with the packets of one file instead of its own outcomes. */
export function loadKernelCase(folder: string, packets: string): KernelCase {
  const records = JSON.parse(readFileSync(packets, 'utf8')) as readonly TracedRecord[];
  return { ...loadCase(folder, { nodeFiles: true }), records };
}

/** Holds the path of every packet against what the kernel reported: it has to be one of the ways, rule by rule. */
export function compareCase(recorded: KernelCase): Compared[] {
  return askCase(recorded).map((asked) => comparePacket(recorded, asked));
}

function comparePacket(recorded: KernelCase, asked: Asked): Compared {
  const { kernel } = asked.record as TracedRecord;
  const { ways } = trace(recorded.evidence, questionOf(asked), { whyNot: null });
  const seen = { request: listOf(kernel, 'request'), answer: listOf(kernel, 'answer') };
  const found = ways.map((way) => ({ way, request: pathOf(way.request, kernel), answer: answerOf(way, kernel) }));
  const sameRequest = found.filter(({ request }) => same(request, seen.request));
  const equal = sameRequest.find(({ answer }) => answer === null || same(answer, seen.answer));
  const steps = seen.request.length + seen.answer.length;
  const base = { about: asked.about, steps };
  if (equal !== undefined) return { ...base, grade: 'equal', answer: equal.answer !== null, detail: '' };
  const open = found.find(({ way, request }) => way.outcome === 'unknown' && isPrefix(request, seen.request));
  if (open !== undefined) return { ...base, grade: 'undetermined', answer: false, detail: open.way.end };
  const [first] = sameRequest;
  const nearest = found.reduce((best, each) => (common(each.request, seen.request) > common(best.request, seen.request) ? each : best));
  const detail =
    first === undefined
      ? parting(recorded, 'request', nearest.request, seen.request)
      : parting(recorded, `answer (${first.way.end})`, first.answer ?? [], seen.answer);
  return { ...base, grade: recorded.decidable === 'neither' ? 'hidden' : 'different', answer: false, detail };
}

function questionOf({ record, service, flow }: Asked): Question {
  if (flow === undefined) throw new Error('no flow');
  const { namespace, name } = service.metadata;
  const { from, via } = flow;
  const sender =
    from.kind === 'external'
      ? `external=${from.address}`
      : from.kind === 'node'
        ? `node/${from.name}`
        : `pod/${from.namespace}/${from.name}`;
  const target = `${record.family === 6 ? `[${record.ip}]` : record.ip}:${record.port}/${record.protocol}`;
  return {
    namespace,
    name,
    from: [parseClient(sender, namespace)],
    to: [parseTarget(target)],
    via: via === null ? [] : [via],
    port: null,
  };
}

/** The nodes in one order: which of two nodes was first shows in what they did, not in their reports. */
function listOf(kernel: KernelPath, way: 'request' | 'answer'): readonly string[] {
  return Object.keys(kernel)
    .sort()
    .flatMap((node) => (kernel[node]?.[way] ?? []).map((step) => `${node} ${step}`));
}

function pathOf(hops: readonly TracedHop[], kernel: KernelPath): readonly string[] {
  const nodes = [...new Set(hops.map(({ node }) => node))].sort();
  return nodes.flatMap((node) => {
    const absent = new Set((kernel[node]?.absent ?? []).map((chain) => `${chain} policy ACCEPT`));
    const steps = hops.filter((hop) => hop.node === node).flatMap((hop) => hop.steps.flatMap(stepText));
    return steps.filter((step) => !absent.has(step)).map((step) => `${node} ${step}`);
  });
}

/** Null where the program follows no answer: nothing but an endpoint of a Service is known to answer. */
function answerOf({ outcome, reply }: TracedWay, kernel: KernelPath): readonly string[] | null {
  return outcome === 'delivered' || outcome === 'no-reply' ? pathOf(reply, kernel) : null;
}

const VERDICTS: Readonly<Record<string, string>> = {
  return: 'RETURN',
  accept: 'ACCEPT',
  drop: 'DROP',
  reject: 'DROP',
  dnat: 'ACCEPT',
  snat: 'ACCEPT',
  mark: 'CONTINUE',
  connmark: 'CONTINUE',
  notrack: 'CONTINUE',
  nothing: 'CONTINUE',
};

function stepText({ kind, table, chain, lineNumber, text, effect }: TracedStep): readonly string[] {
  if (kind === 'policy') return [`${table} ${chain} policy ${effect === 'drop' ? 'DROP' : 'ACCEPT'}`];
  // Beyond a target that is not understood the path is open.
  if (kind !== 'rule' || effect === 'unknown') return [];
  const target = / -[jg] (\S+)/.exec(text)?.[1] ?? '';
  const verdict = effect === 'jump' || effect === 'goto' ? `${effect.toUpperCase()}:${target}` : (VERDICTS[effect ?? ''] ?? String(effect));
  return [`${table} ${chain} ${lineNumber} ${verdict}`];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && isPrefix(a, b);
}

function isPrefix(a: readonly string[], b: readonly string[]): boolean {
  return common(a, b) === a.length;
}

function common(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((step, index) => step !== b[index]);
  return at === -1 ? a.length : at;
}

function parting(recorded: KernelCase, what: string, mine: readonly string[], kernel: readonly string[]): string {
  const at = common(mine, kernel);
  const show = (path: readonly string[]): string =>
    path
      .slice(at, at + 3)
      .map((step) => withRule(recorded, step))
      .join('\n            ') || 'nothing';
  return `${what}, after ${at} equal steps\n   program: ${show(mine)}\n   kernel:  ${show(kernel)}`;
}

/** The step with the rule's text; it is in the dump of one of the families. */
function withRule({ evidence }: RecordedCase, step: string): string {
  const [node, , chain, line] = step.split(' ');
  const texts = evidence.nodeFiles.filter((file) => file.node === node && file.format.endsWith('tables-save'));
  const found = texts.map(({ text }) => text.split('\n')[Number(line) - 1]).find((text) => text?.startsWith(`-A ${chain} `));
  return found === undefined ? step : `${step}: ${found}`;
}

const PACKETS = 'kernel-trace.json';

/** Whether a folder holds a cluster with its packets; a cluster that failed has none. */
export function isRecorded(folder: string): boolean {
  return existsSync(join(folder, PACKETS));
}

/** A cluster's folder with its packets, as the recorder leaves it. */
export function recordedNow(folder: string): KernelCase {
  return loadKernelCase(folder, join(folder, PACKETS));
}
