import type { DaemonSetObject, DeploymentObject, TemplateSpecObject } from '../cluster/objects.ts';

type Amount = number | string;

/** `25%` of a number of pods, or a number by itself (k8s util/intstr GetScaledValueFromIntOrPercent). */
function scaledAmount(amount: Amount, of: number, round: 'up' | 'down'): number {
  const text = String(amount).trim();
  const percent = /^(\d+)%$/.exec(text)?.[1];
  if (percent === undefined) return /^\d+$/.test(text) ? Number(text) : 0;
  const share = (Number(percent) * of) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

/** How many pods an update may add, and how many it may do without. */
export interface UpdateLimits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** k8s pkg/controller/deployment/util ResolveFenceposts: surge is rounded up, unavailable down, and both cannot be 0. The API server fills in 25%. */
export function deploymentLimits({ spec }: DeploymentObject, replicas: number): UpdateLimits {
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec?.strategy?.rollingUpdate ?? {};
  const surge = scaledAmount(maxSurge, replicas, 'up');
  const unavailable = Math.min(replicas, scaledAmount(maxUnavailable, replicas, 'down'));
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** k8s pkg/controller/daemon/util: both are rounded up; 0 and 1 are the defaults (maxSurge is stable since 1.25). */
export function daemonSetLimits({ spec }: DaemonSetObject, pods: number): UpdateLimits {
  const { maxSurge = 0, maxUnavailable = 1 } = spec?.updateStrategy?.rollingUpdate ?? {};
  const [surge, unavailable] = [scaledAmount(maxSurge, pods, 'up'), scaledAmount(maxUnavailable, pods, 'up')];
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** Two of its pods cannot be on one node. */
export function ownsPorts(spec: TemplateSpecObject | undefined): boolean {
  // On the host network a pod's declared ports are the node's (API defaulting sets hostPort to containerPort).
  const declares = (spec?.containers ?? []).some(({ ports = [] }) => ports.some(({ hostPort }) => (hostPort ?? 0) > 0));
  return declares || (spec?.hostNetwork === true && (spec.containers ?? []).some(({ ports = [] }) => ports.length > 0));
}

/** From a pod's end to the rules of every node, and for a load balancer to act on what it learned; seconds. */
const PROPAGATION = 2;

/**
 * Seconds in which a load balancer sends to a node that drops, at most, where its check failed some seconds before the node began to drop: the
 * health-check node port fails as soon as no ready pod is left (pkg/proxy/healthcheck counts no terminating ones), a connection to the node port
 * only when nobody answers any more.
 */
export function dropSeconds(failSeconds: number, ahead: number): number {
  return Math.max(0, failSeconds + PROPAGATION - ahead);
}
