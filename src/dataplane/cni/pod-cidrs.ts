import type { Node } from '../../cluster/model.ts';
import type { Cidr } from '../../net/ip.ts';
import { mergeCidrs } from '../../net/merge.ts';

/** The podCIDRs of all nodes, put together where they can be: what is known of the pod network when nothing names it. */
export function podCidrsOf(nodes: readonly Node[]): Cidr[] {
  return mergeCidrs(nodes.flatMap((node) => node.podCidrs));
}
