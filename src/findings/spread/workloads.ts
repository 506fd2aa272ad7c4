import { namespaceOf } from '../../cluster/endpoints.ts';
import type { DaemonSetObject, DeploymentObject, PodObject, StatefulSetObject, TemplateSpecObject } from '../../cluster/objects.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { matchesSelector } from '../scene/selector.ts';
import type { ServiceScene } from '../scene.ts';

/** What replaces a Service's pods in an update. */
export type Workload = DeploymentObject | StatefulSetObject;

/** The Deployments and StatefulSets whose selectors pick these pods of a Service, each with its pods. */
export function workloadsOf(scene: ServiceScene, pods: readonly PodObject[]): ReadonlyMap<Workload, readonly PodObject[]> {
  const here = byNamespace(scene.cluster).get(scene.service.namespace) ?? [];
  const found = new Map<Workload, PodObject[]>();
  for (const pod of pods) {
    const owner = ownerOf(pod);
    const workload = here.find((one) => isOwner(one, owner, pod));
    if (workload !== undefined) append(found, workload, pod);
  }
  return found;
}

const byNamespace = perCluster((scene) => {
  const found = new Map<string, Workload[]>();
  for (const one of [...scene.objects('Deployment'), ...scene.objects('StatefulSet')]) append(found, namespaceOf(one.metadata), one);
  return found;
});

/** The DaemonSet that owns a pod. */
export function daemonSetOf(scene: ServiceScene, pod: PodObject): DaemonSetObject | null {
  const owner = ownerOf(pod);
  return owner?.kind === 'DaemonSet' ? scene.cluster.object('DaemonSet', owner.name ?? '', scene.service.namespace) : null;
}

function ownerOf(pod: PodObject) {
  return pod.metadata.ownerReferences?.[0];
}

/** A pod belongs to a StatefulSet by its owner, to a Deployment through a ReplicaSet named DEPLOYMENT-HASH. */
function isOwner(workload: Workload, owner: ReturnType<typeof ownerOf>, pod: PodObject): boolean {
  if (workload.kind === 'StatefulSet') return owner?.kind === 'StatefulSet' && owner.name === workload.metadata.name;
  if (owner !== undefined && owner.kind !== 'ReplicaSet') return false;
  if (owner?.name !== undefined && owner.name.replace(/-[^-]*$/, '') !== workload.metadata.name) return false;
  return workload.spec?.selector !== undefined && matchesSelector(workload.spec.selector, pod.metadata.labels ?? {});
}

/** Seconds for which a pod goes on accepting connections after it is told to stop; a command that waits for connections to end lasts as long as it may. */
export interface Lingering {
  readonly seconds: number;
  /** The command's own duration is not known. */
  readonly isEstimate: boolean;
}

const DEFAULT_GRACE = 30;

export function lingeringOf(spec: TemplateSpecObject | undefined): Lingering {
  const grace = spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE;
  // The container that serves is not known: the longest wait is the kindest supposition.
  const hooks = (spec?.containers ?? []).flatMap(({ lifecycle }) => (lifecycle?.preStop === undefined ? [] : [lifecycle.preStop]));
  const slept = Math.max(0, ...hooks.map((hook) => hook.sleep?.seconds ?? 0));
  if (slept > 0) return { seconds: Math.min(grace, slept), isEstimate: false };
  return hooks.some((hook) => hook.exec !== undefined) ? { seconds: grace, isEstimate: true } : { seconds: 0, isEstimate: false };
}
