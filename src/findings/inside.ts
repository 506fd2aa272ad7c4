import type { Asker } from '../analysis/clients.ts';
import { externalAsker, nodeAsker, standInsFor } from '../analysis/clients.ts';
import type { Flow, TargetKind } from '../analysis/report.ts';
import type { Node } from '../cluster/model.ts';
import { perCluster } from './scene/per-cluster.ts';
import type { Slot } from './scene/slots.ts';
import type { ClusterScene, ServiceScene } from './scene.ts';

/** What clients in the cluster meet, and outside clients at one certain address, asked of the prediction. */

const standIns = perCluster(({ cluster, dataplane }) => standInsFor(cluster, dataplane));

/** Any ordinary pod of a node. */
export function anyPodOn(scene: ClusterScene, node: Node): Asker {
  return standIns(scene)(node, false);
}

/** A process of a node, or a hostNetwork pod. */
export function processOn(node: Node): Asker {
  return nodeAsker(node, false);
}

export const OUTSIDER: Asker = externalAsker(null, null, null);

export interface At {
  readonly kind: TargetKind;
  readonly address: string;
  /** The node that owns the address, where it is a node's. */
  readonly node?: Node;
  /** Where an outside client's packet enters. */
  readonly via?: Node;
}

/** The flow of a client to one address of a Service port. */
export function flowTo(scene: ServiceScene, slot: Slot, asker: Asker, { kind, address, node, via }: At): Flow {
  const { port } = slot;
  const number = kind === 'nodePort' ? (port.nodePort ?? 0) : port.port;
  const servicePort = port.name === '' ? String(port.port) : port.name;
  const target = { kind, node: node?.name ?? null, address, port: number, protocol: port.protocol, servicePort };
  return scene.oracle().ask(asker, target, via ?? null).flow;
}
