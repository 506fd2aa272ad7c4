import type { Branch, Client } from '../../analysis/report.ts';
import type { VerifiedFate, VerifiedFlow } from '../../analysis/verify-report.ts';
import { hostPort } from '../../net/ip.ts';
import { nameList } from '../words.ts';

export type DisagreeingFlow = VerifiedFlow;

/** Every node that a flow is known to touch. */
export function nodesOf({ from, via, to, predicted, traced }: DisagreeingFlow): readonly string[] {
  const ends = [...predicted.branches, ...traced.branches].map(({ endpoint }) => endpoint?.node ?? null);
  return [from.node, via, to.node, ...ends].filter((name) => name !== null && name !== undefined);
}

/** What was to be answered is not. */
export function isLost({ predicted, traced }: DisagreeingFlow): boolean {
  return predicted.verdict === 'delivered' && traced.verdict !== 'delivered';
}

/** `pods on node1 to clusterIP 10.96.0.1:80/TCP`. */
export function travels({ from, via, to }: DisagreeingFlow): string {
  const where = via === null ? '' : ` through ${via}`;
  return `${clientText(from)} to ${to.kind} ${hostPort(to.address, to.port)}/${to.protocol}${where}`;
}

function clientText({ kind, name, namespace, node, address }: Client): string {
  if (kind === 'external') return address === null ? 'clients outside' : `the client ${address}`;
  if (kind === 'node') return `processes of ${node}`;
  return name === null ? `pods on ${node}` : `pod ${namespace}/${name}`;
}

/** What the rules make of it, and what was predicted. */
export function otherwise({ predicted, traced }: DisagreeingFlow): string {
  const because = traced.because.map(({ text, rule }) => (rule === null ? text : `${text}: ${rule}`)).slice(0, 1);
  return [`the rules make it ${fateText(traced)}, predicted was ${fateText(predicted)}`, ...because].join('; ');
}

function fateText({ verdict, branches }: VerifiedFate): string {
  const ends = [...new Set(branches.map(branchText))];
  return verdict === 'delivered' || verdict === 'partial' ? `${verdict} (${nameList(ends.slice(0, 4))})` : verdict;
}

function branchText({ outcome, endpoint, source }: Branch): string {
  if (endpoint === null) return outcome;
  const seen = source === null ? '' : source.kind === 'preserved' ? ', source kept' : `, source ${source.address ?? 'rewritten'}`;
  return `${outcome === 'delivered' ? '' : `${outcome} `}${endpoint.pod ?? hostPort(endpoint.address, endpoint.port)}${seen}`;
}
