import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { KubeObject, ServiceObject } from '../cluster/objects.ts';
import type { Change } from './change.ts';
import { admitted } from './service.ts';
import type { Changed, Subject } from './stage.ts';

/** Their pods and endpoints are other objects, which the manifest does not hold. */
const CONTROLLERS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet']);

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'Node',
  'Namespace',
  'IngressClass',
  'BGPConfiguration',
  'IPPool',
  'FelixConfiguration',
  'CiliumNode',
  'ServiceCIDR',
  'Network',
  'ClusterNetwork',
  'HostSubnet',
  'Installation',
]);

type Manifests = Extract<Change, { kind: 'manifests' }>;

/** The cluster with changed objects laid over it, as `kubectl apply` of their manifests would leave it. */
export function applyManifests(evidence: Evidence, { objects, from, passedOver }: Manifests, subject: Subject): Changed {
  const why = 'not understood here: what its controller would make of it is not told';
  const gaps: Gap[] = passedOver.length === 0 ? [] : [{ what: `${passedOver.join(', ')} in ${from}`, why }];
  for (const { kind, metadata } of objects.filter((object) => CONTROLLERS.has(object.kind)))
    gaps.push({
      what: `pods of ${kind} ${metadata.name} in ${from}`,
      why: 'what its controller would make of it is not told; --scale N tells other numbers of pods',
    });
  const ports: number[] = [];
  let result = evidence;
  for (const object of objects) {
    const changed = applied(result, inNamespace(object, subject.namespace), subject);
    result = changed.evidence;
    gaps.push(...(changed.gaps ?? []));
    ports.push(...(changed.ports ?? []));
  }
  return { evidence: result, gaps, ports };
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if (object.metadata.namespace !== undefined || CLUSTER_SCOPED.has(object.kind)) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function applied(evidence: Evidence, object: KubeObject, subject: Subject): Changed {
  const key = keyOf(object);
  const old = evidence.objects.find((known) => keyOf(known) === key);
  if (object.kind === 'Service' && old?.kind === 'Service') return admitted(evidence, subject, { old, wanted: mergedService(old, object) });
  if (old === undefined) return { evidence: { ...evidence, objects: [...evidence.objects, object] } };
  const next = withStatus(old, object);
  return { evidence: { ...evidence, objects: evidence.objects.map((known) => (known === old ? next : known)) } };
}

function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${CLUSTER_SCOPED.has(kind) ? '' : (metadata.namespace ?? 'default')}/${metadata.name}`;
}

/** A manifest says nothing of the status, and an update does not touch it. */
function withStatus(old: KubeObject, object: KubeObject): KubeObject {
  if ('status' in object || !('status' in old) || old.status === undefined) return object;
  return { ...object, status: old.status } as KubeObject;
}

/** What an update leaves out and the server keeps (pkg/registry/core/service patchAllocatedValues): clusterIPs, node ports, health-check port. */
function mergedService(old: ServiceObject, object: ServiceObject): ServiceObject {
  const [before, spec] = [old.spec ?? {}, object.spec ?? {}];
  const type = spec.type ?? 'ClusterIP';
  const keepsNodePorts = type !== 'ClusterIP' && (before.type ?? 'ClusterIP') !== 'ClusterIP';
  const ports = (spec.ports ?? []).map((port) => {
    const same = (before.ports ?? []).find((known) => known.port === port.port && (known.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    return port.nodePort || !keepsNodePorts || !same?.nodePort ? port : { ...port, nodePort: same.nodePort };
  });
  const merged = {
    ...(before.clusterIP === undefined ? {} : { clusterIP: before.clusterIP }),
    ...(before.clusterIPs === undefined ? {} : { clusterIPs: before.clusterIPs }),
    ...(before.ipFamilies === undefined ? {} : { ipFamilies: before.ipFamilies }),
    ...(type === 'LoadBalancer' && before.healthCheckNodePort ? { healthCheckNodePort: before.healthCheckNodePort } : {}),
    ...(type === 'LoadBalancer' && before.allocateLoadBalancerNodePorts !== undefined
      ? { allocateLoadBalancerNodePorts: before.allocateLoadBalancerNodePorts }
      : {}),
    ...spec,
    type,
    ports,
  };
  const local = type === 'LoadBalancer' && merged.externalTrafficPolicy === 'Local';
  const { healthCheckNodePort, ...rest } = merged;
  const kept = local && healthCheckNodePort !== undefined ? { ...rest, healthCheckNodePort } : rest;
  return { ...(withStatus(old, object) as ServiceObject), spec: kept };
}
