import type { PodObject } from '../../cluster/objects.ts';
import { slim } from '../../cluster/slim.ts';
import type { ApiClient } from '../api.ts';
import type { ContainerPlace } from './types.ts';

const NAMESPACE = 'kube-system';
/** kubeadm and kOps; GKE, RKE2 and other static pods; then whatever a DaemonSet of that name owns. */
const SELECTORS = ['k8s-app=kube-proxy', 'component=kube-proxy', null] as const;

/** The running kube-proxy pod of each of these nodes that has one. Throws ApiError when pods may not be listed. */
export async function findKubeProxyPods(api: ApiClient, nodes: readonly string[]): Promise<ReadonlyMap<string, ContainerPlace>> {
  const found = new Map<string, ContainerPlace>();
  for (const selector of SELECTORS) {
    if (nodes.every((node) => found.has(node))) break;
    for (const pod of await podsBy(api, selector)) {
      const node = pod.spec?.nodeName;
      if (node !== undefined && isReady(pod) && !found.has(node)) found.set(node, placeOf(pod));
    }
  }
  return found;
}

async function podsBy(api: ApiClient, labelSelector: string | null): Promise<PodObject[]> {
  let pods: PodObject[] = [];
  await api.list(`/api/v1/namespaces/${NAMESPACE}/pods`, labelSelector === null ? {} : { labelSelector }, {
    item: (raw) => {
      const pod = slim(raw, { apiVersion: 'v1', kind: 'Pod' });
      if (pod?.kind === 'Pod' && (labelSelector !== null || isOwnedByKubeProxy(pod))) pods.push(pod);
    },
    restart: () => {
      pods = [];
    },
  });
  return pods;
}

function isOwnedByKubeProxy({ metadata }: PodObject): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ kind, name }) =>
      (kind === 'DaemonSet' && name?.includes('kube-proxy')) || (kind === 'Node' && metadata.name.startsWith('kube-proxy')),
  );
}

function isReady({ metadata, status }: PodObject): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined && !metadata.name.includes('windows');
}

function placeOf({ metadata, spec }: PodObject): ContainerPlace {
  const containers = spec?.containers ?? [];
  const main =
    containers.find(({ name }) => name === 'kube-proxy') ?? containers.find(({ image }) => image?.includes('kube-proxy')) ?? containers[0];
  return { namespace: metadata.namespace ?? NAMESPACE, pod: metadata.name, container: main?.name };
}
