import type { Evidence } from '../../cluster/evidence.ts';
import type { NodeObject, PodObject, TemplateSpecObject } from '../../cluster/objects.ts';
import { Failure } from '../../net/failure.ts';
import { keyOfPod, placeOf, slicesOf } from '../places.ts';
import { objectsOf } from '../stage.ts';
import type { Ground } from './choices.ts';
import { podsOf, workloadsBehind } from './find-workload.ts';
import type { Workload } from './rules.ts';
import type { RollingPod } from './walk.ts';

/** The workload's pods behind the Service, and the nodes on which they may be. */
export interface Start {
  readonly pods: readonly RollingPod[];
  readonly objects: readonly PodObject[];
  readonly ground: Omit<Ground, 'ownsPorts'>;
  readonly nodes: ReadonlyMap<string, NodeObject>;
}

export function startOf(evidence: Evidence, workload: Workload, service: { readonly namespace: string; readonly name: string }): Start {
  const slices = slicesOf(evidence, service.namespace, service.name);
  if (slices.length === 0)
    throw new Failure(
      `the pods of Service ${service.namespace}/${service.name} are not known`,
      '--rollout needs its EndpointSlices, which were not read or do not exist',
    );
  const own = podsOf(evidence, workload);
  const keys = new Set(own.map(keyOfPod));
  const readiness = new Map<string, boolean>();
  const behind = new Set<string>();
  const covered = new Set<string>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints ?? []) {
      const { pod, node } = placeOf(endpoint, slice);
      const isReady = endpoint.conditions?.ready ?? true;
      if (pod !== null) behind.add(pod);
      if (pod !== null && keys.has(pod)) readiness.set(pod, isReady);
      else if (node !== null && isReady) covered.add(node);
    }
  }
  if (readiness.size === 0) throw new Failure(...noPods(evidence, workload, { ...service, behind }));
  const pods = own.map((pod): RollingPod => {
    const key = keyOfPod(pod);
    return { id: key, node: pod.spec?.nodeName ?? null, isNew: false, phase: readiness.get(key) === true ? 'ready' : 'waiting' };
  });
  const nodes = objectsOf(evidence, 'Node');
  const open = nodes.filter((node) => takes(node, workload.spec?.template?.spec, workload.kind === 'DaemonSet'));
  return {
    pods,
    objects: own,
    nodes: new Map(nodes.map((node) => [node.metadata.name, node])),
    ground: {
      open: open.map(({ metadata }) => metadata.name),
      covered,
      isDaemonSet: workload.kind === 'DaemonSet',
      isOrdered: workload.kind === 'StatefulSet',
    },
  };
}

/** Whether the scheduler may put a new pod there: cordoned nodes, taints that it does not tolerate, and its nodeSelector. */
function takes({ metadata, spec }: NodeObject, template: TemplateSpecObject | undefined, isDaemonSet: boolean): boolean {
  if (metadata.deletionTimestamp !== undefined || (spec?.unschedulable === true && !isDaemonSet)) return false;
  const wanted = Object.entries(template?.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => metadata.labels?.[key] === value)) return false;
  const repelling = (spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  return repelling.every(({ key, effect }) =>
    (template?.tolerations ?? []).some(
      (one) =>
        (one.key === undefined || one.key === '' || one.key === key) &&
        (one.effect === undefined || one.effect === '' || one.effect === effect),
    ),
  );
}

interface Behind {
  readonly namespace: string;
  readonly name: string;
  readonly behind: ReadonlySet<string>;
}

function noPods(evidence: Evidence, { kind, metadata }: Workload, { namespace, name, behind }: Behind): [string, string] {
  const others = workloadsBehind(evidence, behind);
  return [
    `no pod of ${kind.toLowerCase()}/${metadata.name} is behind Service ${namespace}/${name}`,
    others.length > 0 ? `its pods are of ${others.join(', ')}` : 'which workload its pods are of is not known: the pods were not read',
  ];
}
