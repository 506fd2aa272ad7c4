import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { DaemonSetObject, Kind, KubeObject, NodeObject, ServiceObject } from '../cluster/objects.ts';
import { slim } from '../cluster/slim.ts';
import { Failure } from '../net/failure.ts';
import type { ApiClient } from './api.ts';
import { ApiError } from './api.ts';

/** What of a cluster the question needs. */
export interface Wanted {
  readonly namespace: string;
  readonly name: string;
  /** Pods that ask, by name. */
  readonly pods: readonly { readonly namespace: string; readonly name: string }[];
  /** Addresses and ports that are asked about; one that the Service does not have may belong to any other. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
}

interface Resource {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly path: string;
}

/**
 * Reads from the API server what one Service's report needs, and no more: the Service, its EndpointSlices by label, the Nodes,
 * and what reveals the data plane. What access rules refuse becomes a gap; only what the question cannot do without is a Failure.
 */
export async function collectService(api: ApiClient, wanted: Wanted): Promise<Evidence> {
  const reader = createReader(api);
  const { namespace, name } = wanted;
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${segment(namespace)}/endpointslices`;
  const [service] = await Promise.all([
    readService(api, reader, namespace, name),
    readSlices(reader, slices, namespace, name),
    reader.need(
      { kind: 'Node', apiVersion: 'v1', path: '/api/v1/nodes' },
      {},
      'without the Nodes nothing can be said about node ports and source addresses',
    ),
    reader.list({ kind: 'DaemonSet', apiVersion: 'apps/v1', path: '/apis/apps/v1/daemonsets' }),
  ]);
  await Promise.all([
    ...dataPlaneReads(reader),
    ...wanted.pods.map((pod) =>
      reader.get({ kind: 'Pod', apiVersion: 'v1', path: `/api/v1/namespaces/${segment(pod.namespace)}/pods/${segment(pod.name)}` }),
    ),
    ...(asksElsewhere(service, wanted) ? [reader.list({ kind: 'Service', apiVersion: 'v1', path: '/api/v1/services' })] : []),
  ]);
  return reader.evidence(api.context === null ? `server ${api.server}` : `context ${api.context}`);
}

/** A name as one segment of a URL path. */
function segment(name: string): string {
  return encodeURIComponent(name);
}

async function readService(api: ApiClient, reader: Reader, namespace: string, name: string): Promise<ServiceObject | null> {
  const path = `/api/v1/namespaces/${segment(namespace)}/services`;
  try {
    const found = slim(await api.get(`${path}/${segment(name)}`), { apiVersion: 'v1', kind: 'Service' });
    if (found?.kind !== 'Service')
      throw new Failure(`the server's answer for Service ${namespace}/${name} is no Service`, `is ${api.server} a Kubernetes API server?`);
    reader.add(found);
    return found;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 404) throw refusal(error, `Service ${namespace}/${name}`, '');
    // Its neighbours serve for near matches; that they cannot be read changes nothing about the answer.
    const all = { kind: 'Service', apiVersion: 'v1', path: '/api/v1/services' } as const;
    await reader.attempt(all);
    if (reader.objectsOf('Service').length === 0) await reader.attempt({ ...all, path });
    await reader.attempt({ kind: 'Namespace', apiVersion: 'v1', path: '/api/v1/namespaces' });
    return null;
  }
}

/** EndpointSlices of v1, of v1beta1 on servers before 1.21, else the Endpoints object. */
async function readSlices(reader: Reader, path: string, namespace: string, name: string): Promise<void> {
  const query = { labelSelector: `kubernetes.io/service-name=${name}` };
  const why = 'without its EndpointSlices nothing can be said about this Service';
  if (await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', path }, query, why, 'absent-is-ok')) return;
  const beta = path.replace('/v1/', '/v1beta1/');
  if (await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1beta1', path: beta }, query, why, 'absent-is-ok')) return;
  await reader.get({ kind: 'Endpoints', apiVersion: 'v1', path: `/api/v1/namespaces/${segment(namespace)}/endpoints/${segment(name)}` });
}

function asksElsewhere(service: ServiceObject | null, { addresses }: Wanted): boolean {
  if (service === null) return false;
  const spec = service.spec ?? {};
  const own = new Set([
    ...(spec.clusterIPs ?? []),
    ...(spec.externalIPs ?? []),
    ...(service.status?.loadBalancer?.ingress ?? []).map((entry) => entry.ip),
  ]);
  const ports = new Set((spec.ports ?? []).map((port) => port.port));
  const nodePorts = new Set((spec.ports ?? []).map((port) => port.nodePort));
  return addresses.some(({ address, port }) => !(own.has(address) && ports.has(port)) && !nodePorts.has(port));
}

// ---- what reveals the data plane -------------------------------------------------------------

/** Which objects to look for, by the DaemonSets and Nodes that are there. All are optional: what is missing shows in the report. */
function dataPlaneReads(reader: Reader): Promise<unknown>[] {
  const daemons = reader.objectsOf('DaemonSet');
  const named = (...names: readonly string[]): DaemonSetObject | undefined =>
    daemons.find((daemon) => names.includes(daemon.metadata.name));
  const reads: Promise<unknown>[] = [
    reader.list(
      { kind: 'ServiceCIDR', apiVersion: 'networking.k8s.io/v1', path: '/apis/networking.k8s.io/v1/servicecidrs' },
      {},
      'absent-is-ok',
    ),
  ];
  reads.push(...kubeProxyReads(reader, daemons));
  const flannel = named('kube-flannel-ds', 'kube-flannel-ds-amd64', 'kube-flannel', 'canal', 'rke2-canal');
  if (flannel !== undefined)
    reads.push(configMap(reader, flannel.metadata.namespace, 'kube-flannel-cfg', 'canal-config', 'rke2-canal-config'));
  if (named('calico-node') !== undefined) reads.push(...calicoReads(reader));
  const cilium = named('cilium', 'anetd');
  if (cilium !== undefined) reads.push(configMap(reader, cilium.metadata.namespace, 'cilium-config'));
  const antrea = named('antrea-agent');
  if (antrea !== undefined) reads.push(configMap(reader, antrea.metadata.namespace, 'antrea-config'));
  if (named('sdn', 'ovnkube-node') !== undefined || reader.objectsOf('Node').some(isOpenShift)) reads.push(...openShiftReads(reader));
  return reads;
}

function kubeProxyReads(reader: Reader, daemons: readonly DaemonSetObject[]): Promise<unknown>[] {
  const proxy = daemons.find((daemon) => /^kube-proxy(-|$)/.test(daemon.metadata.name));
  const pods = (labelSelector: string): Promise<unknown> =>
    reader.list({ kind: 'Pod', apiVersion: 'v1', path: '/api/v1/namespaces/kube-system/pods' }, { labelSelector }, 'partial');
  if (proxy === undefined)
    return [configMap(reader, 'kube-system', 'kube-proxy', 'kube-proxy-config'), pods('component=kube-proxy'), pods('k8s-app=kube-proxy')];
  const volumes = (proxy.spec?.template?.spec?.volumes ?? []).map((volume) => volume.configMap?.name).filter((name) => name !== undefined);
  const configMaps =
    volumes.length > 0
      ? // EKS mounts two: `kube-proxy` has the kubeconfig, `kube-proxy-config` the configuration.
        [...new Set(volumes)].map((name) => configMap(reader, proxy.metadata.namespace, name))
      : [configMap(reader, proxy.metadata.namespace, 'kube-proxy', 'kube-proxy-config')];
  const rolledOut = proxy.status?.updatedNumberScheduled === proxy.status?.desiredNumberScheduled;
  // Only in the middle of a roll-out do pods tell more than the template: another version on some nodes.
  return [...configMaps, ...(rolledOut ? [] : [pods('k8s-app=kube-proxy')])];
}

function calicoReads(reader: Reader): Promise<unknown>[] {
  const custom = '/apis/crd.projectcalico.org/v1';
  return [
    reader.list({ kind: 'IPPool', apiVersion: 'crd.projectcalico.org/v1', path: `${custom}/ippools` }, {}, 'absent-is-ok'),
    reader.get({ kind: 'FelixConfiguration', apiVersion: 'crd.projectcalico.org/v1', path: `${custom}/felixconfigurations/default` }),
    reader.get({ kind: 'Installation', apiVersion: 'operator.tigera.io/v1', path: '/apis/operator.tigera.io/v1/installations/default' }),
  ];
}

function openShiftReads(reader: Reader): Promise<unknown>[] {
  return [
    reader.get({ kind: 'Network', apiVersion: 'config.openshift.io/v1', path: '/apis/config.openshift.io/v1/networks/cluster' }),
    configMap(reader, 'openshift-sdn', 'sdn-config'),
  ];
}

function isOpenShift(node: NodeObject): boolean {
  return node.metadata.labels?.['node.openshift.io/os_id'] !== undefined;
}

/** The first of these ConfigMaps that is there. */
async function configMap(reader: Reader, namespace: string | undefined, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = `/api/v1/namespaces/${segment(namespace ?? 'kube-system')}/configmaps/${segment(name)}`;
    if ((await reader.get({ kind: 'ConfigMap', apiVersion: 'v1', path })) !== 'absent') return;
  }
}

// ---- reading ---------------------------------------------------------------------------------

type Reader = ReturnType<typeof createReader>;

function createReader(api: ApiClient) {
  const objects: KubeObject[] = [];
  const complete = new Set<Kind>();
  const gaps: Gap[] = [];
  const known = new Set<string>();

  /** Lists may overlap with what was read by name. */
  function keep(object: KubeObject): void {
    const key = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (known.has(key)) return;
    known.add(key);
    objects.push(object);
  }

  /** True when the list was read; false when the server does not know the resource. */
  async function readList(resource: Resource, query: Readonly<Record<string, string>>): Promise<boolean> {
    let found: KubeObject[] = [];
    try {
      await api.list(resource.path, query, {
        item: (raw) => {
          const object = slim(raw, resource);
          if (object !== null) found.push(object);
        },
        restart: () => {
          found = [];
        },
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
    for (const object of found) keep(object);
    return true;
  }

  return {
    add: keep,
    objectsOf: <K extends Kind>(kind: K) => objects.filter((object) => object.kind === kind) as Extract<KubeObject, { kind: K }>[],
    /** A list without which there is no answer. */
    need: async (resource: Resource, query: Readonly<Record<string, string>>, why: string, absent?: 'absent-is-ok'): Promise<boolean> => {
      try {
        const read = await readList(resource, query);
        if (read) complete.add(resource.kind);
        else if (absent === undefined) throw new Failure(`the server does not know ${plural(resource.kind)} (${resource.path})`, why);
        return read;
      } catch (error) {
        throw error instanceof ApiError ? refusal(error, plural(resource.kind), why) : error;
      }
    },
    /** A list that helps; refused, it becomes a gap. */
    list: async (resource: Resource, query: Readonly<Record<string, string>> = {}, how?: 'absent-is-ok' | 'partial'): Promise<void> => {
      try {
        const read = await readList(resource, query);
        if (read && how !== 'partial' && Object.keys(query).length === 0) complete.add(resource.kind);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        gaps.push({ what: plural(resource.kind), why: `${error.reason || error.status}: ${error.message}` });
      }
    },
    /** A list that only makes a message better. */
    attempt: async (resource: Resource): Promise<void> => {
      await readList(resource, {}).catch(() => false);
    },
    /** One object that helps; refused, it becomes a gap. */
    get: async (resource: Resource): Promise<'read' | 'absent' | 'refused'> => {
      try {
        const object = slim(await api.get(resource.path), resource);
        if (object !== null) keep(object);
        return 'read';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 404) return 'absent';
        gaps.push({
          what: `${resource.kind} ${resource.path.split('/').slice(-1).join('')}`,
          why: `${error.reason || error.status}: ${error.message}`,
        });
        return 'refused';
      }
    },
    evidence: (origin: string): Evidence => ({ origin, objects, complete, gaps, nodeFiles: [] }),
  };
}

function plural(kind: Kind): string {
  return kind.endsWith('s') ? kind : `${kind}s`;
}

function refusal(error: ApiError, what: string, why: string): Failure {
  if (error.status === 401)
    return new Failure(`the server does not accept your credentials (401): ${error.message}`, 'log in again, or see kubectl auth whoami');
  if (error.status === 403)
    return new Failure(
      `you may not read ${what}: ${error.message}`,
      why === '' ? 'ask for get on services (examples/rbac/clusterrole.yaml)' : `${why}; examples/rbac/clusterrole.yaml has what is needed`,
    );
  return new Failure(`${what} could not be read: ${error.message} (${error.status})`, why === '' ? undefined : why);
}
