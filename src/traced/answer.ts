import { isLocal } from '../netfilter/node/routing.ts';
import type { Arriving, Branch } from '../netfilter/trace.ts';
import { connectionOf, traceReply } from '../netfilter/trace.ts';
import type { Directory } from './addresses.ts';
import { deviceFrom, nextOf } from './next-node.ts';
import { type ObservedNodes, whyOpen } from './nodes.ts';
import { wrapped } from './tunnel.ts';
import type { Hop } from './types.ts';

/** What the answer has to look like when it comes to the client. */
export interface Awaited {
  /** The address and port that were asked. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
}

/** Whether the answer comes back, and over which nodes; `unknown` says why. */
export interface WayBack {
  readonly answered: boolean | 'unknown';
  readonly why: string;
  readonly hops: readonly Hop[];
}

interface Around {
  readonly nodes: ObservedNodes;
  readonly directory: Directory;
}

const MOST_HOPS = 4;

/** Follows the answer of an endpoint back through the nodes, each with the connections that it has seen. */
export function followBack(
  around: Around,
  start: { readonly node: string; readonly arriving: Arriving },
  passed: readonly Hop[],
  awaited: Awaited,
): WayBack {
  const hops: Hop[] = [];
  let at = start;
  for (;;) {
    const step = passNode(around, at, passed, awaited);
    if (step.hop !== null) hops.push(step.hop);
    if (step.kind === 'end') return { answered: step.answered, why: step.why, hops };
    if (hops.length >= MOST_HOPS) return { answered: 'unknown', why: 'the answer would go in circles between nodes', hops };
    at = step.next;
  }
}

type Passing =
  | { readonly kind: 'end'; readonly hop: Hop | null; readonly answered: boolean | 'unknown'; readonly why: string }
  | { readonly kind: 'next'; readonly hop: Hop; readonly next: { readonly node: string; readonly arriving: Arriving } };

function passNode(
  around: Around,
  at: { readonly node: string; readonly arriving: Arriving },
  passed: readonly Hop[],
  awaited: Awaited,
): Passing {
  const node = around.nodes.get(at.node);
  if (node === null)
    return {
      kind: 'end',
      hop: null,
      answered: 'unknown',
      why: `the rules of node ${at.node}, through which the answer goes, were not read`,
    };
  const open = whyOpen(node);
  if (open !== null) return { kind: 'end', hop: null, answered: 'unknown', why: `node ${at.node}: ${open}` };
  const seen = passed.filter((hop) => hop.node === at.node).map((hop) => hop.branch);
  const trace = traceReply(node.net, at.arriving, connectionOf(seen, at.arriving));
  const [branch] = trace.branches;
  if (branch === undefined || !trace.certain || trace.branches.length !== 1) {
    const [doubt] = trace.undecided;
    const why = doubt === undefined ? 'what becomes of the answer is not decided' : `${doubt.why} (${doubt.rule.line})`;
    return { kind: 'end', hop: null, answered: 'unknown', why: `node ${at.node}: ${why}` };
  }
  return onwards(around, { node: at.node, branch }, awaited);
}

function onwards(around: Around, hop: Hop, awaited: Awaited): Passing {
  const { branch, node } = hop;
  const { end, packet } = branch;
  const right = isAwaited(branch, awaited);
  const done = (answered: boolean): Passing => ({ kind: 'end', hop, answered, why: '' });
  if (end.kind === 'host') return done(right);
  if (end.kind === 'unknown') return { kind: 'end', hop, answered: 'unknown', why: end.why };
  if (end.kind !== 'sent' || packet.destination === null) return done(false);
  const net = around.nodes.get(node)?.net;
  if (net !== undefined && isLocal(net, packet.destination) === true) return done(right);
  const next = nextOf(around, node, { destination: packet.destination, nextHop: end.nextHop });
  if (next.kind !== 'node') return done(right);
  const passage = { from: node, to: next.node, device: end.device, family: packet.family };
  const inTunnel = wrapped(around.nodes, passage);
  if (inTunnel?.kind === 'lost') return done(false);
  if (inTunnel?.kind === 'unknown') return { kind: 'end', hop, answered: 'unknown', why: `node ${inTunnel.node}: ${inTunnel.why}` };
  const device = next.device ?? deviceFrom(around.nodes, { name: next.node }, packet.source);
  const arriving = { ...requestOf(branch), from: { device } };
  return { kind: 'next', hop, next: { node: next.node, arriving } };
}

/** A client takes an answer only from the address and port that it asked. */
function isAwaited({ packet }: Branch, awaited: Awaited): boolean {
  return packet.source === awaited.source && packet.sourcePort === awaited.sourcePort && packet.destination === awaited.destination;
}

/** What masquerading gives as a port (nf_nat_l4proto_unique_tuple: from 1024 up): one that no rule names stands for it. */
const GIVEN_PORT = 50_000;

/** The packet of a branch as the next node gets it. */
export function requestOf({ packet }: Branch): Omit<Arriving, 'from'> {
  return {
    protocol: packet.protocol,
    source: packet.source ?? '',
    sourcePort: packet.sourcePort ?? GIVEN_PORT,
    destination: packet.destination ?? '',
    destinationPort: packet.destinationPort,
  };
}
