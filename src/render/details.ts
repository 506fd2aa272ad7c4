import type { Because, Branch, Client, DataplaneEntry, Flow, ServiceReport } from '../analysis/report.ts';
import { hostPort } from '../net/ip.ts';
import { clientLabel, flowTarget, portSuffix } from './describe.ts';
import { unhandledWord } from './phrase.ts';
import type { ReportIndex } from './report-index.ts';
import { sourceSentence } from './source.ts';
import { foldList, groupBy, percent, plural, unique } from './text.ts';

/** Everything about the flows to one target: clients with the same fate together. */
export interface TargetDetails {
  readonly target: string;
  readonly fates: readonly FateDetails[];
}

export interface FateDetails {
  readonly verdict: Flow['verdict'];
  readonly clients: string;
  readonly branches: readonly string[];
  readonly because: readonly Because[];
}

const BRANCHES = 50;
const CLIENTS = 8;

export function targetDetails(report: ServiceReport, all: boolean): TargetDetails[] {
  const byTarget = groupBy(report.flows, (flow) => `${flowTarget(flow)}${portSuffix(flow.to.servicePort)}`);
  return [...byTarget].map(([target, flows]) => ({ target, fates: fatesOf(flows, all) }));
}

/** Facts about one data plane, each with its value. */
export function dataplaneFacts(entry: DataplaneEntry): string[] {
  const detection = entry.localDetection;
  const how =
    detection === null ? 'not known' : [detection.mode, ...detection.cidrs, detection.interface].filter((part) => part !== null).join(' ');
  const proxy = [
    `local traffic detected by ${how}`,
    `masqueradeAll ${yesNo(entry.masqueradeAll)}`,
    `nodePortAddresses ${entry.nodePortAddresses.length === 0 ? 'default' : entry.nodePortAddresses.join(', ')}`,
  ];
  const cni = `CNI ${entry.cni ?? 'not known'}, masquerades ${yesNo(entry.cniMasquerades)}`;
  return [...(entry.implementation === 'kube-proxy' ? proxy : []), cni];
}

export function nodeList(nodes: readonly string[], index: ReportIndex, all: boolean): string {
  if (nodes.length > 1 && nodes.length === index.nodes.length) return `all ${plural(nodes.length, 'node')}`;
  return all ? nodes.join(', ') : foldList(nodes, CLIENTS);
}

function yesNo(value: boolean | null): string {
  return value === null ? 'not known' : value ? 'yes' : 'no';
}

function fatesOf(flows: readonly Flow[], all: boolean): FateDetails[] {
  const groups = groupBy(flows, (flow) => JSON.stringify([flow.verdict, flow.branches, flow.because]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const branches = all ? first.branches : first.branches.slice(0, BRANCHES);
    const more = first.branches.length - branches.length;
    const texts = branches.map(branchText).filter((text) => text !== first.verdict);
    return [
      {
        verdict: first.verdict,
        clients: clientList(
          group.map(({ from }) => from),
          all,
        ),
        branches: more > 0 ? [...texts, `and ${plural(more, 'more branch', 'more branches')}, all of them in -o json`] : texts,
        because: first.because,
      },
    ];
  });
}

function clientList(clients: readonly Client[], all: boolean): string {
  const labels = unique(clients.map(clientLabel));
  return all ? labels.join(', ') : foldList(labels, CLIENTS);
}

function branchText(branch: Branch): string {
  const told = [ending(branch), branch.source === null ? '' : sourceSentence(branch.source)].filter((part) => part !== '').join(', ');
  return branch.share >= 1 ? told : `${percent(branch.share)} ${told}`;
}

function ending(branch: Branch): string {
  if (branch.httpStatus !== undefined) return `HTTP ${branch.httpStatus}`;
  if (branch.outcome === 'unhandled') return unhandledWord(branch);
  if (branch.endpoint === null) return branch.outcome;
  const { pod, namespace, address, port, node } = branch.endpoint;
  const name = pod === null ? '' : `${namespace === null ? '' : `${namespace}/`}${pod} `;
  const where = node === null ? '' : ` on ${node}`;
  return `${branch.outcome === 'no-reply' ? 'no reply from ' : ''}${name}${hostPort(address, port)}${where}`;
}
