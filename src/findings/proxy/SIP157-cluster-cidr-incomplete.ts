import { podAsker } from '../../analysis/clients.ts';
import type { Node, Pod } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { Cidr } from '../../net/ip.ts';
import { familyOf } from '../../net/ip.ts';
import { at, DROPPED, VIPS } from '../claims.ts';
import type { ClusterScene } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, plural, verb } from '../words.ts';
import { type CutOff, cutOffFrom } from './local-vips.ts';

interface Outside extends Fact {
  readonly count: number;
  readonly examples: readonly string[];
  readonly networks: readonly string[];
  readonly lost: (CutOff & { readonly pod: Pod }) | null;
}

const MOST_SHOWN = 20;
const MOST_ASKED = 5;

/** kube-proxy recognises pods by one network per family (getLocalDetector takes the first of each); pods with other addresses are outside clients to it. */
export const clusterCidrIncomplete = defineClusterRule<Outside>({
  id: 'cluster-cidr-incomplete',
  title: 'pods have addresses outside the network by which kube-proxy knows pods',
  about: 'cluster',
  severity: 'warning',
  needs: ['Pod', 'EndpointSlice'],
  detect: (scene) => {
    const strangers = scene.cluster.pods.flatMap((pod) => strangerOf(scene, pod));
    if (strangers.length === 0) return [];
    const lost =
      strangers
        .slice(0, MOST_ASKED)
        .map(lostTo(scene))
        .find((one) => one !== null) ?? null;
    const shown = strangers.slice(0, MOST_SHOWN);
    return [
      {
        severity: lost === null ? 'warning' : 'error',
        objects: shown.map(({ pod: { namespace, name } }) => ({ kind: 'Pod', namespace, name })),
        count: new Set(strangers.map(({ pod }) => pod)).size,
        examples: shown.map(({ pod, address }) => `${address} of ${pod.namespace}/${pod.name}`),
        networks: [...new Set(strangers.flatMap(({ networks }) => networks.map(({ text }) => text)))],
        lost,
      },
    ];
  },
  claims: ({ lost }, scene) =>
    lost === null
      ? []
      : [
          {
            from: { kind: 'this-pod', namespace: lost.pod.namespace, name: lost.pod.name },
            to: at(scene.scene(lost.service), [lost.slot], { kinds: VIPS, addresses: [lost.address] }),
            outcome: DROPPED,
          },
        ],
  tell: ({ count, examples, networks, lost }) => ({
    message: `kube-proxy takes ${plural(count, 'pod')} for outside clients (${nameList(examples)})${lost === null ? '' : `: dropped at ${lost.address} of ${serviceKey(lost.service)}`}`,
    why: `${verb(count, 'its address is', 'their addresses are')} not in ${nameList(networks)}, by which kube-proxy recognises pods (of several networks of one family it uses the first): they get no short cut at Services with policy Local, and are masqueraded at clusterIPs`,
    remedy:
      'Set clusterCIDR to a network that holds all pods (kubectl edit configmap kube-proxy -n kube-system), or detectLocalMode to BridgeInterface or InterfaceNamePrefix; then kubectl rollout restart daemonset/kube-proxy -n kube-system',
  }),
});

interface Stranger {
  readonly pod: Pod;
  readonly node: Node;
  readonly address: string;
  readonly networks: readonly Cidr[];
}

function strangerOf({ cluster, dataplane }: ClusterScene, pod: Pod): Stranger[] {
  const node = pod.node === null ? undefined : cluster.nodeByName.get(pod.node);
  if (node === undefined || pod.hostNetwork || pod.phase !== 'Running') return [];
  const candidates = dataplane.classOf.get(node.name)?.candidates ?? [];
  return pod.addresses.slice(0, 2).flatMap((address) => {
    const family = familyOf(address);
    const networks = candidates.map(({ detector }) => {
      const own = detector[family];
      if (own.kind === 'cidr') return [own.cidr];
      // A node without any podCIDR is another finding's matter.
      return own.kind === 'node-cidr' ? node.podCidrs.filter((cidr) => cidr.family === family) : [];
    });
    const isKnown = networks.length > 0 && networks.every((list) => list.length > 0);
    const isOut = isKnown && networks.every((list) => !list.some((cidr) => cidr.contains(address)));
    return isOut ? [{ pod, node, address, networks: networks[0] ?? [] }] : [];
  });
}

function lostTo(scene: ClusterScene): (stranger: Stranger) => Outside['lost'] {
  return ({ pod, node, address }) => {
    const found = cutOffFrom(scene, { asker: podAsker(pod, scene.cluster), node, family: familyOf(address) });
    return found === null ? null : { ...found, pod };
  };
}
