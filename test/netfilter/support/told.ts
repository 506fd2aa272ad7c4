import type { NodeNet } from '../../../src/netfilter/node/node-net.ts';
import { type Arriving, type Branch, type TraceOptions, tracePacket } from '../../../src/netfilter/trace.ts';

/** The first packet of a client behind the router to a port of the node. */
export const FROM_OUTSIDE: Arriving = {
  protocol: 'tcp',
  source: '198.51.100.10',
  sourcePort: 40_000,
  destination: '172.18.0.11',
  destinationPort: 30_080,
  from: { device: 'eth0' },
};
/** The first packet of a pod of the node to a cluster IP. */
export const FROM_POD: Arriving = {
  protocol: 'tcp',
  source: '10.244.1.10',
  sourcePort: 40_000,
  destination: '10.96.0.10',
  destinationPort: 80,
  from: { device: 'cni0' },
};
/** The first packet of a process of the node to a cluster IP. */
export const FROM_PROCESS: Arriving = {
  protocol: 'tcp',
  source: '172.18.0.11',
  sourcePort: 40_000,
  destination: '10.96.0.10',
  destinationPort: 80,
  from: 'local',
};

/** How a branch ends, and with which addresses, in one line. */
export function told({ end, packet, share, doubts }: Branch): string {
  const addresses = `${packet.source ?? '?'} > ${packet.destination ?? '?'}:${packet.destinationPort ?? '?'}`;
  const chance = share === 1 ? '' : ` (${Number(share.toFixed(4))})`;
  const doubt =
    doubts.length === 0 ? '' : ` if ${doubts.map((each) => `${each.taken ? '' : 'not '}line ${each.rule.lineNumber}`).join(' and ')}`;
  return `${word(end)}: ${addresses}${chance}${doubt}`;
}

function word(end: Branch['end']): string {
  switch (end.kind) {
    case 'host':
      return 'host';
    case 'sent':
      return `sent ${end.device}${end.nextHop === null ? '' : ` via ${end.nextHop}`}`;
    case 'dropped':
      return `dropped in ${end.hook}`;
    case 'rejected':
      return `rejected in ${end.hook} with ${end.with}`;
    case 'unroutable':
      return `unroutable (${end.how})`;
    case 'unknown':
      return `unknown (${end.why})`;
  }
}

/** All branches of one packet, in one line each, sorted. */
export function traced(node: NodeNet, arriving: Arriving, options: TraceOptions = {}): readonly string[] {
  return tracePacket(node, arriving, options).branches.map(told).sort();
}
