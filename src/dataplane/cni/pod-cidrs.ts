import type { Node } from '../../cluster/model.ts';
import type { Cidr } from '../../net/ip.ts';

/** The podCIDRs of all nodes: what is known of the pod network when nothing names it. */
export function podCidrsOf(nodes: readonly Node[]): Cidr[] {
  return nodes.flatMap((node) => node.podCidrs);
}
