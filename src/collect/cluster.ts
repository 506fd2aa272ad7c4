import type { Evidence } from '../cluster/evidence.ts';
import type { ServiceObject } from '../cluster/objects.ts';
import { slim } from '../cluster/slim.ts';
import { Failure } from '../net/failure.ts';
import type { ApiClient } from './api.ts';
import { ApiError } from './api.ts';
import { dataPlaneReads } from './data-plane-reads.ts';
import { createReader, type Reader, refusal, segment } from './reader.ts';

/** What of a cluster the question needs. */
export interface Wanted {
  readonly namespace: string;
  readonly name: string;
  /** Pods that ask, by name. */
  readonly pods: readonly { readonly namespace: string; readonly name: string }[];
  /** Addresses and ports that are asked about; one that the Service does not have may belong to any other. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
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
