import type { Cluster, Node } from '../../src/cluster/model.ts';
import type { Dataplane, DataplaneClass, Detector, PodNetwork, ProxyConfig, Routing } from '../../src/dataplane/types.ts';
import type { Cidr, Family } from '../../src/net/ip.ts';
import { addressAt, familyOf, parseCidr } from '../../src/net/ip.ts';

/** A network that is known to be one. */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`${text} is no network`);
  return parsed;
}

/** A version as `1.33.5`, the patch 9 where none is given. */
export function version(text: string): { readonly minor: number; readonly patch: number } {
  const [, minor, patch = '9'] = text.split('.');
  return { minor: Number(minor), patch: Number(patch) };
}

const POD_NETWORKS: Readonly<Record<Family, string>> = { 4: '10.244.0.0/16', 6: 'fd00:10:244::/48' };

/** ClusterCIDR detection of the whole pod network. */
export const BY_CIDR: Readonly<Record<Family, Detector>> = {
  4: { kind: 'cidr', cidr: cidr(POD_NETWORKS[4]) },
  6: { kind: 'cidr', cidr: cidr(POD_NETWORKS[6]) },
};

export function detector(kind: Exclude<Detector['kind'], 'cidr'>): Readonly<Record<Family, Detector>> {
  return { 4: { kind }, 6: { kind } };
}

interface ProxyDiffers extends Partial<ProxyConfig> {
  /** `1.24`, `1.33.5`. */
  readonly version?: string;
}

/** kube-proxy 1.34.9 in iptables mode, as kubeadm configures it. */
export function proxy(differs: ProxyDiffers = {}): ProxyConfig {
  const { version: text = '1.34.9', ...rest } = differs;
  return {
    mode: 'iptables',
    ...version(text),
    detector: BY_CIDR,
    masqueradeAll: false,
    localhostNodePorts: true,
    nodePortAddresses: [],
    ...rest,
  };
}

function tunnelAddresses(nodes: readonly Node[], number: number) {
  return new Map(
    nodes.map((each) => {
      const entries = each.podCidrs.map((range) => [range.family, addressAt(range, number)] as const);
      return [each.name, Object.fromEntries(entries.filter(([, address]) => address !== null))];
    }),
  );
}

function overlay(nodes: readonly Node[], device: string): Extract<Routing, { kind: 'overlay' }> {
  return { kind: 'overlay', device: { 4: device, 6: `${device}-v6` }, addresses: tunnelAddresses(nodes, 0) };
}

const PLAIN = {
  evidence: [],
  hairpin: true,
  networks: [cidr(POD_NETWORKS[4]), cidr(POD_NETWORKS[6])],
  masquerade: { style: 'none' },
  servesClusterIPs: false,
} as const;

/** For cross-subnet routing: node1 (172.18.0.11/30) is in a subnet of its own, node2 to node4 share one. */
function subnetsOf(nodes: readonly Node[]): ReadonlyMap<string, readonly Cidr[]> {
  return new Map(nodes.map((each) => [each.name, each.internalIPs.map((ip) => cidr(familyOf(ip) === 4 ? `${ip}/30` : `${ip}/126`))]));
}

/** Pod networks as the recorded ones are wired; none of them masquerades unless `masquerade` says so. */
export const NETWORKS = {
  flannel: (nodes) => ({ ...PLAIN, name: 'flannel-vxlan', podLink: 'bridge', podDevice: 'cni0', routing: overlay(nodes, 'flannel.1') }),
  'flannel-host-gw': () => ({ ...PLAIN, name: 'flannel-host-gw', podLink: 'bridge', podDevice: 'cni0', routing: { kind: 'direct' } }),
  kindnet: () => ({ ...PLAIN, name: 'kindnet', podLink: 'ptp', podDevice: 'veth*', routing: { kind: 'direct' } }),
  calico: () => ({ ...PLAIN, name: 'calico', podLink: 'unnumbered', podDevice: 'cali*', routing: { kind: 'direct' } }),
  'calico-vxlan': (nodes) => ({
    ...PLAIN,
    name: 'calico-vxlan',
    podLink: 'unnumbered',
    podDevice: 'cali*',
    routing: overlay(nodes, 'vxlan.calico'),
  }),
  'calico-cross-subnet': (nodes) => ({
    ...PLAIN,
    name: 'calico-cross-subnet',
    podLink: 'unnumbered',
    podDevice: 'cali*',
    routing: { ...overlay(nodes, 'vxlan.calico'), kind: 'cross-subnet', subnets: subnetsOf(nodes) },
  }),
  unknown: () => ({ ...PLAIN, name: 'unknown', podLink: 'unknown', podDevice: null, hairpin: null, routing: { kind: 'unknown' } }),
} as const satisfies Record<string, (nodes: readonly Node[]) => PodNetwork>;

export type NetworkName = keyof typeof NETWORKS;

/** One way of every kube-proxy, or one per node; `ipvs` and the like as a reason why they are not modelled. */
export interface Proxies {
  readonly all: readonly ProxyConfig[];
  readonly of?: Readonly<Record<string, readonly ProxyConfig[] | string>>;
}

export function dataplane(cluster: Cluster, proxies: Proxies, networks: readonly PodNetwork[]): Dataplane {
  const classOf = new Map(cluster.nodes.map((each) => [each.name, classFor(proxies.of?.[each.name] ?? proxies.all)]));
  return { classes: [...classOf.values()], classOf, networks, networkMissing: [], gaps: [] };
}

function classFor(given: readonly ProxyConfig[] | string): DataplaneClass {
  const unmodelled = typeof given === 'string' ? given : null;
  const candidates = typeof given === 'string' ? [] : given;
  return {
    implementation: 'kube-proxy',
    mode: candidates[0]?.mode ?? null,
    version: null,
    localDetection: null,
    confidence: 'observed',
    evidence: [],
    candidates,
    unmodelled,
    missing: candidates.length > 1 ? [{ what: 'configuration of kube-proxy', why: 'not read' }] : [],
  };
}
