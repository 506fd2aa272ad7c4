import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../net/failure.ts';
import { ApiError } from '../api.ts';
import type { LiveClient } from '../live/client.ts';
import { clean, isRecord } from '../live/text.ts';
import type { ContainerPlace } from './types.ts';

/**
 * The base image of kube-proxy's own: iptables of both backends with the wrapper that picks the node's, nft, and a `sleep`
 * (kubernetes/release images/build/distroless-iptables). A node that runs kube-proxy of the same release has its layers already.
 */
export const DEBUG_IMAGE = 'registry.k8s.io/build-image/distroless-iptables:v0.7.6';
export const DEBUG_NAMESPACE = 'default';

const CONTAINER = 'read-rules';
/** Even if nobody can delete it, the pod ends after this. */
const LIFETIME_S = 300;
const POLL_MS = 500;
const REMOVE_WAITS_MS = [0, 1000, 3000];
/** pkg/kubelet/images and pkg/kubelet/kuberuntime: what does not pass by waiting. */
const HOPELESS =
  /^(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|ImageInspectError|CreateContainer(?:Config)?Error|RunContainerError|CrashLoopBackOff)$/;

export interface DebugPod {
  readonly place: ContainerPlace & { readonly container: string };
  readonly manifest: object;
}

/** A pod that waits on a node's own network, with no more rights than listing rules takes (CAP_NET_ADMIN, and CAP_NET_RAW for legacy iptables). */
export function debugPodFor(node: string, { namespace, image }: { readonly namespace: string; readonly image: string }): DebugPod {
  const name = `srcip-debug-${randomBytes(5).toString('hex')}`;
  const container = {
    name: CONTAINER,
    image,
    command: ['sleep', String(LIFETIME_S)],
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
    securityContext: {
      runAsUser: 0,
      privileged: false,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
    },
  };
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'srcip-debug', 'app.kubernetes.io/managed-by': 'kubectl-srcip' } },
    spec: {
      nodeName: node,
      hostNetwork: true,
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: LIFETIME_S,
      terminationGracePeriodSeconds: 1,
      os: { name: 'linux' },
      tolerations: [{ operator: 'Exists' }],
      containers: [container],
    },
  };
  return { place: { namespace, pod: name, container: CONTAINER }, manifest };
}

/** Creates it; a server that already has it got the first of two sendings. */
export async function createPod(api: LiveClient, { place, manifest }: DebugPod): Promise<void> {
  await api.create(`/api/v1/namespaces/${encodeURIComponent(place.namespace)}/pods`, manifest).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  });
}

/** Whether this answer to the creation means that no pod was made. */
export function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

/** Waits for the pod to run. Throws Failure when it never will, and the signal's reason. */
export async function untilRunning(
  api: LiveClient,
  { place }: DebugPod,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const state = stateOf(await api.get(pathOf(place)));
    if (state.phase === 'Running') return;
    const shown = `pod ${place.namespace}/${place.pod}`;
    if (state.phase === 'Failed' || state.phase === 'Succeeded' || HOPELESS.test(state.reason))
      throw new Failure(`${shown} cannot run: ${said(state)}`);
    if (Date.now() >= deadline) throw new Failure(`${shown} did not start within ${timeoutMs / 1000}s: ${said(state)}`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

interface PodState {
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
}

function stateOf(pod: unknown): PodState {
  const status = field(pod, 'status');
  const containers = field(status, 'containerStatuses');
  const waiting = field(field(Array.isArray(containers) ? containers[0] : null, 'state'), 'waiting');
  const first = (key: string): string => text(field(waiting, key)) || text(field(status, key));
  return { phase: text(field(status, 'phase')) || 'Pending', reason: first('reason'), message: first('message') };
}

function said({ phase, reason, message }: PodState): string {
  return clean([reason || phase, message].filter((word) => word !== '').join(': '));
}

function field(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Deletes it, whatever was interrupted before. Null when it is gone, else why it may not be. */
export async function removePod(api: LiveClient, { place }: DebugPod): Promise<string | null> {
  let why = '';
  for (const wait of REMOVE_WAITS_MS) {
    await sleep(wait);
    try {
      await api.remove(pathOf(place));
      return null;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      if (!(error instanceof ApiError || error instanceof Failure)) throw error;
      why = error.message;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) break;
    }
  }
  return why;
}

/** What a person runs instead. */
export function removeCommand(api: LiveClient, { place }: DebugPod): string {
  const context = api.context === null ? '' : ` --context '${clean(api.context).replaceAll("'", "'\\''")}'`;
  return `kubectl delete pod ${place.pod} -n ${clean(place.namespace)}${context}`;
}

function pathOf({ namespace, pod }: ContainerPlace): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
}
