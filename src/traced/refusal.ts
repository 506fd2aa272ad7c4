import { familyOf } from '../net/ip.ts';
import type { NodeNet } from '../netfilter/node/node-net.ts';
import { ownSource } from '../netfilter/node/source-address.ts';
import type { Arriving, Branch, End } from '../netfilter/trace.ts';
import { traceReply } from '../netfilter/trace.ts';

type Rejected = Extract<End, { kind: 'rejected' }>;

/** Whether a refusal leaves the node that sends it. */
export type Refusal =
  | { readonly kind: 'sent' }
  | { readonly kind: 'lost'; readonly text: string; readonly line: string | null }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * What REJECT answers is a packet of the node itself and passes its OUTPUT. It belongs to the connection (RELATED); it is followed as a reply
 * (ESTABLISHED), which rules let pass in the same breath.
 */
export function refusalOf(net: NodeNet, branch: Branch, end: Rejected): Refusal {
  const packet = answerTo(net, branch, end);
  if (packet === null) return { kind: 'sent' };
  const { branches } = traceReply(net, packet, branch.tracked);
  const ends = branches.map((each) => each.end);
  const stopped = ends.filter((each) => each.kind === 'dropped' || each.kind === 'rejected');
  const [first] = stopped;
  if (first === undefined) return { kind: 'sent' };
  if (stopped.length < ends.length) return { kind: 'unknown', why: 'whether its own rules let the refusal pass is not decided' };
  const by = first.rule === null ? `the policy of ${first.hook}` : first.hook;
  return { kind: 'lost', text: `refused in ${end.hook}, but the refusal is discarded by ${by}`, line: first.rule?.line ?? null };
}

function answerTo(net: NodeNet, { packet }: Branch, end: Rejected): Arriving | null {
  const { source, destination } = packet;
  if (source === null || destination === null) return null;
  if (end.with === 'tcp-reset') {
    const { sourcePort, destinationPort } = packet;
    return {
      protocol: 'tcp',
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
      from: 'local',
    };
  }
  const protocol = familyOf(source) === 4 ? 'icmp' : 'ipv6-icmp';
  const own = ownSource(net, source);
  return own === null ? null : { protocol, source: own, sourcePort: null, destination: source, destinationPort: null, from: 'local' };
}
