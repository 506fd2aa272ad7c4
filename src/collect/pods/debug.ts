import type { Gap } from '../../cluster/evidence.ts';
import { Failure } from '../../net/failure.ts';
import { ApiError } from '../api.ts';
import type { LiveClient } from '../live/client.ts';
import { clean } from '../live/text.ts';
import { USUAL } from '../ssh/types.ts';
import {
  createPod,
  DEBUG_IMAGE,
  DEBUG_NAMESPACE,
  type DebugPod,
  debugPodFor,
  isRefused,
  removeCommand,
  removePod,
  untilRunning,
} from './debug-pod.ts';
import { eachNode } from './each-node.ts';
import { readPod } from './read-pod.ts';
import { FILE_LIMIT, type PodReadOptions, type PodReadProgress, type PodReadResult, TIMEOUT_MS } from './types.ts';

export interface DebugOptions extends PodReadOptions {
  /** Where the pods are made. Default: DEBUG_NAMESPACE. */
  readonly namespace?: string | undefined;
  /** An image with iptables-save and sleep. Default: DEBUG_IMAGE. */
  readonly image?: string | undefined;
  /** Until a pod runs, its image pulled. Default: 60,000 ms. */
  readonly startTimeoutMs?: number | undefined;
  /** A line for the user: each pod that is made, that is gone, or that could not be deleted. */
  readonly tell?: ((line: string) => void) | undefined;
}

const START_TIMEOUT_MS = 60_000;

/**
 * Reads rules, addresses and routes through a pod that is made on each of these nodes and deleted again, whatever happens in between; the signal
 * ends the reading and never the deletion. This is all that the program ever writes to a cluster.
 */
export async function collectOverDebugPods(
  api: LiveClient,
  nodes: readonly { readonly name: string }[],
  options: DebugOptions = {},
  progress: (progress: PodReadProgress) => void = () => undefined,
): Promise<PodReadResult> {
  return eachNode(nodes, options, { progress, read: (node, signal) => readThroughPod(api, node.name, { options, signal }) });
}

interface Job {
  readonly options: DebugOptions;
  readonly signal: AbortSignal;
}

async function readThroughPod(api: LiveClient, node: string, { options, signal }: Job): Promise<PodReadResult> {
  const { namespace = DEBUG_NAMESPACE, image = DEBUG_IMAGE, tell = () => undefined } = options;
  const pod = debugPodFor(node, { namespace, image });
  const shown = clean(`pod ${namespace}/${pod.place.pod} on node ${node}`);
  const gaps: Gap[] = [];
  let mayExist = true;
  try {
    tell(`making ${shown} (image ${clean(image)}, on the node's network, deleted at the end)`);
    await createPod(api, pod).catch((error: unknown) => {
      mayExist = !isRefused(error);
      throw error;
    });
    await untilRunning(api, pod, { timeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS, signal });
    const read = await readPod(api, {
      node,
      place: pod.place,
      wanted: options.wanted ?? USUAL,
      source: 'debug',
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      fileLimit: options.fileLimit ?? FILE_LIMIT,
      signal,
    });
    gaps.push(...read.gaps);
    return { files: read.files, gaps };
  } catch (error) {
    gaps.push({ what: `rules of ${clean(node)}`, why: clean(`debug: ${reasonOf(error, { options, signal })}`) });
    return { files: [], gaps };
  } finally {
    if (mayExist) gaps.push(...(await remove(api, pod, { shown, tell })));
  }
}

/** Deletes the pod and says so; a gap when that failed, for it is left in the cluster. */
async function remove(
  api: LiveClient,
  pod: DebugPod,
  { shown, tell }: { readonly shown: string; readonly tell: (line: string) => void },
): Promise<Gap[]> {
  const why = await removePod(api, pod);
  if (why === null) {
    tell(`deleted ${shown}`);
    return [];
  }
  const left = `it could not be deleted (${clean(why)}); delete it with: ${removeCommand(api, pod)}`;
  tell(`WARNING: ${shown}: ${left}`);
  return [{ what: shown, why: `debug: ${left}` }];
}

/** Why nothing could be read. A fault of this program goes on. */
function reasonOf(error: unknown, { options, signal }: Job): string {
  if (signal.aborted) return 'interrupted';
  const { namespace = DEBUG_NAMESPACE } = options;
  if (error instanceof ApiError && /violates PodSecurity/.test(error.message))
    return `${error.message}; choose a namespace that lets privileged pods in`;
  if (error instanceof ApiError && error.status === 403)
    return `${error.message}; it takes create, get and delete on pods and get and create on pods/exec in ${namespace}`;
  if (error instanceof ApiError || error instanceof Failure) return error.message;
  throw error;
}
