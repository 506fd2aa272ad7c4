import type { TargetKind } from '../analysis/report.ts';

/** Kinds of targets in the order in which they count; the health check is told apart. */
export const KINDS = ['nodePort', 'loadBalancerIP', 'externalIP', 'clusterIP', 'other'] as const satisfies readonly TargetKind[];

/** By which outside clients come. */
export const FACING = ['nodePort', 'loadBalancerIP', 'externalIP'] as const satisfies readonly TargetKind[];

export const KIND_WORDS: Readonly<Record<TargetKind, string>> = {
  nodePort: 'node ports',
  loadBalancerIP: 'the load-balancer address',
  externalIP: 'the external IP',
  clusterIP: 'the clusterIP',
  healthCheckNodePort: 'the health-check port',
  other: 'this target',
};
