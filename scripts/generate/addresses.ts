import { chance, type Plan, type PlannedSlice, TARGET_ENDPOINTS } from './plan.ts';

export const CLUSTER_CIDR = '10.128.0.0/9';
export const SERVICE_CIDR = '10.96.0.0/12';

/** Where a backend runs and which address it has. */
export interface Backend {
  readonly number: number;
  readonly node: number;
  readonly address: string;
}

export function nodeName(index: number): string {
  return `node-${String(index).padStart(5, '0')}`;
}

/** 172.16.0.0/12, from .0.10 on. */
export function nodeAddress(index: number): string {
  return dotted(0xac10_0000 + index + 10);
}

/** The /24 of a node's pods, without its last octet: 10.128.0, 10.128.1, … */
export function podPrefix(index: number): string {
  return dotted(0x0a80_0000 + index * 256).replace(/\.0$/, '');
}

export function clusterAddress(service: number): string {
  return dotted(0x0a60_0000 + service + 10);
}

export function loadBalancerAddress(service: number): string {
  return dotted(0xc612_0000 + service + 10);
}

/** The backends of a slice, spread over the nodes; each node gives its addresses out in turn. */
export function backendsOf(plan: Plan, slice: PlannedSlice): Backend[] {
  return Array.from({ length: slice.count }, (_, i) => backend(plan, slice.first + i, slice.nodes));
}

/** The backends of bench/target stand on few nodes; they have the first addresses there for themselves. */
export function backend(plan: Plan, number: number, nodes: number): Backend {
  const node = (number + Math.floor(chance(plan.size.seed, 1) * nodes)) % nodes;
  const turn = Math.floor(number / nodes);
  return { number, node, address: `${podPrefix(node)}.${number < TARGET_ENDPOINTS ? 2 + turn : 2 + TARGET_ENDPOINTS + (turn % 216)}` };
}

export function zoneOf(node: number): string {
  return `zone-${'abc'.charAt(node % 3)}`;
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join('.');
}
