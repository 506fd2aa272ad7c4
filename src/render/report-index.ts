import type { Client, EndpointRef, Flow, ServiceReport, Target } from '../analysis/report.ts';
import { groupBy, unique } from './text.ts';

/** What the flows of a report tell about its nodes and endpoints, for wording. */
export interface ReportIndex {
  /** Every node that the report names, in natural order. */
  readonly nodes: readonly string[];
  /** The nodes that one stands for: itself, and the first representative of a group also all that have no flows of their own. */
  membersOf(node: string): readonly string[];
  /** The node that has this address, as far as the flows show it. */
  ownerOf(address: string): string | null;
  /** Every endpoint that some flow to this Service port may reach, in the target's family. */
  endpointsOf(target: Target): readonly EndpointRef[];
  isEndpoint(client: Client): boolean;
  /** A node's name without the domain that all nodes share. */
  short(node: string): string;
  /** That domain, with its dot; empty without one. */
  readonly domain: string;
}

export function indexReport(report: ServiceReport): ReportIndex {
  const nodes = nodesOf(report);
  const members = membersByRepresentative(report);
  const owners = addressOwners(report.flows);
  const endpoints = endpointsByPort(report.flows);
  const pods = new Set([...endpoints.values()].flat().map(podKey));
  const domain = sharedDomain(nodes);
  return {
    nodes,
    membersOf: (node) => members.get(node) ?? [node],
    ownerOf: (address) => owners.get(address) ?? null,
    endpointsOf: (target) => endpoints.get(portKey(target)) ?? [],
    isEndpoint: (client) => client.kind === 'pod' && client.name !== null && pods.has(`${client.namespace}/${client.name}`),
    short: (node) => (domain !== '' && node.endsWith(domain) ? node.slice(0, -domain.length) : node),
    domain,
  };
}

export function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** One spelling per endpoint. */
export function endpointKey(endpoint: EndpointRef): string {
  return `${endpoint.address} ${endpoint.port}`;
}

/** `node2` before `node10`; by code unit otherwise, because collation by locale is slow and differs between machines. */
export function naturalOrder(a: string, b: string): number {
  const left = a.split(/(\d+)/);
  const right = b.split(/(\d+)/);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x = '', y = ''] = [left[i], right[i]];
    if (x === y) continue;
    const difference = i % 2 === 1 ? Number(x) - Number(y) : 0;
    return difference !== 0 ? difference : x < y ? -1 : 1;
  }
  return left.length - right.length;
}

function nodesOf(report: ServiceReport): string[] {
  const named = [
    ...report.dataplane.flatMap((entry) => entry.nodes),
    ...(report.nodeGroups ?? []).flatMap((group) => group.nodes),
    ...report.flows.flatMap((flow) => [flow.to.node, flow.via, flow.from.node]),
  ];
  return unique(named.filter((node) => node !== null)).sort(naturalOrder);
}

function membersByRepresentative(report: ServiceReport): Map<string, readonly string[]> {
  const members = new Map<string, readonly string[]>();
  for (const group of report.nodeGroups ?? []) {
    const representatives = new Set(group.representatives);
    const others = group.nodes.filter((node) => !representatives.has(node));
    group.representatives.forEach((node, i) => {
      members.set(node, i === 0 ? [node, ...others] : [node]);
    });
  }
  return members;
}

function addressOwners(flows: readonly Flow[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { to } of flows) if (to.node !== null) owners.set(to.address, to.node);
  return owners;
}

function endpointsByPort(flows: readonly Flow[]): Map<string, EndpointRef[]> {
  const byPort = new Map<string, EndpointRef[]>();
  for (const [key, group] of groupBy(flows, (flow) => portKey(flow.to))) {
    const found = new Map<string, EndpointRef>();
    for (const branch of group.flatMap((flow) => flow.branches)) {
      if (branch.endpoint !== null) found.set(endpointKey(branch.endpoint), branch.endpoint);
    }
    byPort.set(key, [...found.values()]);
  }
  return byPort;
}

function portKey(target: Target): string {
  return `${target.servicePort ?? target.port} ${target.protocol} ${familyOf(target.address)}`;
}

function podKey(endpoint: EndpointRef): string {
  return `${endpoint.namespace}/${endpoint.pod}`;
}

function sharedDomain(nodes: readonly string[]): string {
  const first = nodes[0] ?? '';
  const dot = first.indexOf('.');
  if (nodes.length < 2 || dot <= 0) return '';
  const domain = first.slice(dot);
  return nodes.every((node) => node.endsWith(domain) && node.length > domain.length) ? domain : '';
}
