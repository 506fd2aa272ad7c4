import { nodeAsker } from '../../analysis/clients.ts';
import type { Node, Service } from '../../cluster/model.ts';
import { nodeIp, serviceKey } from '../../cluster/model.ts';
import { type Cidr, FAMILIES, familyOf } from '../../net/ip.ts';
import { at, PARTLY_UNANSWERED } from '../claims.ts';
import type { Slot } from '../scene/slots.ts';
import { type ClusterScene, nodeRef, type ServiceScene } from '../scene.ts';
import { defineClusterRule, type Fact, type Severity } from '../types.ts';
import { nameList } from '../words.ts';

interface Inside extends Fact {
  readonly cidr: string;
  readonly nodes: readonly string[];
  /** A Local Service at which such a client really loses answers. */
  readonly example: Example | null;
}

interface Example {
  readonly service: Service;
  readonly slot: Slot;
  /** A process of this node asks that node. */
  readonly client: string;
  readonly asked: string;
}

/** Local Services that are tried for an example. */
const MOST_TRIED = 20;

/** detectLocalMode ClusterCIDR goes by addresses alone: a host in that range that is no pod is served like one, without masquerading (kubernetes/kubernetes#95555). */
export const externalClientInsideClusterCidr = defineClusterRule<Inside>({
  id: 'external-client-inside-cluster-cidr',
  title: "hosts that are no pods have addresses of the pods' network",
  severity: 'warning',
  about: 'cluster',
  needs: [],
  detect: (scene) => {
    const found = cidrsOf(scene).flatMap((cidr) => {
      const nodes = scene.cluster.nodes.filter(({ internalIPs }) => internalIPs.some((ip) => cidr.contains(ip)));
      return nodes.length === 0 ? [] : [{ cidr, nodes }];
    });
    return found.map(({ cidr, nodes }) => {
      const local = scene.cluster.services.filter(
        ({ externalTrafficPolicy, unproxied }) => externalTrafficPolicy === 'Local' && unproxied === null,
      );
      const [example = null] = local.slice(0, MOST_TRIED).flatMap((service) => lossAt(scene.scene(service), nodes) ?? []);
      // Some CNIs masquerade such packets themselves, and then nothing is lost.
      const severity: Severity = example !== null ? 'error' : 'info';
      return {
        severity,
        key: cidr.text,
        objects: nodes.slice(0, 20).map(nodeRef),
        cidr: cidr.text,
        nodes: nodes.map(({ name }) => name),
        example,
      };
    });
  },
  claims: ({ example }, scene) => {
    if (example === null) return [];
    const to = at(scene.scene(example.service), [example.slot], { kinds: ['nodePort'], nodes: [example.asked] });
    return [{ from: { kind: 'process', nodes: [example.client] }, to, outcome: PARTLY_UNANSWERED }];
  },
  tell: ({ cidr, nodes, example }) => ({
    message: `nodes have addresses in ${cidr}, which kube-proxy takes for the pods' network: ${nameList(nodes)}`,
    why: `kube-proxy (detectLocalMode ClusterCIDR) takes every host in ${cidr} for a pod: for those Local policy does not apply and nothing is masqueraded, so the answers of endpoints on other nodes do not come back by the node that was asked${example === null ? '' : `, for instance at Service ${serviceKey(example.service)}`}`,
    remedy:
      'Set detectLocalMode of kube-proxy to NodeCIDR, BridgeInterface or InterfaceNamePrefix, or clusterCIDR to a network of pods alone',
  }),
});

/** Networks that every kube-proxy of some class goes by. */
function cidrsOf({ dataplane }: ClusterScene): Cidr[] {
  const found = new Map<string, Cidr>();
  for (const { candidates } of dataplane.classes) {
    for (const family of FAMILIES) {
      const detectors = candidates.map(({ detector }) => detector[family]);
      for (const detector of detectors)
        if (detector.kind === 'cidr' && detectors.every((one) => one.kind === 'cidr' && one.cidr.text === detector.cidr.text))
          found.set(detector.cidr.text, detector.cidr);
    }
  }
  return [...found.values()];
}

/** A process of one of the nodes asks another node's port, and some answer is lost. */
function lossAt(scene: ServiceScene, nodes: readonly Node[]): Example | null {
  const slot = scene.slots().find(({ port, usable }) => port.nodePort !== null && usable.length > 0);
  const [client] = nodes;
  if (slot === undefined || client === undefined || slot.port.nodePort === null) return null;
  const { port, family } = slot;
  const asked = scene.cluster.cluster.nodes.slice(0, MOST_TRIED).find((node) => {
    const address = nodeIp(node, family);
    if (node === client || address === null || nodeIp(client, family) === null || familyOf(address) !== family) return false;
    const target = {
      kind: 'nodePort',
      node: node.name,
      address,
      port: port.nodePort ?? 0,
      protocol: port.protocol,
      servicePort: null,
    } as const;
    return scene
      .oracle()
      .ask(nodeAsker(client, true), target, null)
      .flow.branches.some(({ outcome }) => outcome === 'no-reply');
  });
  return asked === undefined ? null : { service: scene.service, slot, client: client.name, asked: asked.name };
}
