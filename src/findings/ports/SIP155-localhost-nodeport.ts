import type { Node } from '../../cluster/model.ts';
import type { PodObject } from '../../cluster/objects.ts';
import { at, UNANSWERED } from '../claims.ts';
import { flowTo, processOn } from '../inside.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList } from '../words.ts';

interface OnLoopback extends Fact {
  readonly image: string;
  readonly pods: readonly string[];
  readonly node: string;
  readonly verdict: string;
  readonly address: string;
  readonly slot: Slot;
}

interface Pull {
  readonly pod: string;
  readonly node: string;
  readonly image: string;
  readonly address: '127.0.0.1' | '::1';
}

/** An image named `localhost:NODEPORT/…` is pulled by the node itself, through its loopback: iptables mode serves that for IPv4 only, nftables mode not at all (KEP-3866). */
export const localhostNodeport = defineServiceRule<OnLoopback>({
  id: 'localhost-nodeport',
  title: 'images are pulled through a node port on localhost, where it is not served',
  severity: 'warning',
  needs: ['Pod', 'EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    for (const slot of scene.slots().filter(({ port, usable }) => port.protocol === 'TCP' && port.nodePort !== null && usable.length > 0)) {
      const pulls = pullsOf(scene.cluster).get(slot.port.nodePort ?? 0) ?? [];
      for (const pull of pulls.filter(({ address }) => (address === '::1') === (slot.family === 6))) {
        const node = scene.cluster.cluster.nodeByName.get(pull.node);
        const verdict = node === undefined ? 'undetermined' : verdictAt(scene, { slot, node, address: pull.address });
        if (verdict !== 'unhandled' && verdict !== 'dropped' && verdict !== 'no-reply') continue;
        const pods = [...new Set(pulls.map(({ pod }) => pod))];
        const objects = pods
          .slice(0, 20)
          .map((one) => ({ kind: 'Pod', namespace: one.split('/')[0] ?? '', name: one.split('/')[1] ?? '' }));
        return [{ objects, image: pull.image, pods, node: pull.node, verdict, address: pull.address, slot }];
      }
    }
    return [];
  },
  claims: ({ node, address, slot }, scene) => [
    { from: { kind: 'process', nodes: [node] }, to: at(scene, [slot], { kinds: ['nodePort'], addresses: [address] }), outcome: UNANSWERED },
  ],
  tell: ({ image, pods, node, verdict }, { key }) => ({
    message: `node ${node} cannot pull ${JSON.stringify(image)} through the node port of ${key} on its loopback address`,
    why: `${verdict === 'unhandled' ? 'kube-proxy serves no node port on that address' : `what a process of the node sends there is ${verdict === 'dropped' ? 'dropped' : 'never answered'}`}: iptables mode does for IPv4 only (and not with localhostNodePorts off), nftables and ipvs mode do not; the pods are ${nameList(pods)} (a registry mirror in containerd's configuration may lead elsewhere)`,
    remedy: 'Pull through an address of the node or a load balancer, or run the registry with a hostPort on every node',
  }),
});

function verdictAt(scene: ServiceScene, at: { slot: Parameters<typeof flowTo>[1]; node: Node; address: string }): string {
  return flowTo(scene, at.slot, processOn(at.node), { kind: 'nodePort', address: at.address, node: at.node }).verdict;
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})\//;

/** Images that pods have from the loopback of their node, by port. */
const pullsOf = perCluster(({ pods }) => {
  const found = new Map<number, Pull[]>();
  for (const pod of pods().all) for (const { port, ...pull } of pullsBy(pod)) append(found, port, pull);
  return found;
});

function pullsBy({ spec, metadata }: PodObject): (Pull & { readonly port: number })[] {
  const node = spec?.nodeName;
  if (node === undefined) return [];
  return (spec?.containers ?? []).flatMap(({ image = '' }) => {
    const [, host, port] = LOOPBACK.exec(image) ?? [];
    if (port === undefined) return [];
    const pod = `${metadata.namespace ?? 'default'}/${metadata.name}`;
    return [{ pod, node, image, port: Number(port), address: host === '[::1]' ? ('::1' as const) : ('127.0.0.1' as const) }];
  });
}
