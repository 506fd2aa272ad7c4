import type { Raw } from '../cluster/objects.ts';

/** A running pod `web-N` on `nodeN` of Service ns1/web. */
export function webPod(number: number, owner: { kind: string; name: string } = { kind: 'ReplicaSet', name: 'web-6d5f8' }): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${number}`, namespace: 'ns1', labels: { app: 'web' }, ownerReferences: [owner] },
    spec: { nodeName: `node${number}`, containers: [{ name: 'web', ports: [{ containerPort: 8080 }] }] },
    status: { phase: 'Running', podIPs: [{ ip: `10.244.${number}.10` }], conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

export interface WorkloadOptions {
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly preStop?: Raw;
  readonly grace?: number;
  readonly strategy?: Raw;
  readonly pod?: Raw;
}

/** Deployment, StatefulSet or DaemonSet ns1/web. */
export function workload({ kind = 'Deployment', preStop, grace, strategy, pod }: WorkloadOptions = {}): Raw {
  const container = { name: 'web', image: 'example.com/web:v1', ...(preStop === undefined ? {} : { lifecycle: { preStop } }) };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'ns1' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      ...(strategy === undefined ? {} : kind === 'DaemonSet' ? { updateStrategy: strategy } : { strategy }),
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }), containers: [container], ...pod },
      },
    },
    ...(kind === 'DaemonSet' ? { status: { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2 } } : {}),
  };
}
