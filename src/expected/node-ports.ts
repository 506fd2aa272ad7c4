import { nodeIp } from '../cluster/model.ts';
import { nodePortNetworks } from '../kubeproxy/entry.ts';
import type { Cidr } from '../net/ip.ts';
import { addressAt, familyOf, isLoopback, overlaps, parseCidr } from '../net/ip.ts';
import type { Proxier } from './types.ts';

const LOOPBACK = { 4: '127.0.0.0/8', 6: '::1/128' } as const;

/** The loopback network of a family. */
export function loopbackOf(family: 4 | 6): string {
  return LOOPBACK[family];
}

/** The node's addresses that take node ports; null: all that are local (match-all). Loopback stands among them where kube-proxy would list it. */
export function nodePortAddresses(proxier: Proxier): readonly string[] | null {
  const { node, config, family } = proxier;
  const networks = nodePortNetworks(node, config, family);
  if (networks === null) return null;
  const skipsLoopback = config.minor >= 26 && !servesLocalhost(proxier);
  return localAddresses(proxier).filter(
    (address) => networks.some((cidr) => cidr.contains(address)) && !(skipsLoopback && isLoopback(address)),
  );
}

/**
 * Whether node ports are served on loopback: IPv4 only, `iptables.localhostNodePorts` since 1.26, and only where nodePortAddresses
 * lets loopback in (forced off otherwise since 1.27).
 */
export function servesLocalhost({ node, config, family }: Proxier): boolean {
  if (family === 6 || (config.minor >= 26 && !config.localhostNodePorts)) return false;
  const networks = nodePortNetworks(node, config, family);
  const loopback = parseCidr(LOOPBACK[4]);
  return networks === null || (loopback !== null && networks.some((cidr: Cidr) => overlaps(cidr, loopback)));
}

/** The addresses on a node's devices: as seen on the node, else loopback, its IPs and its gateway address towards its pods. */
function localAddresses({ node, family, dialect }: Proxier): string[] {
  const known = dialect?.localAddresses ?? null;
  if (known !== null) return known.filter((address) => familyOf(address) === family);
  const own = nodeIp(node, family);
  const podCidr = node.podCidrs.find((cidr) => cidr.family === family);
  const gateway = podCidr === undefined ? null : addressAt(podCidr, 1);
  const found = [family === 4 ? '127.0.0.1' : '::1', own, ...node.internalIPs.filter((ip) => familyOf(ip) === family), gateway];
  return [...new Set(found.filter((address) => address !== null))];
}
