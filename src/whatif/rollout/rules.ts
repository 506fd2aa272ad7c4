import { daemonSetLimits, deploymentLimits, ownsPorts } from '../../analysis/update-limits.ts';
import type { DaemonSetObject, DeploymentObject, StatefulSetObject, TemplateSpecObject } from '../../cluster/objects.ts';
import type { StopTime, UpdateRules } from './report.ts';

export type Workload = DeploymentObject | DaemonSetObject | StatefulSetObject;

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
