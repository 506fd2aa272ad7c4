import { Failure } from '../../net/failure.ts';
import { ApiError } from '../api.ts';
import type { LiveClient } from '../live/client.ts';
import { clean } from '../live/text.ts';
import { USUAL } from '../ssh/types.ts';
import { eachNode } from './each-node.ts';
import { findKubeProxyPods } from './kube-proxy-pods.ts';
import { readPod } from './read-pod.ts';
import type { ContainerPlace, PodReadOptions, PodReadProgress, PodReadResult } from './types.ts';
import { FILE_LIMIT, TIMEOUT_MS } from './types.ts';

/**
 * Reads rules, addresses and routes in the kube-proxy pod of each node, which runs on the node's own network. A node that cannot be read is a gap
 * and never an error; an interruption through the signal is a Failure. Changes nothing.
 */
export async function collectOverExec(
  api: LiveClient,
  nodes: readonly { readonly name: string }[],
  options: PodReadOptions = {},
  progress: (progress: PodReadProgress) => void = () => undefined,
): Promise<PodReadResult> {
  const pods = await podsOf(
    api,
    nodes.map(({ name }) => name),
  );
  return eachNode(nodes, options, {
    progress,
    read: async ({ name }, signal) => {
      const place =
        typeof pods === 'string' ? pods : (pods.get(name) ?? 'no running kube-proxy pod on this node; use --rules ssh or --rules debug');
      if (typeof place === 'string') return { files: [], gaps: [{ what: `rules of ${clean(name)}`, why: clean(`exec: ${place}`) }] };
      return readPod(api, {
        node: name,
        place,
        wanted: options.wanted ?? USUAL,
        source: 'exec',
        timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
        fileLimit: options.fileLimit ?? FILE_LIMIT,
        signal,
      });
    },
  });
}

/** Or why they are not known. */
async function podsOf(api: LiveClient, nodes: readonly string[]): Promise<ReadonlyMap<string, ContainerPlace> | string> {
  try {
    return await findKubeProxyPods(api, nodes);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return `${error.message}; use --rules ssh or --rules debug`;
    if (error instanceof ApiError || error instanceof Failure) return error.message;
    throw error;
  }
}
