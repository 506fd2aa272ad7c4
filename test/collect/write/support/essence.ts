import { explain } from '../../../../src/analysis/explain.ts';
import { parseClient } from '../../../../src/analysis/question.ts';
import type { Branch, Flow, ServiceReport } from '../../../../src/analysis/report.ts';
import type { Evidence } from '../../../../src/cluster/evidence.ts';
import type { ServiceObject } from '../../../../src/cluster/objects.ts';
import { redactPortName } from '../../../../src/collect/write/redact/fields.ts';
import type { NameKind } from '../../../../src/collect/write/redact/names.ts';
import { redactName } from '../../../../src/collect/write/redact/object-name.ts';
import type { Redacted } from '../../../../src/collect/write/redact/redact.ts';

/** How names and addresses of a report become others. */
export interface Mapping {
  readonly address: (text: string) => string;
  readonly name: (kind: NameKind, name: string) => string;
}

export const SAME: Mapping = { address: (text) => text, name: (_, name) => name };

export function mappingOf({ addressFor, nameFor }: Redacted): Mapping {
  const pen = { names: { of: nameFor, settle: () => undefined } } as unknown as Parameters<typeof redactName>[2];
  return {
    address: addressFor,
    name: (kind, name) => {
      // A port without a name goes by its number.
      if (kind === 'port') return /^\d+$/.test(name) ? name : redactPortName(name, pen);
      return redactName(kind, name, pen);
    },
  };
}

export function servicesIn(evidence: Evidence): { namespace: string; name: string }[] {
  return evidence.objects
    .filter((object): object is ServiceObject => object.kind === 'Service')
    .map(({ metadata }) => ({ namespace: metadata.namespace ?? 'default', name: metadata.name }));
}

const MOST_PODS = 8;

/** A report about every client that there is: left alone, it would choose one endpoint's pod, by its address. */
export function reportOf(evidence: Evidence, service: { namespace: string; name: string }): ServiceReport {
  const nodes = evidence.objects
    .filter(({ kind }) => kind === 'Node')
    .flatMap(({ metadata }) => [`node/${metadata.name}`, `pod@${metadata.name}`]);
  const pods = evidence.objects
    .filter(({ kind }) => kind === 'Pod')
    .map(({ metadata }) => `pod/${metadata.namespace ?? 'default'}/${metadata.name}`);
  const clients = ['external', ...nodes, ...pods.slice(0, MOST_PODS)].map((text) => parseClient(text, service.namespace));
  return explain(evidence, { ...service, from: clients, to: [], via: [], port: null });
}

/** What a report says about traffic, under other names; sentences are left out, because they are made of the rest. */
export function essence(report: ServiceReport, mapping: Mapping): unknown {
  const { service, dataplane, flows, notes, findings, gaps, answer } = report;
  const maybe = <T, R>(value: T | null, map: (value: T) => R): R | null => (value === null ? null : map(value));
  const node = (name: string): string => mapping.name('node', name);
  return {
    service: {
      ...service,
      namespace: mapping.name('namespace', service.namespace),
      name: mapping.name('service', service.name),
      clusterIPs: service.clusterIPs.map(mapping.address),
      externalIPs: service.externalIPs.map(mapping.address),
      loadBalancerIngress: service.loadBalancerIngress.map((entry) => ({
        ...entry,
        ip: maybe(entry.ip, mapping.address),
        hostname: entry.hostname !== null,
      })),
      loadBalancerSourceRanges: service.loadBalancerSourceRanges.map(mapping.address),
      ports: service.ports.map((port) => ({
        ...port,
        name: maybe(port.name, (name) => mapping.name('port', name)),
        targetPort: typeof port.targetPort === 'string' ? mapping.name('port', port.targetPort) : port.targetPort,
      })),
    },
    mood: answer.mood,
    dataplane: dataplane.map(({ nodes, evidence: _, ...rest }) => ({
      ...rest,
      nodes: nodes.map(node).sort(),
      localDetection: maybe(rest.localDetection, (detection) => ({ ...detection, cidrs: detection.cidrs.map(mapping.address) })),
      nodePortAddresses: rest.nodePortAddresses.map(mapping.address),
    })),
    flows: sorted(flows.map((flow) => flowEssence(flow, mapping))),
    notes: notes.map(({ id, severity }) => [id, severity]),
    findings: findings.map(({ code, severity }) => [code, severity]),
    gaps: gaps.length,
  };
}

function flowEssence({ from, via, to, verdict, branches, because }: Flow, mapping: Mapping): unknown {
  const node = (name: string | null): string | null => (name === null ? null : mapping.name('node', name));
  const address = (text: string | null): string | null => (text === null ? null : mapping.address(text));
  const named = from.kind === 'external' || from.name === null ? from.name : mapping.name(from.kind, from.name);
  return {
    from: {
      ...from,
      name: named,
      namespace: from.namespace === null ? null : mapping.name('namespace', from.namespace),
      node: node(from.node),
      address: address(from.address),
    },
    via: node(via),
    to: {
      ...to,
      node: node(to.node),
      address: mapping.address(to.address),
      servicePort: to.servicePort === null ? null : mapping.name('port', to.servicePort),
    },
    verdict,
    branches: sorted(branches.map((branch) => branchEssence(branch, { mapping, node, address }))),
    // They come in the order of the branches, and those in the order of addresses.
    because: because.map(({ code }) => code).sort(),
  };
}

function branchEssence(
  { outcome, then, share, endpoint, source }: Branch,
  {
    mapping,
    node,
    address,
  }: { mapping: Mapping; node: (name: string | null) => string | null; address: (text: string | null) => string | null },
): unknown {
  return {
    outcome,
    then,
    share: Math.round(share * 1e9),
    endpoint: endpoint && {
      ...endpoint,
      address: address(endpoint.address),
      node: node(endpoint.node),
      pod: endpoint.pod === null ? null : mapping.name('pod', endpoint.pod),
      namespace: endpoint.namespace === null ? null : mapping.name('namespace', endpoint.namespace),
    },
    source: source && { ...source, address: address(source.address) },
  };
}

function sorted(values: readonly unknown[]): unknown[] {
  return [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
