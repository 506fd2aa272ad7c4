import type { DataplaneEntry, PortSummary, ServiceReport } from '../analysis/report.ts';
import { count, plural, unique } from './text.ts';

const PORTS = 3;

/** What is being told about, in parts. */
export interface Title {
  /** Name, type and ports, policies. */
  readonly service: readonly string[];
  readonly dataplane: readonly string[];
}

export function titleOf(report: ServiceReport): Title {
  const { service } = report;
  const policy = service.externalTrafficPolicy === null ? [] : [`externalTrafficPolicy ${service.externalTrafficPolicy}`];
  const internal = service.internalTrafficPolicy === 'Local' ? ['internalTrafficPolicy Local'] : [];
  const affinity = service.sessionAffinitySeconds === null ? [] : [`session affinity ${service.sessionAffinitySeconds}s`];
  const head = [`${service.namespace}/${service.name}`, `${service.type} ${portList(service.ports)}`.trim()];
  return { service: [...head, ...policy, ...internal, ...affinity], dataplane: dataplanes(report.dataplane) };
}

/** `kube-proxy 1.33.4 iptables`. */
export function dataplaneName(entry: DataplaneEntry): string {
  if (entry.implementation === 'unknown') return 'data plane unknown';
  if (entry.implementation === 'none') return 'no data plane found';
  return [entry.implementation, entry.version?.replace(/^v(?=\d)/, ''), entry.mode]
    .filter((part) => part !== null && part !== undefined)
    .join(' ');
}

function portList(ports: readonly PortSummary[]): string {
  const shown = ports.slice(0, PORTS).map((port) => `${port.port}${port.nodePort === null ? '' : `:${port.nodePort}`}/${port.protocol}`);
  const more = ports.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` (+${count(more)} more)` : '');
}

function dataplanes(entries: readonly DataplaneEntry[]): string[] {
  const nodes = new Map<string, number>();
  for (const entry of entries) nodes.set(dataplaneName(entry), (nodes.get(dataplaneName(entry)) ?? 0) + entry.nodes.length);
  const names = [...nodes.keys()];
  const told = names.length > 1 ? names.map((name) => `${name} on ${plural(nodes.get(name) ?? 0, 'node')}`) : names;
  const cnis = unique(entries.map((entry) => entry.cni).filter((cni) => cni !== null));
  return [...told, ...(cnis.length === 0 ? [] : [cnis.join(' and ')])];
}
