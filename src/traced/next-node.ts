import type { Node } from '../cluster/model.ts';
import { deviceTowards } from '../netfilter/node/routing.ts';
import type { Directory } from './addresses.ts';
import type { ObservedNodes } from './nodes.ts';

/** Where a packet goes that left a node. */
export type Next =
  | { readonly kind: 'pod' }
  | { readonly kind: 'node'; readonly node: string; readonly device: string | null }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'outside' };

/** Who gets a packet that `from` sent out: by the next hop's address, else by who has the destination, else the world outside. */
export function nextOf(
  around: { readonly nodes: ObservedNodes; readonly directory: Directory },
  from: string,
  sent: { readonly destination: string; readonly nextHop: string | null },
): Next {
  const { nodes, directory } = around;
  const host = directory.podAt(sent.destination)?.node ?? null;
  if (host === from) return { kind: 'pod' };
  const owner = nodes.ownerOf(sent.nextHop ?? sent.destination);
  if (owner !== null && owner.node !== from) return { kind: 'node', ...owner };
  const holder = host ?? directory.holderOf(sent.destination);
  // A router between the nodes: the packet arrives where the pod is.
  if (holder !== null && holder !== from) return { kind: 'node', node: holder, device: null };
  return holder === from ? { kind: 'nobody' } : { kind: 'outside' };
}

/** The device by which a packet from an address comes in: the one by which it would be answered. Null where that is not known. */
export function deviceFrom(nodes: ObservedNodes, node: Pick<Node, 'name'>, source: string | null): string | null {
  const net = nodes.get(node.name)?.net;
  return net === undefined || source === null ? null : deviceTowards(net, source);
}
