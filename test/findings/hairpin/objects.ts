import type { Raw } from '../../cluster/objects.ts';

/** An Ingress for a host, served by ns1/web as its status says, in front of Service ns1/app. */
export function ingress(host: string, change: { annotations?: Raw; published?: string; backend?: string; namespace?: string } = {}): Raw {
  const { annotations = {}, published = '203.0.113.80', backend = 'app', namespace = 'ns1' } = change;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: `for-${host.replaceAll('.', '-')}`, namespace, annotations },
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host, http: { paths: [{ path: '/', backend: { service: { name: backend, port: { number: 80 } } } }] } }],
    },
    status: { loadBalancer: { ingress: [published.includes('.amazonaws.com') ? { hostname: published } : { ip: published }] } },
  };
}

export interface PodOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly image?: string;
  readonly ip?: string;
  readonly phase?: string;
  readonly hostNetwork?: boolean;
}

/** A running pod on `nodeN`, on the pod network. */
export function podOf(name: string, number: number, options: PodOptions = {}): Raw {
  const {
    namespace = 'shop',
    labels = {},
    env = {},
    args = [],
    image = 'example.com/app:v1',
    ip = `10.244.${number}.77`,
    phase = 'Running',
    hostNetwork = false,
  } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      nodeName: `node${number}`,
      hostNetwork,
      containers: [{ name: 'main', image, args, env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }],
    },
    status: { phase, podIP: hostNetwork ? `172.18.0.${10 + number}` : ip, podIPs: [{ ip: hostNetwork ? `172.18.0.${10 + number}` : ip }] },
  };
}

/** cert-manager's controller. */
export function certManager(number: number): Raw {
  const labels = { 'app.kubernetes.io/name': 'cert-manager', 'app.kubernetes.io/component': 'controller' };
  return podOf('cert-manager-0', number, { namespace: 'cert-manager', labels, image: 'quay.io/jetstack/cert-manager-controller:v1.17.0' });
}

export function challenge(host: string, change: { type?: string; state?: string; reason?: string } = {}): Raw {
  const {
    type = 'HTTP-01',
    state = 'pending',
    reason = `Waiting for HTTP-01 challenge propagation: failed to perform self check GET request 'http://${host}/': context deadline exceeded`,
  } = change;
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { name: `tls-${host.replaceAll('.', '-')}`, namespace: 'ns1' },
    spec: { dnsName: host, type },
    status: { state, reason, presented: true, processing: true },
  };
}

/** A pod of ingress-nginx behind ns1/web, and the ConfigMap it is started with. */
export function ingressNginx(number: number, data: Readonly<Record<string, string>> = {}): Raw[] {
  const args = ['/nginx-ingress-controller', '--configmap=$(POD_NAMESPACE)/ingress-nginx-controller'];
  return [
    podOf(`web-${number}`, number, {
      namespace: 'ns1',
      labels: { app: 'web' },
      args,
      image: 'registry.k8s.io/ingress-nginx/controller:v1.13.0@sha256:abc',
      ip: `10.244.${number}.10`,
    }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ingress-nginx-controller', namespace: 'ns1' }, data },
  ];
}
