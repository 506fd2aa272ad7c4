import { entriesAmong } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, verb } from '../words.ts';

interface Stale extends Fact {
  readonly ports: readonly string[];
  readonly port: number;
  readonly nodes: readonly string[];
  readonly isOld: boolean;
}

const MOST = 20;
/** kubernetes/kubernetes #127318: from 1.32 on kube-proxy compares the whole conntrack table with the Services. */
const RECONCILES = 32;

/** UDP that arrives while a node has no endpoint leaves a conntrack entry without translation, which every further packet keeps alive (kubernetes/kubernetes #113250, #126934). */
export const udpStaleConntrack = defineServiceRule<Stale>({
  id: 'udp-stale-conntrack',
  title: 'UDP senders may stay cut off after the only endpoint of a node was replaced',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const slots = scene.isLocal ? scene.slots().filter(({ port, usable }) => port.protocol === 'UDP' && usable.length > 0) : [];
    const [slot] = slots;
    if (slot === undefined) return [];
    const alone = slots.flatMap((one) => [...one.holders()].flatMap(([name, here]) => (here.length === 1 ? [name] : [])));
    const lone = entriesAmong(scene, alone);
    if (lone.length === 0) return [];
    const nodes = lone.map(({ name }) => name);
    const isOld = nodes.some((name) => isBefore(scene, name));
    const objects = lone.slice(0, MOST).map(nodeRef);
    const ports = [...new Set(slots.map(({ label }) => label))];
    return [{ severity: isOld ? 'warning' : 'info', objects, ports, port: slot.port.nodePort ?? slot.port.port, nodes, isOld }];
  },
  tell: ({ ports, port, nodes, isOld }, { key }) => ({
    message: `UDP senders of ${key} (port ${nameList(ports)}) may stay cut off on ${nameList(nodes)} when the pod there is replaced`,
    why: `${verb(nodes.length, 'the node has', `each of ${plural(nodes.length, 'node')} has`)} one endpoint and policy Local: packets that come while there is none leave a conntrack entry without translation, and a sender that never pauses keeps it alive${isOld ? '; kube-proxy before 1.32 looked for such entries only when a Service had lost its endpoints on all nodes' : '; kube-proxy from 1.32 on clears it, with gaps that are still being found'}`,
    remedy: `Run two pods per node, or update kube-proxy; on a node where it happened: conntrack -D -p udp --dport ${port}`,
  }),
});

function isBefore({ cluster }: ServiceScene, node: string): boolean {
  const candidates = cluster.dataplane.classOf.get(node)?.candidates ?? [];
  return candidates.length > 0 && candidates.every(({ minor }) => minor < RECONCILES);
}
