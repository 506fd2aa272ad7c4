import type { Flow } from '../analysis/report.ts';
import { hostPort } from '../net/ip.ts';
import { kindWord, portSuffix, protocolSuffix } from './describe.ts';
import { familyOf } from './report-index.ts';
import { groupBy, unique } from './text.ts';

/** Flows to one target, or to the same port of every node. */
export interface TargetSection {
  /** `nodePort`, `load balancer IP`… */
  readonly kind: string;
  /** What stands behind the kind: `30080/TCP (http)`, `10.96.1.1:80`. */
  readonly end: string;
  /** Whether nodes own the addresses, so that rows are addresses and not ways in. */
  readonly addressed: boolean;
  readonly flows: readonly Flow[];
  /** The node through which a flow enters; empty for anywhere. */
  entryOf(flow: Flow): string;
}

const KIND_ORDER: readonly Flow['to']['kind'][] = ['loadBalancerIP', 'externalIP', 'nodePort', 'clusterIP', 'other', 'healthCheckNodePort'];

export function sectionsOf(flows: readonly Flow[]): TargetSection[] {
  const groups = [...groupBy(flows, sectionKey).values()];
  const families = unique(flows.filter(isNodePort).map((flow) => familyOf(flow.to.address)));
  const kindRank = (group: readonly Flow[]): number => KIND_ORDER.indexOf(group[0]?.to.kind ?? 'other');
  return groups.sort((a, b) => kindRank(a) - kindRank(b)).map((group) => sectionOf(group, families.length > 1));
}

function sectionOf(flows: readonly Flow[], bothFamilies: boolean): TargetSection {
  const [first] = flows;
  const to = first?.to;
  return {
    kind: to === undefined ? '' : kindWord(to.kind),
    end: first === undefined ? '' : isNodePort(first) ? nodePortEnd(first, bothFamilies) : addressEnd(first),
    addressed: first !== undefined && isNodePort(first),
    flows,
    entryOf: (flow) => flow.to.node ?? flow.via ?? flow.from.node ?? '',
  };
}

function sectionKey(flow: Flow): string {
  const { to } = flow;
  const place = isNodePort(flow) ? familyOf(to.address) : to.address;
  return [to.kind, to.protocol, to.port, to.servicePort, place].join(' ');
}

function isNodePort({ to }: Flow): boolean {
  return to.kind === 'nodePort' && to.node !== null;
}

function nodePortEnd({ to }: Flow, bothFamilies: boolean): string {
  return `${to.port}/${to.protocol}${portSuffix(to.servicePort)}${bothFamilies ? ` ${familyOf(to.address)}` : ''}`;
}

function addressEnd({ to }: Flow): string {
  return `${hostPort(to.address, to.port)}${protocolSuffix(to)}${portSuffix(to.servicePort)}`;
}
