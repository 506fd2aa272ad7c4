import type { LoadBalancerView, ServiceReport } from '../analysis/report.ts';
import { checkedNodes, type LabelledLine, rotation, type Signs } from './health.ts';
import { naturalOrder, type ReportIndex } from './report-index.ts';
import { count, foldList, groupBy, percent, plural, unique } from './text.ts';
import { endpointName } from './who.ts';

const FEW_PODS = 8;
const FEW_NODES = 8;
const NAMED_NODES = 2;
const EVEN = 0.005;

type Share = LoadBalancerView['shares'][number];

const ARRIVES = {
  nodePort: 'traffic arrives at the nodePort',
  loadBalancerIP: 'traffic arrives at the node under the load balancer IP',
  pod: 'traffic goes straight to the pods',
} as const satisfies Record<NonNullable<LoadBalancerView['target']>, string>;

/** The load balancer in front: who it is, what it sends where, which nodes it leaves out, and how uneven the pods are loaded. */
export function balancerLines(report: ServiceReport, index: ReportIndex, signs: Signs): LabelledLine[] {
  const balancer = report.loadBalancer;
  if (balancer === undefined) return [];
  const checked = checkedNodes(report).some(({ httpStatus }) => httpStatus !== null);
  const told = checked || report.flows.some(({ to }) => to.kind === 'healthCheckNodePort');
  const facts = [...provider(balancer), ...(told ? [] : [healthCheck(balancer), rotation(balancer, index)])];
  return [
    { label: 'load balancer', text: facts.filter((fact) => fact !== '').join(signs.dot) },
    ...outOfRotation(balancer, index),
    ...shareLines(balancer.shares, signs),
  ];
}

function provider({ provider: name, providerEvidence, target }: LoadBalancerView): string[] {
  if (name === null && target === null) return ['neither its provider nor what it sends to the nodes is known'];
  const who = name === null ? 'provider not known' : providerEvidence === null ? name : `${name} (${providerEvidence})`;
  return [who, target === null ? 'what it sends to the nodes is not known' : ARRIVES[target]];
}

/** Where no line of its own names it. */
function healthCheck({ healthCheck: check }: LoadBalancerView): string {
  if (check.what === 'none') return 'no health check known';
  return `health check ${check.what}${check.port === null ? '' : ` :${check.port}`}${check.path}`;
}

function outOfRotation(balancer: LoadBalancerView, index: ReportIndex): LabelledLine[] {
  const out = balancer.nodes.filter(({ inRotation }) => inRotation === false);
  if (out.length === 0) return [];
  const reasons = [...groupBy(out, ({ why }) => why)].map(([why, nodes]) => {
    const members = unique(nodes.flatMap(({ node }) => index.membersOf(node))).sort(naturalOrder);
    return `${foldList(members.map(index.short), members.length <= FEW_NODES ? FEW_NODES : NAMED_NODES)}: ${why}`;
  });
  return [
    {
      label: 'left out',
      text:
        reasons.slice(0, FEW_NODES).join('; ') +
        (reasons.length > FEW_NODES ? `; ${plural(reasons.length - FEW_NODES, 'more reason')}` : ''),
    },
  ];
}

/** Only where pods get different shares: equal ones are what everybody expects. */
function shareLines(shares: readonly Share[], signs: Signs): LabelledLine[] {
  const byPort = [...groupBy(shares, ({ servicePort }) => servicePort)].map(([port, list]) => ({
    port,
    text: isUneven(list) ? shareText(list, signs) : '',
  }));
  const lines = [
    ...groupBy(
      byPort.filter(({ text }) => text !== ''),
      ({ text }) => text,
    ),
  ];
  return lines.map(([text, ports]) => ({
    label: 'share per pod',
    text: `${lines.length > 1 ? `port ${ports.map(({ port }) => port).join(', ')}: ` : ''}${text} (if spread evenly over the nodes it keeps)`,
  }));
}

function isUneven(shares: readonly Share[]): boolean {
  const values = shares.map(({ share }) => share);
  return Math.max(...values) - Math.min(...values) > EVEN;
}

function shareText(shares: readonly Share[], signs: Signs): string {
  const sorted = [...shares].sort((a, b) => b.share - a.share);
  if (sorted.length <= FEW_PODS) return sorted.map(({ endpoint, share }) => `${endpointName(endpoint)} ${percent(share)}`).join(signs.dot);
  const groups = [...groupBy(sorted, ({ share }) => precise(share))];
  const told = groups.slice(0, FEW_PODS).map(([share, list]) => `${plural(list.length, 'pod')} ${share}${list.length > 1 ? ' each' : ''}`);
  return told.join(signs.dot) + (groups.length > FEW_PODS ? `${signs.dot}${count(groups.length - FEW_PODS)} more` : '');
}

function precise(share: number): string {
  return `${Number((share * 100).toPrecision(2))}%`;
}
