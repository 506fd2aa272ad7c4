import type { Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn, nameList } from '../words.ts';

interface Clash extends Fact {
  readonly what: string;
  readonly others: readonly string[];
  /** Sharing is allowed, and works only while both have the same pods. */
  readonly isSharing: boolean;
}

const SHARING = ['metallb.io/allow-shared-ip', 'metallb.universe.tf/allow-shared-ip'];

/** One address and port in two Services: kube-proxy writes the rules of both, and the first wins. MetalLB shares an address of Local Services only between equal selectors. */
export const sharedVipConflict = defineServiceRule<Clash>({
  id: 'shared-vip-conflict',
  title: 'another Service claims the same address and port',
  severity: 'error',
  needs: ['Service'],
  anyDataplane: true,
  detect: (scene) => {
    if (!scene.isExternal) return [];
    const clash = sameSocket(scene) ?? sharedByLocal(scene);
    if (clash === null) return [];
    const objects = clash.others.map((key) => {
      const [namespace = '', name = ''] = key.split('/');
      return { kind: 'Service', namespace, name };
    });
    return [{ ...clash, objects }];
  },
  tell: ({ what, others, isSharing }, { key, service }) => ({
    message: isSharing
      ? `${key} shares ${what} with ${nameList(others)}, whose pods are others, and one of them has policy Local`
      : `${key} and ${nameList(others)} claim the same ${what}: only one of them gets the traffic`,
    why: isSharing
      ? 'one node announces a shared address for all its Services; with externalTrafficPolicy Local it has to have pods of each, which only equal selectors ensure'
      : 'every node takes the first rule that matches, and which Service that is depends on nothing that can be relied on',
    remedy: isSharing
      ? `Give each an address of its own (take the annotation away: ${kubectlOn(service, 'annotate')} ${sharingName(service)}-), or use externalTrafficPolicy Cluster for both`
      : `Change the port or the address of one: ${kubectlOn(service, 'edit')}`,
  }),
});

/** Services by each address and port that kube-proxy matches on: `203.0.113.80 TCP 80`, `node port TCP 30080`. */
const bySocket = perCluster(({ cluster }) => {
  const found = new Map<string, Service[]>();
  for (const service of cluster.services) {
    if (service.unproxied !== null) continue;
    for (const socket of socketsOf(service)) append(found, socket, service);
  }
  return found;
});

function socketsOf(service: Service): Set<string> {
  const addresses = addressesOf(service);
  return new Set(
    service.ports.flatMap(({ protocol, port, nodePort }) => [
      ...addresses.map((address) => `address ${address}, port ${port}/${protocol}`),
      ...(nodePort === null ? [] : [`node port ${nodePort}/${protocol}`]),
    ]),
  );
}

function addressesOf({ externalIPs, ingress }: Service): string[] {
  return [...externalIPs, ...ingress.flatMap(({ ip, ipMode }) => (ip === null || ipMode === 'Proxy' ? [] : [ip]))];
}

function sameSocket({ cluster, service }: ServiceScene): Clash | null {
  for (const what of socketsOf(service)) {
    const others = (bySocket(cluster).get(what) ?? []).filter((other) => other !== service);
    if (others.length > 0) return { what, others: others.map(serviceKey).sort(), isSharing: false };
  }
  return null;
}

const byAddress = perCluster(({ cluster }) => {
  const found = new Map<string, Service[]>();
  for (const service of cluster.services)
    if (sharingKey(service) !== null) for (const address of new Set(addressesOf(service))) append(found, address, service);
  return found;
});

/** The annotation by which the Service shares. */
function sharingName({ annotations }: Service): string {
  return SHARING.find((name) => (annotations[name] ?? '') !== '') ?? 'metallb.io/allow-shared-ip';
}

function sharingKey({ annotations }: Service): string | null {
  return SHARING.map((name) => annotations[name]).find((value) => value !== undefined && value !== '') ?? null;
}

function sharedByLocal(scene: ServiceScene): Clash | null {
  const { service, cluster } = scene;
  if (sharingKey(service) === null || service.type !== 'LoadBalancer') return null;
  for (const address of addressesOf(service)) {
    const others = (byAddress(cluster).get(address) ?? []).filter(
      (other) => other !== service && isLocalPair(service, other) && selectorOf(cluster.scene(other)) !== selectorOf(scene),
    );
    if (others.length > 0)
      return { severity: 'warning', what: `address ${address}`, others: others.map(serviceKey).sort(), isSharing: true };
  }
  return null;
}

function isLocalPair(a: Service, b: Service): boolean {
  return a.externalTrafficPolicy === 'Local' || b.externalTrafficPolicy === 'Local';
}

function selectorOf({ object }: ServiceScene): string {
  return JSON.stringify(Object.entries(object?.spec?.selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}
