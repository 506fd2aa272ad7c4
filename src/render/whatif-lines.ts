import type { Branch } from '../analysis/report.ts';
import type { WhatifFate, WhatifFlow, WhatifTarget } from '../whatif/report.ts';
import { clientLabel, kindWord } from './describe.ts';
import { verdictWord } from './phrase.ts';
import { foldList, groupBy, percent, plural, unique } from './text.ts';
import { type Tone, toneOf } from './theme.ts';

/** Flows of which the same is to be said, as one line. */
export interface Line {
  readonly who: string;
  /** Nodes of the clients; empty for outside clients and named pods. */
  readonly nodes: readonly string[];
  readonly what: string;
  readonly ports: readonly string[];
  /** Nodes that are asked, or through which packets enter. */
  readonly places: readonly string[];
  readonly entering: boolean;
  readonly words: string;
  /** Of a flow that is new: how it ends. */
  readonly tone: Tone | null;
}

const MOST_NODES = 6;

/** Lines for these flows, of all that the report has: what differs in nodes or ports only is told once. */
export function linesFor(flows: readonly WhatifFlow[], all: readonly WhatifFlow[]): Line[] {
  const nodes = new Set(all.flatMap(({ from }) => from.node ?? []));
  const byAsked = merged(
    flows.map(lineOf),
    ({ who, what, ports, places, words, entering }) => [who, what, ports, places, words, entering],
    'nodes',
  );
  const single = byAsked.flatMap((line) => elsewhere(line, nodes.size));
  const byPlace = merged(single, ({ who, nodes, what, ports, words, entering }) => [who, nodes, what, ports, words, entering], 'places');
  const byNode = merged(
    byPlace,
    ({ who, what, ports, places, words, entering }) => [who, what, ports, places, words, entering],
    'nodes',
  ).map((line) => (line.nodes.length > 2 && line.nodes.length === nodes.size ? { ...line, nodes: [ALL] } : line));
  const lines = merged(
    byNode,
    ({ who, nodes: from, what, places, words, entering }) => [who, from, what, places, words, entering],
    'ports',
  );
  return lines.sort((a, b) => rank(a) - rank(b));
}

const OWN = 'their own node';
const OTHERS = 'other nodes';
const ALL = 'all nodes';

/** Every node but the one that is asked: one line for all that are asked so. Else a line per client's node, to be merged by what they ask. */
function elsewhere(line: Line, total: number): Line[] {
  const [place] = line.places;
  if (total > 2 && place !== undefined && place !== OWN && line.nodes.length === total - 1 && !line.nodes.includes(place))
    return [{ ...line, nodes: [OTHERS] }];
  return line.nodes.length === 0 ? [line] : line.nodes.map((node) => ({ ...line, nodes: [node] }));
}

function rank({ who }: Line): number {
  return who.startsWith('outside') ? 0 : who === 'pods on' ? 1 : who.startsWith('pod') ? 2 : 3;
}

export function lineText({ who, nodes, what, ports, places, entering, words }: Line, all: boolean): string {
  const most = all ? Number.MAX_SAFE_INTEGER : MOST_NODES;
  const from = nodes.length === 0 ? who : `${who} ${foldList(nodes, most)}`;
  const port = ports.length === 0 ? '' : ` ${ports.join(', ')}`;
  const where = places.length === 0 ? '' : ` ${entering ? 'entering at' : 'of'} ${foldList(places, most)}`;
  return `${from} → ${what}${port}${where}: ${words}`;
}

function merged(lines: readonly Line[], keyOf: (line: Line) => unknown, field: 'places' | 'nodes' | 'ports'): Line[] {
  return [...groupBy(lines, (line) => JSON.stringify(keyOf(line))).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, [field]: unique(group.flatMap((line) => line[field])) }];
  });
}

function lineOf(flow: WhatifFlow): Line {
  const { from, via, to } = flow;
  const named = from.kind === 'external' || (from.kind === 'pod' && from.name !== null) || from.node === null;
  const place = via ?? (to.kind === 'nodePort' || to.kind === 'healthCheckNodePort' ? to.node : null);
  return {
    who: named ? clientLabel(from) : from.kind === 'pod' ? 'pods on' : 'processes of',
    nodes: named || from.node === null ? [] : [from.node],
    what: targetWords(to),
    ports: [portWords(to)],
    places: place === null ? [] : [!named && place === from.node ? OWN : place],
    entering: via !== null,
    words: changeWords(flow),
    tone: flow.change === 'new' ? toneOf(flow.after?.verdict ?? 'undetermined') : null,
  };
}

function targetWords({ kind, address }: WhatifTarget): string {
  return kind === 'nodePort' || kind === 'healthCheckNodePort' ? kindWord(kind) : `${kindWord(kind)} ${address}`;
}

function portWords({ port, protocol, servicePort }: WhatifTarget): string {
  const number = port === null ? (servicePort === null ? 'not given yet' : `of ${servicePort} (not given yet)`) : String(port);
  return protocol === 'TCP' ? number : `${number}/${protocol}`;
}

function changeWords({ before, after, differs }: WhatifFlow): string {
  if (before === null || after === null) return fateWords(before ?? after);
  const [then, now] = [fateWords(before), fateWords(after)];
  if (then !== now) return `${then} → ${now}`;
  if (differs.includes('endpoints')) return `${now}; ${endpointWords(before, after)}`;
  if (differs.includes('source')) return `${now}; the source address is ${addressWords(before)} → ${addressWords(after)}`;
  return `${now}; ${differs.includes('shares') ? 'spread otherwise' : 'otherwise'}`;
}

/** `answered, client IP`, `50% dropped, 50% answered, SNAT`, `HTTP 503`. */
export function fateWords(fate: WhatifFate | null): string {
  if (fate === null) return '';
  const [first] = fate.branches;
  if (first === undefined) return verdictWord(fate.verdict);
  if (first.httpStatus !== undefined) return `HTTP ${first.httpStatus}`;
  const groups = [...groupBy(fate.branches, ({ outcome }) => outcome).values()];
  return groups
    .map(
      (group) =>
        `${groups.length > 1 ? `${percent(sum(group))} ` : ''}${[verdictWord(group[0]?.outcome ?? 'undetermined'), seenWords(group)].filter((word) => word !== '').join(', ')}`,
    )
    .join('; ');
}

function sum(branches: readonly Pick<Branch, 'share'>[]): number {
  return branches.reduce((total, { share }) => total + share, 0);
}

function seenWords(branches: WhatifFate['branches']): string {
  const kinds = unique(branches.flatMap(({ source }) => source?.kind ?? []));
  return kinds.map((kind) => (kind === 'preserved' ? 'client IP' : 'SNAT')).join(' | ');
}

function endpointWords(before: WhatifFate, after: WhatifFate): string {
  const named = (fate: WhatifFate): readonly string[] =>
    unique(fate.branches.flatMap(({ endpoint }) => (endpoint === null ? [] : [endpoint.pod ?? endpoint.address ?? 'a new pod'])));
  const [then, now] = [named(before), named(after)];
  if (now.length === 0) return 'by which pods is not known yet';
  if (then.length !== now.length) return `by ${plural(now.length, 'endpoint')} instead of ${then.length}`;
  return 'by other endpoints';
}

function addressWords({ branches }: WhatifFate): string {
  const seen = unique(
    branches.flatMap(({ source }) =>
      source === null ? [] : [source.address ?? (source.kind === 'preserved' ? "the client's" : 'not known')],
    ),
  );
  return foldList(seen, 2);
}
