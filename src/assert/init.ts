import type { Client, Flow, ServiceReport } from '../analysis/report.ts';
import { hostPort } from '../net/ip.ts';

/** What is true of a Service now, as a document of expected flows, and what of it could not be written down. */
export interface Initial {
  readonly document: InitialDocument;
  readonly origin: string;
  /** Flows that were left out, and why. */
  readonly leftOut: readonly string[];
}

export interface InitialDocument {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'FlowAssertions';
  readonly service: string;
  readonly flows: readonly InitialFlow[];
}

export interface InitialFlow {
  readonly from: string | readonly string[];
  readonly to: string | readonly string[];
  readonly via?: string | readonly string[];
  readonly port?: string;
  readonly expect: { readonly verdict: string; readonly source?: string };
}

interface Row {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly via: readonly string[];
  readonly port: string | null;
  readonly expect: InitialFlow['expect'];
}

const KIND_WORDS: Readonly<Record<string, string>> = { clusterIP: 'clusterIP', externalIP: 'externalIP', loadBalancerIP: 'loadBalancer' };

/** Undetermined flows are left out: an expectation that nobody can check is none. */
export function initialAssertions(report: ServiceReport): Initial {
  const told = report.flows.filter(({ to }) => to.kind !== 'healthCheckNodePort');
  const leftOut = new Set<string>();
  const kept = told.filter((flow) => {
    const why = unsaid(flow);
    if (why !== null) leftOut.add(why);
    return why === null;
  });
  if (report.nodeGroups !== undefined)
    leftOut.add(`flows of nodes that behave like others: of ${report.nodeGroups.length} groups of nodes one or two stand here`);
  const several = report.service.ports.length > 1;
  const rows = kept.map((flow): Row => rowOf(flow, told, several));
  return {
    origin: report.origin,
    document: {
      apiVersion: 'srcip.io/v1alpha1',
      kind: 'FlowAssertions',
      service: `${report.service.namespace}/${report.service.name}`,
      flows: folded(rows).map(flowOf),
    },
    leftOut: [...leftOut],
  };
}

/** Why a flow cannot be written down, or null. */
function unsaid({ from, to, verdict, because }: Flow): string | null {
  if (from.kind === 'external' && from.name !== null && from.address === null)
    return `outside clients "${from.name}": name one with external=IP`;
  if (from.kind === 'pod' && from.name !== null)
    return `pod ${from.namespace}/${from.name}, which asks as an endpoint: its name ends with its life`;
  if (verdict !== 'undetermined') return null;
  return `${clientText(from)} → ${to.kind} ${hostPort(to.address, to.port)}: undetermined (${because[0]?.text ?? 'the evidence does not decide'})`;
}

export function clientText({ kind, name, namespace, node, address }: Client): string {
  if (kind === 'external') return address === null ? 'external' : `external=${address}`;
  if (kind === 'node') return `node/${name ?? node ?? ''}`;
  return name === null ? `pod@${node ?? ''}` : `pod/${namespace ?? 'default'}/${name}`;
}

function expectOf({ verdict, branches }: Flow): InitialFlow['expect'] {
  const kinds = new Set(branches.flatMap(({ source }) => source?.kind ?? []));
  const [only] = kinds;
  return { verdict, ...(kinds.size === 1 && only !== undefined ? { source: only } : {}) };
}

function rowOf(flow: Flow, all: readonly Flow[], several: boolean): Row {
  const { from, via, to } = flow;
  const word = wordFor(to);
  const alike = (other: Flow): boolean =>
    clientText(other.from) === clientText(from) && other.via === via && other.to.kind === to.kind && other.to.node === to.node;
  const same = all.filter(alike);
  const onPort = same.filter((other) => other.to.servicePort === to.servicePort);
  const expected = JSON.stringify(expectOf(flow));
  const agree = (flows: readonly Flow[]): boolean => flows.every((other) => JSON.stringify(expectOf(other)) === expected);
  const byWord = word !== null && agree(onPort);
  return {
    from: [clientText(from)],
    to: [byWord ? word : addressText(to)],
    via: via === null ? [] : [via],
    port: several && byWord && !agree(same) ? to.servicePort : null,
    expect: expectOf(flow),
  };
}

/** The kind of target, which stands for all of its addresses and ports. */
function wordFor({ kind, node }: Flow['to']): string | null {
  if (kind === 'nodePort') return `node/${node ?? ''}`;
  return KIND_WORDS[kind] ?? null;
}

function addressText({ address, port, protocol }: Flow['to']): string {
  return `${hostPort(address, port)}${protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`}`;
}

type Field = 'from' | 'to' | 'via';
const ORDERS: readonly (readonly Field[])[] = [
  ['via', 'to', 'from'],
  ['via', 'from', 'to'],
  ['from', 'to', 'via'],
  ['to', 'from', 'via'],
];

/** Rows that differ in their clients, targets or entry nodes only become one, in the order that leaves the fewest. */
function folded(rows: readonly Row[]): readonly Row[] {
  const found = ORDERS.map((order) => order.reduce<readonly Row[]>(foldedBy, rows));
  return found.reduce((best, each) => (each.length < best.length ? each : best));
}

function foldedBy(rows: readonly Row[], field: Field): readonly Row[] {
  const groups = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify({ ...row, [field]: null });
    const known = groups.get(key);
    groups.set(key, known === undefined ? row : { ...known, [field]: [...new Set([...known[field], ...row[field]])] });
  }
  return [...groups.values()];
}

function flowOf({ from, to, via, port, expect }: Row): InitialFlow {
  const short = (texts: readonly string[]): string | readonly string[] => (texts.length === 1 ? (texts[0] ?? '') : texts);
  return { from: short(from), to: short(to), ...(via.length === 0 ? {} : { via: short(via) }), ...(port === null ? {} : { port }), expect };
}
