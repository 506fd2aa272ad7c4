import { Worker } from 'node:worker_threads';
import type { Kind, KubeObject, ServiceObject } from '../cluster/objects.ts';
import type { Cluster, Resource } from './cluster.ts';

const KINDS = {
  namespaces: 'Namespace',
  nodes: 'Node',
  services: 'Service',
  pods: 'Pod',
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
} as const satisfies Record<Resource, Kind>;

/** Of larger files nobody waits for the names. */
const LARGEST_ENTRY = 64 * 2 ** 20;

/** What the reading thread is asked. */
export interface SnapshotRequest {
  readonly snapshot: string;
}

/** Names from a snapshot. It is read in a thread of its own, because nothing else can stop the parsing of a large file in time. */
export function snapshotCluster(path: string, { namespace, thread, signal }: Reading): Cluster {
  let read: Promise<readonly KubeObject[]> | null = null;
  const objects = (): Promise<readonly KubeObject[]> => {
    // Standard input is where the user types.
    if (path === '-') return Promise.resolve([]);
    read ??= readInThread({ snapshot: path }, thread, signal).catch(() => []);
    return read;
  };
  return {
    names: async (resource, other) => namesIn(await objects(), resource, other ?? namespace),
    service: async (name) => {
      const isIt = (object: KubeObject): object is ServiceObject =>
        object.kind === 'Service' && object.metadata.name === name && namespaceOf(object) === namespace;
      return (await objects()).find(isIt) ?? null;
    },
  };
}

interface Reading {
  readonly namespace: string;
  /** The program that answers a SnapshotRequest with objects. */
  readonly thread: URL;
  readonly signal: AbortSignal;
}

function readInThread(request: SnapshotRequest, thread: URL, signal: AbortSignal): Promise<readonly KubeObject[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(thread, { workerData: request, stdout: true, stderr: true });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('no answer')));
    signal.addEventListener('abort', () => reject(new Error('too late')));
  });
}

/** In the thread: the objects that have names of use here. */
export async function readNamed({ snapshot }: SnapshotRequest): Promise<readonly KubeObject[]> {
  const { readSnapshot } = await import('../collect/snapshot/read-snapshot.ts');
  const wanted = new Set<Kind>(Object.values(KINDS));
  const { evidence } = await readSnapshot(snapshot, { nodeFiles: false, mayHoldNothing: true, entryLimit: LARGEST_ENTRY, wanted });
  return evidence.objects;
}

/** Snapshots often lack Namespace objects; the namespaces of what is in them are as good. */
export function namesIn(objects: readonly KubeObject[], resource: Resource, namespace: string): string[] {
  const mine = objects.filter(({ kind }) => kind === KINDS[resource]);
  if (resource === 'nodes') return sorted(mine.map(({ metadata }) => metadata.name));
  if (resource === 'namespaces') {
    const used = objects.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.name] : (metadata.namespace ?? [])));
    return sorted(used);
  }
  return sorted(mine.filter((object) => namespaceOf(object) === namespace).map(({ metadata }) => metadata.name));
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? 'default';
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort((a, b) => (a < b ? -1 : 1));
}
