import type { Evidence } from '../cluster/evidence.ts';
import type { ApiClient } from './api.ts';
import { dataPlaneReads } from './data-plane-reads.ts';
import { createReader, type Reader, type Resource, refusal, segment } from './reader.ts';

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

const CLUSTER_WIDE: ReadonlySet<Resource['kind']> = new Set(['IngressClass', 'BGPConfiguration']);

const SERVICES: Resource = { kind: 'Service', apiVersion: 'v1', path: '/api/v1/services' };
const NODES: Resource = { kind: 'Node', apiVersion: 'v1', path: '/api/v1/nodes' };
const PODS: Resource = { kind: 'Pod', apiVersion: 'v1', path: '/api/v1/pods' };
const NAMESPACES: Resource = { kind: 'Namespace', apiVersion: 'v1', path: '/api/v1/namespaces' };
const DAEMON_SETS: Resource = { kind: 'DaemonSet', apiVersion: 'apps/v1', path: '/apis/apps/v1/daemonsets' };

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

export interface CollectOptions {
  /** Also the hosts that ConfigMaps name: only findings ask for them. */
  readonly configHosts?: boolean | undefined;
}

/**
 * Reads what any question about any Service needs: Services, EndpointSlices, Nodes, Pods, Namespaces what reveals the data
 * plane, and what stands around Services: workloads, Ingresses, Gateways, policies, advertisements. Secrets are never read. What access rules refuse becomes a gap; only Services, their endpoints and Nodes have to be readable.
 */
export async function collectEverything(api: ApiClient, options: CollectOptions = {}): Promise<Evidence> {
  const reader = createReader(api);
  const needed = 'without it no Service can be judged';
  await Promise.all([
    reader.need(SERVICES, {}, needed),
    readEndpoints(reader, needed),
    reader.need(NODES, {}, 'without the Nodes nothing can be said about node ports and source addresses'),
    ...[PODS, NAMESPACES, DAEMON_SETS].map((resource) => reader.list(resource)),
    ...AROUND.map((resource) => reader.list(resource, {}, 'absent-is-none')),
    ...(options.configHosts === true ? [reader.configHosts(null)] : []),
  ]);
  return finish(api, reader);
}

/** Services of one namespace that somebody asks about; without names all of it. */
export interface Around {
  readonly namespace: string;
  readonly names: readonly string[];
}

/**
 * The same for whoever asks about Services of one namespace, and may have rights in it alone: what is refused for the whole cluster is read in that
 * namespace. Only the Services themselves have to be readable; everything else becomes a gap, and what depends on it is not checked.
 */
export async function collectAround(api: ApiClient, around: Around, options: CollectOptions = {}): Promise<Evidence> {
  const reader = createReader(api);
  const { namespace } = around;
  await Promise.all([
    readServices(reader, around),
    readEndpointsWithin(reader, namespace),
    ...[NODES, NAMESPACES].map((resource) => reader.list(resource)),
    ...[PODS, DAEMON_SETS].map((resource) => reader.listOrWithin(resource, namespace)),
    ...AROUND.map((resource) =>
      CLUSTER_WIDE.has(resource.kind)
        ? reader.list(resource, {}, 'absent-is-none')
        : reader.listOrWithin(resource, namespace, 'absent-is-none'),
    ),
    ...(options.configHosts === true ? [reader.configHosts(namespace)] : []),
  ]);
  return finish(api, reader);
}

async function finish(api: ApiClient, reader: Reader): Promise<Evidence> {
  await Promise.all([...dataPlaneReads(reader), ...controllerReads(reader)]);
  return reader.evidence(api.context === null ? `server ${api.server}` : `context ${api.context}`);
}

/** The list of the cluster, else that of the namespace, else each by its name. */
async function readServices(reader: Reader, { namespace, names }: Around): Promise<void> {
  const refused = await reader.listOrWithin(SERVICES, namespace);
  if (refused === null) return;
  if (refused.status !== 403 || names.length === 0) throw refusal(refused, `Services in namespace "${namespace}"`, '');
  const answers = await Promise.all(
    names.map((name) => reader.get({ ...SERVICES, path: `/api/v1/namespaces/${segment(namespace)}/services/${segment(name)}` })),
  );
  if (answers.includes('refused')) throw refusal(refused, `Services in namespace "${namespace}"`, '');
}

const ENDPOINT_SLICES = '/apis/discovery.k8s.io/v1/endpointslices';

/** EndpointSlices of v1, of v1beta1 on servers before 1.21. */
async function readEndpoints(reader: Reader, needed: string): Promise<void> {
  if (await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', path: ENDPOINT_SLICES }, {}, needed, 'absent-is-ok'))
    return;
  await reader.need(
    { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1beta1', path: ENDPOINT_SLICES.replace('/v1/', '/v1beta1/') },
    {},
    needed,
  );
}

async function readEndpointsWithin(reader: Reader, namespace: string): Promise<void> {
  await reader.listOrWithin({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', path: ENDPOINT_SLICES }, namespace);
  if (reader.objectsOf('EndpointSlice').length > 0) return;
  const beta = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1beta1',
    path: ENDPOINT_SLICES.replace('/v1/', '/v1beta1/'),
  } as const;
  await reader.attempt(beta);
}
