import type { DaemonSetObject, DeploymentObject, StatefulSetObject, TemplateSpecObject } from '../../cluster/objects.ts';
import type { StopTime, UpdateRules } from './report.ts';

export type Workload = DeploymentObject | DaemonSetObject | StatefulSetObject;

type Amount = number | string;

/** `25%` of a number of pods, or a number by itself (k8s util/intstr GetScaledValueFromIntOrPercent). */
function scaledAmount(amount: Amount, of: number, round: 'up' | 'down'): number {
  const text = String(amount).trim();
  const percent = /^(\d+)%$/.exec(text)?.[1];
  if (percent === undefined) return /^\d+$/.test(text) ? Number(text) : 0;
  const share = (Number(percent) * of) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

interface Limits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** k8s pkg/controller/deployment/util ResolveFenceposts: surge is rounded up, unavailable down, and both cannot be 0. The API server fills in 25%. */
function deploymentLimits({ spec }: DeploymentObject, replicas: number): Limits {
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {};
  const surge = scaledAmount(maxSurge, replicas, 'up');
  const unavailable = Math.min(replicas, scaledAmount(maxUnavailable, replicas, 'down'));
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** k8s pkg/controller/daemon/util: both are rounded up; 0 and 1 are the defaults (maxSurge is stable since 1.25). */
function daemonSetLimits({ spec }: DaemonSetObject, pods: number): Limits {
  const { maxSurge = 0, maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {};
  const [surge, unavailable] = [scaledAmount(maxSurge, pods, 'up'), scaledAmount(maxUnavailable, pods, 'up')];
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** How a workload of so many pods is updated. */
export function updateRules(workload: Workload, pods: number, stop: StopTime): Omit<UpdateRules, 'loadBalancer'> {
  const template = workload.spec?.template?.spec;
  const common = {
    minReadySeconds: workload.spec?.minReadySeconds ?? 0,
    readyAfter: readyAfter(template),
    stop,
    ownsPorts: ownsPorts(template),
  };
  switch (workload.kind) {
    case 'Deployment': {
      const replicas = workload.spec?.replicas ?? 1;
      const strategy = workload.spec?.strategy?.type === 'Recreate' ? 'Recreate' : 'RollingUpdate';
      const limits = strategy === 'Recreate' ? { maxSurge: 0, maxUnavailable: replicas } : deploymentLimits(workload, replicas);
      return { strategy, replicas, ...limits, ...common };
    }
    case 'DaemonSet': {
      const strategy = workload.spec?.updateStrategy?.type === 'OnDelete' ? 'OnDelete' : 'RollingUpdate';
      return { strategy, replicas: pods, ...daemonSetLimits(workload, pods), ...common };
    }
    case 'StatefulSet':
      // One after the other, from the highest ordinal; maxUnavailable of StatefulSets is behind a gate that is off.
      return { strategy: 'RollingUpdate', replicas: workload.spec?.replicas ?? 1, maxSurge: 0, maxUnavailable: 1, ...common };
  }
}

/** kubelet pkg/kubelet/prober: the first probe comes after initialDelaySeconds, each success after the first a period later. */
function readyAfter(spec: TemplateSpecObject | undefined): number {
  const probes = (spec?.containers ?? []).flatMap(({ readinessProbe }) => (readinessProbe === undefined ? [] : [readinessProbe]));
  const times = probes.map(
    ({ initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1 }) =>
      initialDelaySeconds + (Math.max(1, successThreshold) - 1) * periodSeconds,
  );
  return Math.max(0, ...times);
}

function ownsPorts(spec: TemplateSpecObject | undefined): boolean {
  // On the host network a pod's declared ports are the node's (API defaulting sets hostPort to containerPort).
  const declares = (spec?.containers ?? []).some(({ ports = [] }) => ports.some(({ hostPort }) => (hostPort ?? 0) > 0));
  return declares || (spec?.hostNetwork === true && (spec.containers ?? []).some(({ ports = [] }) => ports.length > 0));
}
