import type { Evidence, Gap } from '../../src/cluster/evidence.ts';
import { clusterFrom } from '../../src/cluster/from-kubernetes.ts';
import type { Cluster, Service } from '../../src/cluster/model.ts';
import type { Kind, KubeObject } from '../../src/cluster/objects.ts';
import { slim } from '../../src/cluster/slim.ts';

/** API objects as a server prints them, for clusters that a test writes down. */
export type Raw = Readonly<Record<string, unknown>>;

/** What was gathered, when these objects are all there is. Kinds not named in `complete` count as complete when one of theirs is here. */
export function evidenceOf(raw: readonly unknown[], complete: readonly Kind[] = [], gaps: readonly Gap[] = []): Evidence {
  const objects = raw.map((object) => slim(object)).filter((object): object is KubeObject => object !== null);
  return {
    origin: 'test',
    objects,
    complete: new Set([...objects.map((object): Kind => object.kind), ...complete]),
    gaps,
    nodeFiles: [],
  };
}

export function clusterOf(raw: readonly unknown[], complete: readonly Kind[] = []): Cluster {
  return clusterFrom(evidenceOf(raw, complete));
}

/** The first Service of a cluster with these objects. */
export function serviceOf(raw: readonly unknown[], complete: readonly Kind[] = []): Service {
  const [service] = clusterOf(raw, complete).services;
  if (service === undefined) throw new Error('the test has no Service');
  return service;
}

export interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly addresses?: readonly (readonly [string, string])[];
  readonly podCIDRs?: readonly string[];
  readonly taints?: readonly string[];
  readonly ready?: 'True' | 'False' | 'Unknown';
  readonly deletionTimestamp?: string;
  readonly providerID?: string;
  readonly kubelet?: string;
  readonly os?: string;
}

/** `node1` has InternalIP 172.18.0.11 and podCIDR 10.244.1.0/24, and so on. */
export function node(number: number, options: NodeOptions = {}): Raw {
  const name = `node${number}`;
  const { labels = {}, annotations = {}, addresses = [['InternalIP', `172.18.0.${10 + number}`]] } = options;
  const podCIDRs = options.podCIDRs ?? [`10.244.${number}.0/24`];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': options.os ?? 'linux', ...labels },
      annotations,
      ...(options.deletionTimestamp === undefined ? {} : { deletionTimestamp: options.deletionTimestamp }),
    },
    spec: {
      ...(podCIDRs.length === 0 ? {} : { podCIDR: podCIDRs[0], podCIDRs }),
      ...(options.providerID === undefined ? {} : { providerID: options.providerID }),
      taints: (options.taints ?? []).map((key) => ({ key, effect: 'NoSchedule' })),
    },
    status: {
      addresses: [...addresses, ['Hostname', name]].map(([type, address]) => ({ type, address })),
      conditions: [{ type: 'Ready', status: options.ready ?? 'True' }],
      nodeInfo: { kubeletVersion: options.kubelet ?? 'v1.33.4', operatingSystem: options.os ?? 'linux' },
    },
  };
}

export function nodes(count: number, options: NodeOptions = {}): Raw[] {
  return Array.from({ length: count }, (_, index) => node(index + 1, options));
}

/** A ConfigMap of these data. */
export function configMap(name: string, data: Readonly<Record<string, string>>, namespace = 'kube-system'): Raw {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

export interface DaemonOptions {
  readonly namespace?: string;
  readonly containers?: readonly Container[];
  /** ConfigMaps that it mounts. */
  readonly mounts?: readonly string[];
  readonly status?: Readonly<Record<string, number>>;
}

export function daemonSet(name: string, options: DaemonOptions = {}): Raw {
  const { namespace = 'kube-system', containers = [{ name, image: `example.com/${name}:v1` }], mounts = [] } = options;
  const volumes = [{ name: 'lib', hostPath: { path: '/lib' } }, ...mounts.map((map) => ({ name: map, configMap: { name: map } }))];
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace },
    spec: { template: { metadata: { labels: {} }, spec: { hostNetwork: true, containers, volumes } } },
    status: options.status ?? { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady: 2 },
  };
}

/** A pod that runs on a node; of a DaemonSet when `owner` names one. */
export function pod(
  name: string,
  nodeName: string,
  options: { owner?: string; namespace?: string; containers?: readonly Container[] } = {},
): Raw {
  const { owner, namespace = 'kube-system', containers = [] } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...(owner === undefined ? {} : { ownerReferences: [{ kind: 'DaemonSet', name: owner }] }) },
    spec: { nodeName, hostNetwork: true, containers },
    status: { phase: 'Running' },
  };
}

/** Service ns1/web of type NodePort, port 80 → 8080, nodePort 30080; `spec`, `metadata` and `ingress` change it. */
export function service(change: { spec?: Raw; metadata?: Raw; ingress?: readonly Raw[] } = {}): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'ns1', ...change.metadata },
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ipFamilies: ['IPv4'],
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080, nodePort: 30080, protocol: 'TCP' }],
      ...change.spec,
    },
    status: { loadBalancer: change.ingress === undefined ? {} : { ingress: change.ingress } },
  };
}

/** A Service of type LoadBalancer with one address in its status. */
export function balancer(change: { spec?: Raw; metadata?: Raw; ingress?: readonly Raw[] } = {}): Raw {
  const local = change.spec?.['externalTrafficPolicy'] === 'Local' ? { healthCheckNodePort: 31000 } : {};
  return service({ ingress: [{ ip: '203.0.113.80' }], ...change, spec: { type: 'LoadBalancer', ...local, ...change.spec } });
}

export interface SliceEndpoint {
  readonly ip: string;
  readonly node?: string | null;
  readonly pod?: string;
  readonly conditions?: Raw;
  readonly hints?: Raw;
}

/** An EndpointSlice of Service ns1/web. */
export function slice(endpoints: readonly SliceEndpoint[], change: { metadata?: Raw; top?: Raw } = {}): Raw {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-abc', namespace: 'ns1', labels: { 'kubernetes.io/service-name': 'web' }, ...change.metadata },
    addressType: endpoints.some((endpoint) => endpoint.ip.includes(':')) ? 'IPv6' : 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints.map(
      ({ ip, node: nodeName, pod: name, conditions = { ready: true, serving: true, terminating: false }, hints }) => ({
        addresses: [ip],
        conditions,
        ...(typeof nodeName === 'string' ? { nodeName } : {}),
        ...(name === undefined ? {} : { targetRef: { kind: 'Pod', name, namespace: 'ns1' } }),
        ...(hints === undefined ? {} : { hints }),
      }),
    ),
    ...change.top,
  };
}

/** A ready pod `web-N` on `nodeN`, with an address of its podCIDR. */
export function webOn(number: number, more: Partial<SliceEndpoint> = {}): SliceEndpoint {
  return { ip: `10.244.${number}.10`, node: `node${number}`, pod: `web-${number}`, ...more };
}

/** kube-proxy as kubeadm installs it, and flannel with vxlan as its own manifest does: what most tests stand on. */
export function kubeadm(config = 'mode: iptables\nclusterCIDR: 10.244.0.0/16\n', image = 'registry.k8s.io/kube-proxy:v1.33.4'): Raw[] {
  return [
    daemonSet('kube-proxy', {
      containers: [
        {
          name: 'kube-proxy',
          image,
          command: ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf', '--hostname-override=$(NODE_NAME)'],
        },
      ],
      mounts: ['kube-proxy'],
    }),
    configMap('kube-proxy', { 'config.conf': proxyConfig(config), 'kubeconfig.conf': 'apiVersion: v1\nkind: Config\n' }),
  ];
}

export function proxyConfig(lines: string): string {
  return `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${lines}`;
}

export function flannel(options: { backend?: Raw; args?: readonly string[]; cni?: Raw; namespace?: string } = {}): Raw[] {
  const { backend = { Type: 'vxlan' }, args = ['--ip-masq', '--kube-subnet-mgr'], namespace = 'kube-flannel' } = options;
  const cni = options.cni ?? { name: 'cbr0', plugins: [{ type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } }] };
  return [
    daemonSet('kube-flannel-ds', {
      namespace,
      containers: [{ name: 'kube-flannel', image: 'ghcr.io/flannel-io/flannel:v0.27.4', command: ['/opt/bin/flanneld'], args }],
    }),
    configMap(
      'kube-flannel-cfg',
      { 'net-conf.json': JSON.stringify({ Network: '10.244.0.0/16', Backend: backend }), 'cni-conf.json': JSON.stringify(cni) },
      namespace,
    ),
  ];
}
