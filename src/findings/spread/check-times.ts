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
const OPENSTACK = 'loadbalancer.openstack.org/health-monitor-';
const LINODE = 'service.beta.kubernetes.io/linode-loadbalancer-check-';

/**
 * Defaults for Local policy, and the annotations that change them, from each provider's controller:
 * aws-nlb: aws-load-balancer-controller pkg/service/model_builder.go (…ForInstanceModeLocal); aws-classic: cloud-provider-aws (defaultElbHC…);
 * gcp: cloud-provider-gcp providers/gce (gceHc…); azure: cloud-provider-azure pkg/consts/consts.go (HealthProbeDefault…);
 * digitalocean: digitalocean-cloud-controller-manager cloud-controller-manager/do/lb_annotations.go; hetzner: hcloud-cloud-controller-manager
 * internal/annotation/load_balancer.go (keys only; the times are the API's, and not confirmed); openstack: documentation of
 * cloud-provider-openstack (monitor-delay, monitor-max-retries-down); scaleway: scaleway-cloud-controller-manager docs/loadbalancer-annotations.md;
 * linode: linode-cloud-controller-manager cloud/linode/loadbalancers.go (buildNodeBalancerConfig).
 */
const TIMINGS: ReadonlyMap<string, Timing> = new Map([
  ['aws-nlb', { interval: 10, failures: 2, ...AWS_KEYS }],
  ['aws-classic', { interval: 10, failures: 6, ...AWS_KEYS }],
  ['gcp', { interval: 8, failures: 3 }],
  ['azure', { interval: 5, failures: 2, intervalKey: `${AZURE}interval`, failuresKey: `${AZURE}num-of-probe` }],
  ['digitalocean', { interval: 3, failures: 3, intervalKey: `${DO}check-interval-seconds`, failuresKey: `${DO}unhealthy-threshold` }],
  ['hetzner', { interval: 15, failures: 3, intervalKey: `${HETZNER}interval`, failuresKey: `${HETZNER}retries` }],
  ['openstack', { interval: 5, failures: 3, intervalKey: `${OPENSTACK}delay`, failuresKey: `${OPENSTACK}max-retries-down` }],
  ['scaleway', { interval: 5, failures: 5, intervalKey: `${SCALEWAY}delay`, failuresKey: `${SCALEWAY}max-retries` }],
  ['linode', { interval: 5, failures: 2, intervalKey: `${LINODE}interval`, failuresKey: `${LINODE}attempts` }],
]);

/** ingress-gce pkg/healthchecksl4 (gceLocalHc…): load balancers of backend services; those of target pools go on with the older check. */
const GCP_BACKEND_SERVICE: Timing = { interval: 3, failures: 2 };
const BACKEND_SERVICE_CLASSES: ReadonlySet<string> = new Set([
  'networking.gke.io/l4-regional-external',
  'networking.gke.io/l4-regional-internal',
]);

function timingOf({ annotations, loadBalancerClass }: Service, name: string): Timing | undefined {
  const isBackendService = BACKEND_SERVICE_CLASSES.has(loadBalancerClass ?? '') || annotations['cloud.google.com/l4-rbs'] === 'enabled';
  return name === 'gcp' && isBackendService ? GCP_BACKEND_SERVICE : TIMINGS.get(name);
}

/** Null where the provider is not known, does not check nodes, or its times are not known. */
export function failTime(service: Service, provider: Provider | null): FailTime | null {
  const { annotations } = service;
  const timing = provider?.choice === 'health-check' ? timingOf(service, provider.name) : undefined;
  if (provider === null || timing === undefined) return null;
  const interval = secondsOf(annotations[timing.intervalKey ?? '']);
  const failures = secondsOf(annotations[timing.failuresKey ?? '']);
  const said = interval !== null || failures !== null ? 'by its annotations' : `default of ${provider.name}`;
  const [every, times] = [interval ?? timing.interval, failures ?? timing.failures];
  return { seconds: Math.ceil(every * times), evidence: `${every} s × ${times} (${said})` };
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60 };

/** `10`, `10s`, `1m`, `500ms`. */
function secondsOf(text: string | undefined): number | null {
  const [, digits = '0', unit = 's'] = /^(\d{1,5})(ms|s|m)?$/.exec(text?.trim() ?? '') ?? [];
  const value = Number(digits) * (UNITS[unit] ?? 1);
  return value > 0 ? value : null;
}
