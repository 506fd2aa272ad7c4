import { namespaceOf } from '../../cluster/endpoints.ts';
import { serviceKey } from '../../cluster/model.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { defineServiceRule, type Fact, type ObjectRef } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';

interface Taken extends Fact {
  readonly port: number;
  readonly by: readonly ObjectRef[];
}

/** What else uses TCP ports of nodes: Services by node port and health check, pods by hostPort or on the host's network. */
const takers = perCluster((scene): ReadonlyMap<number, readonly ObjectRef[]> => {
  const found = new Map<number, ObjectRef[]>();
  for (const service of scene.cluster.services) {
    const ref = { kind: 'Service', name: service.name, namespace: service.namespace };
    if (service.healthCheckNodePort !== null) append(found, service.healthCheckNodePort, ref);
    for (const { nodePort, protocol } of service.ports) if (nodePort !== null && protocol === 'TCP') append(found, nodePort, ref);
  }
  for (const { metadata, spec, status } of scene.objects('Pod')) {
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    for (const port of (spec?.containers ?? []).flatMap(({ ports = [] }) => ports)) {
      const taken = port.hostPort ?? (spec?.hostNetwork === true ? port.containerPort : undefined);
      if (taken !== undefined && (port.protocol ?? 'TCP') === 'TCP')
        append(found, taken, { kind: 'Pod', name: metadata.name, namespace: namespaceOf(metadata) });
    }
  }
  return found;
});

/** kube-proxy cannot open the health-check port where another process or Service has it (Event FailedToStartServiceHealthcheck). */
export const hcPortConflict = defineServiceRule<Taken>({
  id: 'hc-port-conflict',
  title: 'the health-check port is taken by somebody else',
  severity: 'error',
  needs: ['Service', 'Pod'],
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: (scene) => {
    const port = scene.service.healthCheckNodePort;
    if (port === null) return [];
    const all = takers(scene.cluster).get(port) ?? [];
    const others = all.filter(
      (ref) => ref.kind !== 'Service' || serviceKey({ namespace: ref.namespace ?? '', name: ref.name }) !== scene.key,
    );
    return others.length === 0 ? [] : [{ field: 'spec.healthCheckNodePort', objects: others.slice(0, 20), port, by: others }];
  },
  tell: ({ port, by }, scene) => ({
    message: `health-check port ${port} of ${scene.key} is also used by ${nameList(by.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))}`,
    why: 'only one process can listen on a port of a node: where kube-proxy comes second, the load balancer is answered by the other one, and its idea of the health of that node is wrong',
    remedy: `Give the other one another port, or have this one allocated anew by leaving Local and coming back: ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })} && ${patchSpec(scene, { externalTrafficPolicy: 'Local' })}`,
  }),
});
