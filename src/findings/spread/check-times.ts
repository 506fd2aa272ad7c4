import type { Provider } from '../../analysis/providers.ts';
import type { Service } from '../../cluster/model.ts';

/** How long a load balancer goes on sending to a node whose health check fails: interval × failures in a row, without the time to propagate. */
export interface FailTime {
  readonly seconds: number;
  /** `10 s × 2 (default of aws-nlb)`. */
  readonly evidence: string;
}

interface Timing {
  readonly interval: number;
  readonly failures: number;
  readonly intervalKey?: string;
  readonly failuresKey?: string;
}

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-healthcheck-';
const AWS_KEYS = { intervalKey: `${AWS}interval`, failuresKey: `${AWS}unhealthy-threshold` };
const DO = 'service.beta.kubernetes.io/do-loadbalancer-healthcheck-';
const AZURE = 'service.beta.kubernetes.io/azure-load-balancer-health-probe-';
const HETZNER = 'load-balancer.hetzner.cloud/health-check-';
const SCALEWAY = 'service.beta.kubernetes.io/scw-loadbalancer-health-check-';
const LINODE = 'service.beta.kubernetes.io/linode-loadbalancer-check-';

/**
 * Defaults for Local policy, from each provider's controller (aws-load-balancer-controller, cloud-provider-aws, cloud-provider-gcp and ingress-gce,
 * cloud-provider-azure, digitalocean-cloud-controller-manager, cloud-provider-openstack, scaleway and linode cloud controller managers).
 * GCP: the legacy check; subsetting load balancers fail after 6 s.
 */
const TIMINGS: ReadonlyMap<string, Timing> = new Map([
  ['aws-nlb', { interval: 10, failures: 2, ...AWS_KEYS }],
  ['aws-classic', { interval: 10, failures: 6, ...AWS_KEYS }],
  ['gcp', { interval: 8, failures: 3 }],
  ['azure', { interval: 5, failures: 2, intervalKey: `${AZURE}interval`, failuresKey: `${AZURE}num-of-probe` }],
  ['digitalocean', { interval: 3, failures: 3, intervalKey: `${DO}check-interval-seconds`, failuresKey: `${DO}unhealthy-threshold` }],
  ['hetzner', { interval: 15, failures: 3, intervalKey: `${HETZNER}interval`, failuresKey: `${HETZNER}retries` }],
  ['openstack', { interval: 5, failures: 3 }],
  ['scaleway', { interval: 5, failures: 5, intervalKey: `${SCALEWAY}delay`, failuresKey: `${SCALEWAY}max-retries` }],
  ['linode', { interval: 5, failures: 2, intervalKey: `${LINODE}interval`, failuresKey: `${LINODE}attempts` }],
]);

/** Null where the provider is not known, does not check nodes, or its times are not known. */
export function failTime({ annotations }: Service, provider: Provider | null): FailTime | null {
  const timing = provider?.choice === 'health-check' ? TIMINGS.get(provider.name) : undefined;
  if (provider === null || timing === undefined) return null;
  const interval = secondsOf(annotations[timing.intervalKey ?? '']);
  const failures = secondsOf(annotations[timing.failuresKey ?? '']);
  const said = interval !== null || failures !== null ? 'by its annotations' : `default of ${provider.name}`;
  const [every, times] = [interval ?? timing.interval, failures ?? timing.failures];
  return { seconds: every * times, evidence: `${every} s × ${times} (${said})` };
}

/** `10`, `10s`. */
function secondsOf(text: string | undefined): number | null {
  const digits = /^(\d{1,4})s?$/.exec(text?.trim() ?? '')?.[1];
  const value = Number(digits ?? 0);
  return value > 0 ? value : null;
}
