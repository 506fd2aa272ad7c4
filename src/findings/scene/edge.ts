import type { Provider } from '../../analysis/providers.ts';
import type { Service } from '../../cluster/model.ts';

/** What a Service's annotations ask of its load balancer, in the words of the providers' controllers. */
export interface Edge {
  /** It puts a PROXY header in front of each connection. */
  readonly proxyProtocol: EdgeSetting | null;
  /** It terminates TLS: behind it there is plain text. */
  readonly tls: EdgeSetting | null;
  /** It speaks HTTP itself, and names the client in X-Forwarded-For. */
  readonly http: EdgeSetting | null;
  /** It has an address of the private network; null: the annotations do not tell. */
  readonly internal: boolean | null;
  /** Set by hand: whether the client's address is what the nodes see. */
  readonly preservesClient: boolean | null;
}

export interface EdgeSetting {
  /** The annotation. */
  readonly key: string;
  /** The provider that the annotation belongs to is the one that was recognised. */
  readonly isSure: boolean;
  /** Ports of the Service that it is about. */
  covers(port: number): boolean;
}

interface Setting {
  readonly key: string;
  /** Providers, by the names of analysis/providers.ts; those that it does not know are left out. */
  readonly of: readonly string[];
  /** Ports for which a value switches it on. */
  readonly read: (value: string) => Ports;
}

type Ports = 'all' | 'none' | readonly number[];

const K8S = 'service.beta.kubernetes.io/';
const AWS = `${K8S}aws-load-balancer-`;
const OPENSTACK = 'loadbalancer.openstack.org/';
const HETZNER = 'load-balancer.hetzner.cloud/';
const LINODE = `${K8S}linode-loadbalancer-`;
const SCALEWAY = `${K8S}scw-loadbalancer-`;

const whenTrue = (value: string): Ports => (/^(true|1|t)$/i.test(value) ? 'all' : 'none');
const oneOf =
  (...words: readonly string[]) =>
  (value: string): Ports =>
    words.includes(value.toLowerCase()) ? 'all' : 'none';
const anyBut =
  (...words: readonly string[]) =>
  (value: string): Ports =>
    words.includes(value.toLowerCase()) ? 'none' : 'all';
/** `true`, `*`, `all` or `80,443`. */
const byPorts = (value: string): Ports => (/^(true|\*|all)$/i.test(value) ? 'all' : portsOf(value));
const portsOf = (value: string): readonly number[] => value.split(',').map(Number).filter(Number.isInteger);

const PROXY: readonly Setting[] = [
  { key: `${AWS}proxy-protocol`, of: ['aws-nlb', 'aws-classic'], read: oneOf('*') },
  {
    key: `${AWS}target-group-attributes`,
    of: ['aws-nlb'],
    read: (value) => (/proxy_protocol_v2\.enabled=true/.test(value) ? 'all' : 'none'),
  },
  { key: `${K8S}do-loadbalancer-enable-proxy-protocol`, of: ['digitalocean'], read: whenTrue },
  { key: `${HETZNER}uses-proxyprotocol`, of: ['hetzner'], read: whenTrue },
  { key: `${OPENSTACK}proxy-protocol`, of: ['openstack'], read: anyBut('false', '') },
  { key: `${SCALEWAY}proxy-protocol-v1`, of: ['scaleway'], read: byPorts },
  { key: `${SCALEWAY}proxy-protocol-v2`, of: ['scaleway'], read: byPorts },
  { key: `${LINODE}default-proxy-protocol`, of: ['linode'], read: oneOf('v1', 'v2') },
  { key: `${LINODE}proxy-protocol`, of: ['linode'], read: oneOf('v1', 'v2') },
  { key: `${K8S}vultr-loadbalancer-proxy-protocol`, of: [], read: whenTrue },
  { key: 'k8s.cloudscale.ch/loadbalancer-pool-protocol', of: [], read: oneOf('proxy', 'proxyv2') },
];

const TLS: readonly Setting[] = [
  { key: `${K8S}do-loadbalancer-certificate-id`, of: ['digitalocean'], read: anyBut('') },
  { key: `${K8S}do-loadbalancer-protocol`, of: ['digitalocean'], read: oneOf('https', 'http2', 'http3') },
  { key: `${AWS}ssl-cert`, of: ['aws-nlb', 'aws-classic'], read: anyBut('') },
  { key: `${HETZNER}protocol`, of: ['hetzner'], read: oneOf('https') },
  { key: `${OPENSTACK}default-tls-container-ref`, of: ['openstack'], read: anyBut('') },
  { key: `${SCALEWAY}certificate-ids`, of: ['scaleway'], read: anyBut('') },
  { key: `${K8S}vultr-loadbalancer-ssl`, of: [], read: anyBut('') },
];

/** Where TLS is not terminated on all ports, another annotation names those on which it is. */
const TLS_PORTS: Readonly<Record<string, string>> = {
  [`${AWS}ssl-cert`]: `${AWS}ssl-ports`,
  [`${K8S}do-loadbalancer-certificate-id`]: `${K8S}do-loadbalancer-tls-ports`,
};

const HTTP: readonly Setting[] = [
  { key: `${K8S}do-loadbalancer-protocol`, of: ['digitalocean'], read: oneOf('http', 'https', 'http2', 'http3') },
  { key: `${HETZNER}protocol`, of: ['hetzner'], read: oneOf('http', 'https') },
  { key: `${AWS}backend-protocol`, of: ['aws-classic'], read: oneOf('http', 'https') },
  { key: `${OPENSTACK}x-forwarded-for`, of: ['openstack'], read: whenTrue },
  { key: `${LINODE}default-protocol`, of: ['linode'], read: oneOf('http', 'https') },
  { key: `${SCALEWAY}protocol-http`, of: ['scaleway'], read: byPorts },
  { key: `${K8S}vultr-loadbalancer-protocol`, of: [], read: oneOf('http', 'https') },
];

const INTERNAL: readonly (readonly [string, (value: string) => boolean])[] = [
  ['networking.gke.io/load-balancer-type', (value) => value.toLowerCase() === 'internal'],
  ['cloud.google.com/load-balancer-type', (value) => value.toLowerCase() === 'internal'],
  [`${K8S}azure-load-balancer-internal`, (value) => value === 'true'],
  [`${AWS}scheme`, (value) => value === 'internal'],
  [`${AWS}internal`, (value) => value !== 'false' && value !== ''],
];

/** What is asked of the load balancer in front of a Service. */
export function edgeOf({ annotations, loadBalancerClass }: Service, provider: Provider | null): Edge {
  const find = (settings: readonly Setting[]): EdgeSetting | null => first(settings, annotations, provider);
  const tls = annotations[`${K8S}do-loadbalancer-tls-passthrough`] === 'true' ? null : find(TLS);
  return {
    proxyProtocol: find(PROXY) ?? byName(annotations),
    tls: tls === null ? null : onTlsPorts(tls, annotations),
    http: find(HTTP),
    internal: isInternal(annotations, loadBalancerClass),
    preservesClient: preserves(annotations[`${AWS}target-group-attributes`] ?? ''),
  };
}

function first(settings: readonly Setting[], annotations: Service['annotations'], provider: Provider | null): EdgeSetting | null {
  for (const { key, of, read } of settings) {
    const value = annotations[key];
    const ports = value === undefined ? 'none' : read(value.trim());
    if (ports === 'none' || (ports !== 'all' && ports.length === 0)) continue;
    const isSure = provider !== null && of.includes(provider.name);
    return { key, isSure, covers: (port) => ports === 'all' || ports.includes(port) };
  }
  return null;
}

/** Annotations of providers that are not in the table: a name is a hint. */
function byName(annotations: Service['annotations']): EdgeSetting | null {
  const known = new Set(PROXY.map(({ key }) => key));
  const key = Object.keys(annotations).find((name) => {
    if (known.has(name) || !/proxy-?protocol(-v[12])?$/i.test(name) || name.includes('azure-pls-')) return false;
    return !['', 'false', 'none', 'off', '0', 'no'].includes((annotations[name] ?? '').trim().toLowerCase());
  });
  return key === undefined ? null : { key, isSure: false, covers: () => true };
}

function onTlsPorts(tls: EdgeSetting, annotations: Service['annotations']): EdgeSetting {
  const listed = annotations[TLS_PORTS[tls.key] ?? ''];
  if (listed === undefined || listed.trim() === '*') return tls;
  const ports = portsOf(listed);
  // Ports by name are not looked up: what is not a number is taken for covered.
  return ports.length === 0 ? tls : { ...tls, covers: (port) => ports.includes(port) };
}

function isInternal(annotations: Service['annotations'], loadBalancerClass: string | null): boolean | null {
  for (const [key, read] of INTERNAL) {
    const value = annotations[key];
    if (value !== undefined) return read(value.trim());
  }
  // aws-load-balancer-controller: the scheme is internal unless it is named.
  return loadBalancerClass?.startsWith('service.k8s.aws/') === true || annotations[`${AWS}type`] === 'external' ? true : null;
}

function preserves(attributes: string): boolean | null {
  const value = /preserve_client_ip\.enabled=(true|false)/.exec(attributes)?.[1];
  return value === undefined ? null : value === 'true';
}
