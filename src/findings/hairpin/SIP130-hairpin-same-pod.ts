import { podAsker } from '../../analysis/clients.ts';
import type { Endpoint, Pod } from '../../cluster/model.ts';
import { familyOf } from '../../net/ip.ts';
import { at, PARTLY_UNANSWERED, UNANSWERED, usableSlots } from '../claims.ts';
import { callersOf } from '../scene/callers.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { plural } from '../words.ts';

interface Itself extends Fact {
  readonly pod: string;
  readonly endpoints: number;
  readonly names: string | null;
}

/** Endpoints that are asked: they fare alike. */
const MOST_ASKED = 3;

const podsByName = perCluster(({ cluster }) => new Map(cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod])));

/** kube-proxy masquerades a pod's call to itself, but the packet has to go back through the bridge port it came from, and without hairpin mode the bridge discards it. */
export const hairpinSamePod = defineServiceRule<Itself>({
  id: 'hairpin-same-pod',
  title: 'a pod cannot reach itself through its Service',
  severity: 'warning',
  needs: ['EndpointSlice', 'Pod'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    if (!scene.cluster.dataplane.networks.some(({ podLink, hairpin }) => podLink === 'bridge' && hairpin === false)) return [];
    const slot = scene.slots().find(({ usable }) => usable.length > 0);
    const found = slot?.usable
      .slice(0, MOST_ASKED)
      .flatMap((endpoint) => podOf(scene, endpoint) ?? [])
      .find((pod) => slot !== undefined && losesItself(scene, slot, pod));
    if (slot === undefined || found === undefined) return [];
    const itself = callersOf(scene.cluster)
      .to(scene.service)
      .find(({ isBackend }) => isBackend);
    const isFelt = slot.usable.length === 1 || itself !== undefined;
    return [
      {
        severity: isFelt ? 'warning' : 'info',
        objects: [{ kind: 'Pod', namespace: found.namespace, name: found.name }],
        pod: `${found.namespace}/${found.name}`,
        endpoints: slot.usable.length,
        names: itself === undefined ? null : `${itself.who}: ${itself.how}`,
      },
    ];
  },
  claims: ({ pod, endpoints }, scene) => {
    const [namespace = '', name = ''] = pod.split('/');
    const [slot] = usableSlots(scene);
    const outcome = endpoints === 1 ? UNANSWERED : PARTLY_UNANSWERED;
    return slot === undefined
      ? []
      : [{ from: { kind: 'this-pod', namespace, name }, to: at(scene, [slot], { kinds: ['clusterIP'] }), outcome }];
  },
  tell: ({ pod, endpoints, names }, scene) => ({
    message: `pod ${pod} ${endpoints === 1 ? 'never gets' : `gets no answer in 1 of ${endpoints} calls`}${endpoints === 1 ? ' an answer' : ''} from itself through ${scene.key}${names === null ? '' : ` (${names})`}`,
    why: `the bridge that pods hang on has no hairpin mode (CNI configuration hairpinMode): it discards what would go back by the port it came from; of ${plural(endpoints, 'endpoint')} the pod itself is one (only where bridge-nf-call-iptables is 1, as Kubernetes asks for)`,
    remedy: 'Set hairpinMode: true in the CNI configuration of the bridge plugin (and start the pods anew), or let the pod ask localhost',
  }),
});

function podOf({ cluster }: ServiceScene, { pod }: Endpoint): Pod | null {
  const found = pod === null ? undefined : podsByName(cluster).get(`${pod.namespace}/${pod.name}`);
  return found === undefined || found.hostNetwork || !cluster.cluster.nodeByName.has(found.node ?? '') ? null : found;
}

function losesItself(scene: ServiceScene, { family, port }: Slot, pod: Pod): boolean {
  const address = scene.service.clusterIPs.find((ip) => familyOf(ip) === family);
  const asker = podAsker(pod, scene.cluster.cluster);
  const own = asker.source(family);
  if (address === undefined || own === undefined) return false;
  const { flow } = scene
    .oracle()
    .ask(asker, { kind: 'clusterIP', node: null, address, port: port.port, protocol: port.protocol, servicePort: port.name }, null);
  return flow.branches.some(({ outcome }) => outcome === 'dropped') && flow.because.some(({ code }) => code === 'no-hairpin-mode');
}
