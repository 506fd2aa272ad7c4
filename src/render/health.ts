import type { Flow, LoadBalancerView, ServiceReport } from '../analysis/report.ts';
import { naturalOrder, type ReportIndex } from './report-index.ts';
import { count, groupBy, plural } from './text.ts';

/** Lines about the health check and the load balancer: a label and what stands behind it. */
export interface LabelledLine {
  readonly label: string;
  readonly text: string;
}

export interface Signs {
  readonly dot: string;
  readonly arrow: string;
  readonly ellipsis: string;
}

const FEW_NODES = 8;
const NAMED_NODES = 2;

/** `health check :31000   node1 200 · node2 503 → a load balancer keeps 1 of 2 nodes`. */
export function healthLine(report: ServiceReport, index: ReportIndex, signs: Signs): LabelledLine[] {
  const status = statusByNode(report, index);
  const port = report.loadBalancer?.healthCheck.port ?? report.service.healthCheckNodePort;
  if (status.size === 0) return [];
  const kept = keptNodes(report.loadBalancer, status, index);
  const label = `health check${port === null ? '' : ` :${port}`}`;
  return [{ label, text: `${statusText(status, index, signs)}${kept === '' ? '' : ` ${signs.arrow} ${kept}`}` }];
}

/** What each node's health check answers: `200`, `503`, or the verdict where nothing answers. */
function statusByNode(report: ServiceReport, index: ReportIndex): Map<string, string> {
  const status = new Map<string, string>();
  for (const flow of report.flows.filter(({ to }) => to.kind === 'healthCheckNodePort')) {
    const node = flow.to.node ?? flow.via;
    if (node !== null && (flow.from.kind === 'external' || !status.has(node))) setAll(status, index.membersOf(node), healthWord(flow));
  }
  for (const { node, httpStatus } of checkedNodes(report)) {
    if (httpStatus !== null) setAll(status, [node], String(httpStatus));
  }
  return status;
}

/** The load balancer's nodes, if it is known to ask them. */
export function checkedNodes({ loadBalancer }: ServiceReport): LoadBalancerView['nodes'] {
  return loadBalancer === undefined || loadBalancer.healthCheck.what === 'none' ? [] : loadBalancer.nodes;
}

function healthWord(flow: Flow): string {
  const answer = flow.branches.find((branch) => branch.httpStatus !== undefined)?.httpStatus;
  return answer === undefined ? flow.verdict : String(answer);
}

function setAll(status: Map<string, string>, nodes: readonly string[], word: string): void {
  for (const node of nodes) status.set(node, word);
}

function statusText(status: ReadonlyMap<string, string>, index: ReportIndex, signs: Signs): string {
  const nodes = [...status.keys()].sort(naturalOrder);
  if (nodes.length <= FEW_NODES) return nodes.map((node) => `${index.short(node)} ${status.get(node)}`).join(signs.dot);
  const groups = [...groupBy(nodes, (node) => status.get(node) ?? '')];
  return groups
    .map(([word, group]) => `${word} on ${plural(group.length, 'node')} (${someOf(group.map(index.short), signs)})`)
    .join(signs.dot);
}

function someOf(names: readonly string[], { ellipsis }: Signs): string {
  return names.length <= NAMED_NODES + 1 ? names.join(', ') : `${names.slice(0, NAMED_NODES).join(', ')}, ${ellipsis}`;
}

function keptNodes(balancer: LoadBalancerView | undefined, status: ReadonlyMap<string, string>, index: ReportIndex): string {
  if (balancer === undefined || balancer.nodes.length === 0) {
    const healthy = [...status.values()].filter((word) => word === '200').length;
    return `a load balancer keeps ${healthy} of ${plural(status.size, 'node')}`;
  }
  return rotation(balancer, index);
}

/** `keeps 2 of 4 nodes`; the number of undecided ones is said, too. */
export function rotation(balancer: LoadBalancerView, index: ReportIndex): string {
  const told = new Set(balancer.nodes.map(({ node }) => node));
  const weight = (node: string): number => index.membersOf(node).filter((member) => member === node || !told.has(member)).length;
  const total = (wanted: boolean | null): number =>
    balancer.nodes.filter(({ inRotation }) => inRotation === wanted).reduce((sum, { node }) => sum + weight(node), 0);
  const [kept, left, unknown] = [total(true), total(false), total(null)];
  if (kept + left === 0) return unknown === 0 ? '' : 'which nodes a load balancer keeps is not known';
  const open = unknown === 0 ? '' : `, ${count(unknown)} not known`;
  return `a load balancer keeps ${count(kept)} of ${plural(kept + left + unknown, 'node')}${open}`;
}
