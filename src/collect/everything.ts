import type { Evidence } from '../cluster/evidence.ts';
import type { ApiClient } from './api.ts';
import { dataPlaneReads } from './data-plane-reads.ts';
import { createReader } from './reader.ts';

/**
 * Reads what any question about any Service needs: Services, EndpointSlices, Nodes, Pods, Namespaces and what reveals the data
 * plane. Secrets are never read. What access rules refuse becomes a gap; only Services, their endpoints and Nodes have to be readable.
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
  ]);
  await Promise.all(dataPlaneReads(reader));
  return reader.evidence(api.context === null ? `server ${api.server}` : `context ${api.context}`);
}

/** EndpointSlices of v1, of v1beta1 on servers before 1.21. */
async function readEndpoints(reader: ReturnType<typeof createReader>, needed: string): Promise<void> {
  const path = '/apis/discovery.k8s.io/v1/endpointslices';
  if (await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', path }, {}, needed, 'absent-is-ok')) return;
  await reader.need({ kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1beta1', path: path.replace('/v1/', '/v1beta1/') }, {}, needed);
}
