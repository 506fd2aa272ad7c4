import { parseCidr } from '../../net/ip.ts';
import { customOf } from '../scene/custom.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList } from '../words.ts';

interface Nowhere extends Fact {
  readonly addresses: readonly string[];
}

/** externalIPs are matched, not announced: somebody has to bring packets for them to a node. */
export const externalIpNotOnNode = defineServiceRule<Nowhere>({
  id: 'externalip-not-on-node',
  title: 'an externalIP is on no node, and nothing is seen that announces it',
  severity: 'warning',
  needs: ['DaemonSet', 'BGPConfiguration'],
  anyDataplane: true,
  detect: (scene) => {
    const { service, cluster } = scene;
    const own = new Set(service.ingress.map(({ ip }) => ip));
    const addresses = service.externalIPs.filter((address) => !own.has(address) && !nodeAddresses(cluster).has(address));
    if (addresses.length === 0 || announces(cluster).some((covers) => addresses.every(covers))) return [];
    return [{ confidence: 'hint', field: 'spec.externalIPs', key: addresses.join(','), addresses }];
  },
  tell: ({ addresses }, { key }) => ({
    message: `${nameList(addresses)} of ${key} ${addresses.length === 1 ? 'is an address' : 'are addresses'} of no node: perhaps nobody answers for ${addresses.length === 1 ? 'it' : 'them'}`,
    why: "externalIPs tell kube-proxy what to match, and nothing brings the packets to a node: no Node has the address, and nothing in the cluster is seen that announces it (a router's static route would not show)",
    remedy:
      'Route the address to nodes, put it on one (keepalived, kube-vip), or use type LoadBalancer with something that announces (MetalLB)',
  }),
});

const nodeAddresses = perCluster(
  ({ cluster }) => new Set(cluster.nodes.flatMap(({ internalIPs, externalIPs }) => [...internalIPs, ...externalIPs])),
);

/** Software that announces or holds addresses, by the names of its DaemonSets: what it does with this one does not show. */
const ANNOUNCERS = /keepalived|kube-router|kube-vip|ucarp|bird|frr|gobgp|cilium|antrea|ovnkube|openelb|loxilb/;

const announces = perCluster((scene): ((address: string) => boolean)[] => {
  if (scene.cluster.daemonSets.some((name) => ANNOUNCERS.test(name))) return [() => true];
  const networks = customOf(scene, 'BGPConfiguration').flatMap(({ spec }) => {
    const entries: unknown = spec?.['serviceExternalIPs'];
    return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown) => {
      const text = typeof entry === 'object' && entry !== null && 'cidr' in entry ? entry.cidr : null;
      const cidr = typeof text === 'string' ? parseCidr(text) : null;
      return cidr === null ? [] : [cidr];
    });
  });
  return networks.length === 0 ? [] : [(address) => networks.some((network) => network.contains(address))];
});
