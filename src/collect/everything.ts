import type { Evidence } from '../cluster/evidence.ts';
import type { ApiClient } from './api.ts';
import { dataPlaneReads } from './data-plane-reads.ts';
import { createReader, type Reader, type Resource, segment } from './reader.ts';

function around(kind: Resource['kind'], apiVersion: string, plural: string): Resource {
  return { kind, apiVersion, path: `/apis/${apiVersion}/${plural}` };
}

/** What stands in front of Services and around them: findings look at it. Most clusters lack some of these resources. */
const AROUND: readonly Resource[] = [
  around('Deployment', 'apps/v1', 'deployments'),
  around('StatefulSet', 'apps/v1', 'statefulsets'),
  around('PodDisruptionBudget', 'policy/v1', 'poddisruptionbudgets'),
  around('Ingress', 'networking.k8s.io/v1', 'ingresses'),
  around('IngressClass', 'networking.k8s.io/v1', 'ingressclasses'),
  around('NetworkPolicy', 'networking.k8s.io/v1', 'networkpolicies'),
  around('Gateway', 'gateway.networking.k8s.io/v1', 'gateways'),
  around('HTTPRoute', 'gateway.networking.k8s.io/v1', 'httproutes'),
  around('GRPCRoute', 'gateway.networking.k8s.io/v1', 'grpcroutes'),
  around('TLSRoute', 'gateway.networking.k8s.io/v1alpha2', 'tlsroutes'),
  around('Challenge', 'acme.cert-manager.io/v1', 'challenges'),
  around('IPAddressPool', 'metallb.io/v1beta1', 'ipaddresspools'),
  around('L2Advertisement', 'metallb.io/v1beta1', 'l2advertisements'),
  around('BGPAdvertisement', 'metallb.io/v1beta1', 'bgpadvertisements'),
  around('ServiceL2Status', 'metallb.io/v1beta1', 'servicel2statuses'),
  around('BGPConfiguration', 'crd.projectcalico.org/v1', 'bgpconfigurations'),
  around('Middleware', 'traefik.io/v1alpha1', 'middlewares'),
  around('ClientTrafficPolicy', 'gateway.envoyproxy.io/v1alpha1', 'clienttrafficpolicies'),
  around('SecurityPolicy', 'gateway.envoyproxy.io/v1alpha1', 'securitypolicies'),
];

/** ConfigMaps that ingress controllers are started with: they tell what is made of PROXY headers and forwarded addresses; and that of the cluster's DNS. */
function controllerReads(reader: Reader): Promise<unknown>[] {
  const wanted = new Set<string>();
  for (const pod of reader.objectsOf('Pod')) {
    for (const word of (pod.spec?.containers ?? []).flatMap((container) => [...(container.command ?? []), ...(container.args ?? [])])) {
      const named = /^--?configmap=(?:(\$\(POD_NAMESPACE\)|[a-z0-9-]+)\/)?([a-z0-9.-]+)$/.exec(word);
      if (named !== null)
        wanted.add(`${named[1]?.startsWith('$') === false ? named[1] : (pod.metadata.namespace ?? 'default')}/${named[2] ?? ''}`);
    }
  }
  return [...wanted, 'kube-system/coredns'].map((key) => {
    const [namespace = '', name = ''] = key.split('/');
    return reader.get({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      path: `/api/v1/namespaces/${segment(namespace)}/configmaps/${segment(name)}`,
    });
  });
}

/**
 * Reads what any question about any Service needs: Services, EndpointSlices, Nodes, Pods, Namespaces what reveals the data
 * plane, and what stands around Services: workloads, Ingresses, Gateways, policies, advertisements. Secrets are never read. What access rules refuse becomes a gap; only Services, their endpoints and Nodes have to be readable.
 */
export async function collectEverything(api: ApiClient): Promise<Evidence> {
  const reader = createReader(api);
  const needed = 'without it no Service can be judged';
  await Promise.all([
    reader.need({ kind: 'Service', apiVersion: 'v1', path: '/api/v1/services' }, {}, needed),
    readEndpoints(reader, needed),
    reader.need(
      { kind: 'Node', apiVersion: 'v1', path: '/api/v1/nodes' },
      {},
      'without the Nodes nothing can be said about node ports and source addresses',
    ),
    reader.list({ kind: 'Pod', apiVersion: 'v1', path: '/api/v1/pods' }),
    reader.list({ kind: 'Namespace', apiVersion: 'v1', path: '/api/v1/namespaces' }),
    reader.list({ kind: 'DaemonSet', apiVersion: 'apps/v1', path: '/apis/apps/v1/daemonsets' }),
    ...AROUND.map((resource) => reader.list(resource, {}, 'absent-is-none')),
  ]);
  await Promise.all([...dataPlaneReads(reader), ...controllerReads(reader)]);
  return reader.evidence(api.context === null ? `server ${api.server}` : `context ${api.context}`);
}

/** EndpointSlices of v1, of v1beta1 on servers before 1.21. */
async function readEndpoints(reader: Reader, needed: string): Promise<void> {
  const path = '/apis/discovery.k8s.io/v1/endpointslices';
  if (await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', path }, {}, needed, 'absent-is-ok')) return;
  await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1beta1', path: path.replace('/v1/', '/v1beta1/') }, {}, needed);
}
