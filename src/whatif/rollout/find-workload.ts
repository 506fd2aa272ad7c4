import type { Evidence } from '../../cluster/evidence.ts';
import type { PodObject } from '../../cluster/objects.ts';
import { Failure } from '../../net/failure.ts';
import { didYouMean } from '../../net/near.ts';
import { namespaceOf, objectsOf } from '../stage.ts';
import type { WorkloadKind } from './report.ts';
import type { Workload } from './rules.ts';

/** A workload as asked for with `--rollout`. */
export interface WorkloadName {
  readonly kind: WorkloadKind;
  readonly name: string;
}

const KINDS: ReadonlyMap<string, WorkloadKind> = new Map([
  ['deploy', 'Deployment'],
  ['deployment', 'Deployment'],
  ['deployments', 'Deployment'],
  ['ds', 'DaemonSet'],
  ['daemonset', 'DaemonSet'],
  ['daemonsets', 'DaemonSet'],
  ['sts', 'StatefulSet'],
  ['statefulset', 'StatefulSet'],
  ['statefulsets', 'StatefulSet'],
]);

/** `deploy/NAME`, `daemonset/NAME`, `statefulset/NAME`. */
export function parseRollout(text: string): WorkloadName {
  const [type = '', name = '', ...rest] = text.split('/');
  const kind = KINDS.get(type.toLowerCase().replace(/\.apps$/, ''));
  if (kind !== undefined && rest.length === 0 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) return { kind, name };
  throw new Failure(`--rollout ${JSON.stringify(text)} is no workload`, 'use deploy/NAME, daemonset/NAME or statefulset/NAME');
}

export function findWorkload(evidence: Evidence, namespace: string, { kind, name }: WorkloadName): Workload {
  const all = objectsOf(evidence, kind).filter((object) => namespaceOf(object) === namespace);
  const found = all.find(({ metadata }) => metadata.name === name);
  if (found !== undefined) return found;
  const near = didYouMean(
    name,
    all.map(({ metadata }) => metadata.name),
  );
  const hint = evidence.complete.has(kind) ? `see kubectl get ${kind.toLowerCase()}s -n ${namespace}` : `${kind}s were not all read`;
  throw new Failure(`${kind} "${name}" not found in namespace "${namespace}" (${evidence.origin})`, near ?? hint);
}

/** The pods of a workload. Those of a Deployment belong to a ReplicaSet named DEPLOYMENT-HASH. */
export function podsOf(evidence: Evidence, workload: Workload): readonly PodObject[] {
  const namespace = namespaceOf(workload);
  return objectsOf(evidence, 'Pod').filter((pod) => namespaceOf(pod) === namespace && isOf(pod, workload) && isAlive(pod));
}

function isAlive({ metadata, status }: PodObject): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

function isOf({ metadata }: PodObject, { kind, metadata: { name } }: Workload): boolean {
  const owner = metadata.ownerReferences?.[0];
  if (kind !== 'Deployment') return owner?.kind === kind && owner.name === name;
  return owner?.kind === 'ReplicaSet' && owner.name !== undefined && owner.name.replace(/-[^-]*$/, '') === name;
}

/** The workloads behind a Service, as one would name them. */
export function workloadsBehind(evidence: Evidence, pods: ReadonlySet<string>): string[] {
  const names = objectsOf(evidence, 'Pod').flatMap((pod) => {
    const owner = pods.has(`${namespaceOf(pod)}/${pod.metadata.name}`) ? pod.metadata.ownerReferences?.[0] : undefined;
    if (owner?.kind === 'ReplicaSet') return [`deploy/${(owner.name ?? '').replace(/-[^-]*$/, '')}`];
    return owner?.kind === 'DaemonSet' || owner?.kind === 'StatefulSet' ? [`${owner.kind.toLowerCase()}/${owner.name ?? ''}`] : [];
  });
  return [...new Set(names)];
}
