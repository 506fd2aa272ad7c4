import type { Client, Flow, Target } from '../analysis/report.ts';
import { hostPort } from '../net/ip.ts';

const KIND_WORDS = {
  clusterIP: 'clusterIP',
  nodePort: 'nodePort',
  externalIP: 'external IP',
  loadBalancerIP: 'load balancer IP',
  healthCheckNodePort: 'health check',
  other: 'other',
} as const satisfies Record<Target['kind'], string>;

export function kindWord(kind: Target['kind']): string {
  return KIND_WORDS[kind];
}

/** A client by its name and where it runs. */
export function clientLabel(from: Client): string {
  if (from.kind === 'external') return ['outside', externalName(from)].filter((part) => part !== '').join(' ');
  if (from.kind === 'node') return `node ${from.name ?? from.node ?? 'unknown'}`;
  const where = from.node === null ? '' : ` on ${from.node}`;
  const host = from.hostNetwork === true ? ' (host network)' : '';
  if (from.name === null) return `a pod${where}${host}`;
  return `pod ${from.namespace === null ? '' : `${from.namespace}/`}${from.name}${where}${host}`;
}

/** What tells an external client from others: its name or its address; empty for "anyone". */
export function externalName(from: Client): string {
  const name = from.name === null || from.name === 'external' || from.name === 'outside' ? '' : from.name;
  if (from.address === null || from.address === name) return name;
  return name === '' ? from.address : `${name} (${from.address})`;
}

/** `nodePort node1 172.18.0.11:30080`, with the protocol unless it is TCP. */
function targetLabel(to: Target): string {
  const node = to.node === null ? '' : `${to.node} `;
  return `${kindWord(to.kind)} ${node}${hostPort(to.address, to.port)}${protocolSuffix(to)}`;
}

export function flowTarget(flow: Flow): string {
  return flow.via === null ? targetLabel(flow.to) : `${targetLabel(flow.to)} via ${flow.via}`;
}

export function protocolSuffix(to: Target): string {
  return to.protocol === 'TCP' ? '' : `/${to.protocol}`;
}

/** ` (http)` for a named Service port. */
export function portSuffix(servicePort: string | null): string {
  return servicePort === null || /^\d+$/.test(servicePort) ? '' : ` (${servicePort})`;
}
