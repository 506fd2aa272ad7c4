import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variables } from './kubeconfig.ts';
import { type ClusterEntry, NO_CLUSTER, NO_USER, type UserEntry } from './kubeconfig-entries.ts';

/** Where the kubelet puts the credentials of a pod. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** How a pod reaches its own API server. */
export interface InCluster {
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  readonly namespace: string;
}

/** The pod's own cluster, or null outside of a pod. client-go: rest.InClusterConfig. */
export async function findInCluster(folder: string, variables: Variables): Promise<InCluster | null> {
  const host = variables['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = variables['KUBERNETES_SERVICE_PORT'] ?? '';
  const tokenFile = join(folder, 'token');
  if (host === '' || port === '' || !(await isFile(tokenFile))) return null;
  const caFile = join(folder, 'ca.crt');
  return {
    cluster: {
      ...NO_CLUSTER,
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caFile: (await isFile(caFile)) ? caFile : null,
    },
    user: { ...NO_USER, tokenFile },
    namespace: variables['POD_NAMESPACE'] || (await namespaceIn(folder)) || 'default',
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function namespaceIn(folder: string): Promise<string> {
  return readFile(join(folder, 'namespace'), 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
