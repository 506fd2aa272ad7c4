import type { Node } from '../../cluster/model.ts';
import { nodeIp } from '../../cluster/model.ts';
import { parseCidrs } from '../../net/ip.ts';
import { entryNodes } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, verb } from '../words.ts';
import { checksPerNode } from './annotations.ts';

interface Deaf extends Fact {
  readonly nodes: readonly string[];
  readonly addresses: readonly string[];
}

/** kube-proxy's health server listens on nodePortAddresses only (pkg/proxy/healthcheck/service_health.go). */
export const hcListensOnRestrictedAddresses = defineServiceRule<Deaf>({
  id: 'hc-listens-on-restricted-addresses',
  title: 'the health check comes to addresses on which kube-proxy does not listen',
  severity: 'warning',
  needs: [],
  detect: (scene) => {
    if (!checksPerNode(scene) || scene.service.healthCheckNodePort === null) return [];
    const restricted = scene.cluster.dataplane.classes.some(({ candidates }) =>
      candidates.some(({ nodePortAddresses }) => nodePortAddresses.length > 0),
    );
    if (!restricted) return [];
    const deaf = entryNodes(scene).filter((node) => isDeaf(scene, node));
    if (deaf.length === 0) return [];
    const addresses = scene.cluster.dataplane.classOf.get(deaf[0]?.name ?? '')?.candidates[0]?.nodePortAddresses ?? [];
    return [{ objects: deaf.slice(0, 20).map(nodeRef), nodes: deaf.map(({ name }) => name), addresses }];
  },
  tell: ({ nodes, addresses }, scene) => ({
    message: `the health check of ${scene.key} gets no answer on ${plural(nodes.length, 'node')} (${nameList(nodes)})`,
    why: `kube-proxy's nodePortAddresses are ${nameList(addresses)}, the address of ${verb(nodes.length, 'that node is', 'these nodes is')} in none of them, and health ports listen nowhere else`,
    remedy:
      'Add the network of the nodes, or primary, to nodePortAddresses and restart kube-proxy: kubectl -n kube-system edit configmap kube-proxy',
  }),
});

function isDeaf({ cluster }: ServiceScene, node: Node): boolean {
  const candidates = cluster.dataplane.classOf.get(node.name)?.candidates ?? [];
  return (
    candidates.length > 0 &&
    candidates.every(({ nodePortAddresses }) => {
      if (nodePortAddresses.length === 0 || nodePortAddresses.includes('primary')) return false;
      const networks = parseCidrs(nodePortAddresses);
      const own = [nodeIp(node, 4), nodeIp(node, 6)].filter((address) => address !== null);
      return own.length > 0 && !own.some((address) => networks.some((network) => network.contains(address)));
    })
  );
}
