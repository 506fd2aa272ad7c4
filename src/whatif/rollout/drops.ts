import { dropSeconds } from '../../analysis/update-limits.ts';
import type { Fares } from './fronts.ts';
import { isAnswered } from './fronts.ts';
import type { DropTime, UpdateRules } from './report.ts';
import type { Moment } from './walk.ts';

export interface Foretold {
  readonly moment: Moment;
  readonly fares: Fares;
}

/**
 * How long outside clients are dropped at a node, at most. They are from the moment from which the node has no endpoint that it uses: when the
 * pod is told to stop (kube-proxy before 1.26), or when it has stopped serving. The load balancer's check counts from when it first fails.
 */
export function dropTime(
  node: string,
  told: readonly Foretold[],
  { stop, loadBalancer }: Pick<UpdateRules, 'stop' | 'loadBalancer'>,
): DropTime | null {
  const [first, ...rest] = told;
  if (first === undefined || !isAnswered(first.fares.outside.get(node))) return null;
  const at = rest.findIndex(({ fares }) => !isAnswered(fares.outside.get(node)));
  const dropped = rest[at];
  if (dropped === undefined || dropped.fares.outside.get(node) === 'undetermined') return null;
  // A rejection everywhere means that no pod is left: no other node would help.
  if (dropped.fares.outside.get(node) !== 'dropped') return { seconds: null, until: 'a new pod is ready' };
  const standing = first.fares.balancer.get(node)?.inRotation;
  if (loadBalancer !== null && standing === false) return null;
  if (loadBalancer === null || standing !== true) return { seconds: null, until: 'a new pod is ready' };
  const out = rest.findIndex(({ fares }) => fares.balancer.get(node)?.inRotation === false);
  if (out < 0) return { seconds: null, until: 'a new pod is ready' };
  const { failSeconds } = loadBalancer;
  if (failSeconds === null) return { seconds: null, until: 'the load balancer takes the node out' };
  const head = out < at && dropped.moment.phase === 'stopped' ? stop.least : 0;
  const seconds = dropSeconds(failSeconds, head);
  return seconds === 0 ? null : { seconds, until: 'the load balancer takes the node out' };
}
