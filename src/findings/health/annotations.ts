import type { ServiceScene } from '../scene.ts';

/** Annotations by which a Service changes its load balancer's health check. */
export const AWS = 'service.beta.kubernetes.io/aws-load-balancer-healthcheck-';
export const AZURE = 'service.beta.kubernetes.io/azure-load-balancer-health-probe-';
const AZURE_PORT = /^service\.beta\.kubernetes\.io\/port_\d+_health-probe_port$/;

/** Whether the load balancer is asked to check per node: type LoadBalancer, Local policy, and targets that are nodes. */
export function checksPerNode(scene: ServiceScene): boolean {
  const provider = scene.provider();
  return (
    scene.service.type === 'LoadBalancer' &&
    scene.isLocal &&
    provider?.target !== 'pod' &&
    provider?.choice !== 'announcer' &&
    provider?.choice !== 'status'
  );
}

/** A health-check port that is pinned by annotation. */
export interface PinnedPort {
  readonly key: string;
  readonly port: number;
}

export function pinnedPorts({ service }: ServiceScene): PinnedPort[] {
  return Object.entries(service.annotations)
    .filter(([key, value]) => (key === `${AWS}port` || AZURE_PORT.test(key)) && /^\d{1,5}$/.test(value.trim()))
    .map(([key, value]) => ({ key, port: Number(value) }));
}

/** A port of the range from which Services get theirs by default: it can only have been meant for one. */
export function isNodePort(port: number): boolean {
  return port >= 30000 && port <= 32767;
}
