import type { Node } from '../../cluster/model.ts';
import type { CustomObject } from '../../cluster/objects.ts';
import type { Cidr, Family } from '../../net/ip.ts';
import { canonicalIp, parseCidr } from '../../net/ip.ts';
import type { Signs } from '../signs.ts';
import { cite, daemonSet } from '../signs.ts';
import type { Masquerade, PodNetwork, Routing } from '../types.ts';
import { podCidrsOf } from './pod-cidrs.ts';

type Addresses = Partial<Record<Family, string>>;

const VXLAN_DEVICES: Readonly<Record<Family, string>> = { 4: 'vxlan.calico', 6: 'vxlan-v6.calico' };
const IPIP_DEVICES: Readonly<Record<Family, string>> = { 4: 'tunl0', 6: 'tunl0' };

/** Calico with iptables or nftables policy (its eBPF data plane is recognised elsewhere). Address-less `cali*` veths; pools decide encapsulation and masquerading. */
export function calicoNetworks(signs: Signs): PodNetwork[] {
  const daemon = daemonSet(signs, 'calico-node');
  if (daemon === null) return [];
  const pools = signs.custom('IPPool');
  const evidence = [cite(daemon), ...pools.slice(0, 3).map(cite)];
  const base = { evidence, podLink: 'unnumbered' as const, podDevice: 'cali*', hairpin: true, servesClusterIPs: false };
  if (pools.length === 0) {
    return [
      {
        ...base,
        name: 'calico',
        routing: { kind: 'unknown' },
        networks: podCidrsOf(signs.cluster.nodes),
        masquerade: { style: 'unknown' },
      },
    ];
  }
  // A disabled pool gives out no addresses any more; those it gave are still masqueraded.
  const { encapsulation, routing } = routingOf(
    pools.filter((pool) => pool.spec?.['disabled'] !== true),
    signs.cluster.nodes,
    isEncrypted(signs),
  );
  return [{ ...base, name: `calico${encapsulation}`, routing, networks: poolCidrs(pools), masquerade: masqueradeOf(pools, signs) }];
}

/** WireGuard between nodes: packets leave by its device, whose address no object shows for sure. */
function isEncrypted(signs: Signs): boolean {
  return signs
    .custom('FelixConfiguration')
    .some(({ spec }) => spec?.['wireguardEnabled'] === true || spec?.['wireguardEnabledV6'] === true);
}

function routingOf(
  pools: readonly CustomObject[],
  nodes: readonly Node[],
  encrypted: boolean,
): { encapsulation: string; routing: Routing } {
  if (encrypted) return { encapsulation: '-wireguard', routing: { kind: 'unknown' } };
  const modes = new Set(pools.map((pool) => `${modeOf(pool, 'vxlanMode')}/${modeOf(pool, 'ipipMode')}`));
  if (modes.size !== 1) return { encapsulation: '', routing: { kind: 'unknown' } };
  const [vxlan, ipip] = [...modes].join('').split('/');
  if (vxlan === 'Never' && ipip === 'Never') return { encapsulation: '', routing: { kind: 'direct' } };
  const overVxlan = vxlan !== 'Never';
  const device = overVxlan ? VXLAN_DEVICES : IPIP_DEVICES;
  const annotation = overVxlan ? 'VXLANTunnelAddr' : 'IPIPTunnelAddr';
  const addresses = new Map(nodes.map((node) => [node.name, annotated(node, annotation)]));
  const encapsulation = overVxlan ? '-vxlan' : '-ipip';
  const crossSubnet = (overVxlan ? vxlan : ipip) === 'CrossSubnet';
  if (!crossSubnet) return { encapsulation, routing: { kind: 'overlay', device, addresses } };
  const subnets = new Map(nodes.map((node) => [node.name, subnetsOf(node)]));
  return { encapsulation: `${encapsulation}-crosssubnet`, routing: { kind: 'cross-subnet', device, addresses, subnets } };
}

function modeOf(pool: CustomObject, key: 'vxlanMode' | 'ipipMode'): string {
  const mode = pool.spec?.[key];
  return typeof mode === 'string' && mode !== '' ? mode : 'Never';
}

function annotated(node: Node, suffix: string): Addresses {
  const found: Addresses = {};
  for (const family of [4, 6] as const) {
    const address = canonicalIp(node.annotations[`projectcalico.org/IPv${family}${suffix}`] ?? '');
    if (address !== null) found[family] = address;
  }
  return found;
}

function subnetsOf(node: Node): Cidr[] {
  return [4, 6].map((family) => parseCidr(node.annotations[`projectcalico.org/IPv${family}Address`] ?? '')).filter((cidr) => cidr !== null);
}

function poolCidrs(pools: readonly CustomObject[]): Cidr[] {
  return pools.map(poolCidr).filter((cidr) => cidr !== null);
}

function poolCidr(pool: CustomObject): Cidr | null {
  const text = pool.spec?.['cidr'];
  return typeof text === 'string' ? parseCidr(text) : null;
}

/** felix: source in a natOutgoing pool, destination in no pool. FelixConfiguration may widen what is excluded; then it is not modelled. */
function masqueradeOf(pools: readonly CustomObject[], signs: Signs): Masquerade {
  const felix = signs.custom('FelixConfiguration').find((object) => object.metadata.name === 'default');
  const exclusions = felix?.spec?.['natOutgoingExclusions'];
  if (typeof exclusions === 'string' && exclusions !== 'IPPoolsOnly') return { style: 'unknown' };
  const natPools = poolCidrs(pools.filter((pool) => pool.spec?.['natOutgoing'] === true));
  return { style: 'calico', natPools, allPools: poolCidrs(pools) };
}
