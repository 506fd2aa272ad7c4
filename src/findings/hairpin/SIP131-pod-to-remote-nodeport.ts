import type { Flow } from '../../analysis/report.ts';
import type { Node } from '../../cluster/model.ts';
import { nodeIp } from '../../cluster/model.ts';
import { canonicalIp, familyOf, hostPort } from '../../net/ip.ts';
import { at, PARTLY_UNANSWERED, usableSlots } from '../claims.ts';
import { flowTo } from '../inside.ts';
import { type Caller, callersOf } from '../scene/callers.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { isLost } from './calls.ts';
import { callersClause, inside } from './words.ts';

interface Remote extends Fact {
  readonly address: string;
  readonly callers: readonly (Caller & { readonly target: Node })[];
  readonly isPartial: boolean;
  readonly isReplyLost: boolean;
}

/** A node port of another node is an outside address like any other: in-cluster clients are promised nothing there. */
export const podToRemoteNodeport = defineServiceRule<Remote>({
  id: 'pod-to-remote-nodeport',
  title: "pods ask a node's port of a Local Service and get no answer",
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const lost = callersOf(scene.cluster)
      .toNodePorts(scene.service)
      .flatMap((caller) => {
        const flow = callTo(scene, caller, caller.target);
        return flow !== null && isLost({ fate: 'silent', flow }) ? [{ caller, flow }] : [];
      });
    const [first] = lost;
    if (first === undefined) return [];
    const callers = lost.map(({ caller }) => caller);
    return [
      {
        objects: callers.slice(0, 5).map(({ object }) => object),
        field: 'spec.externalTrafficPolicy',
        address: hostPort(first.flow.to.address, first.flow.to.port),
        callers,
        isPartial: first.flow.verdict === 'partial',
        isReplyLost: first.flow.branches.some(({ outcome }) => outcome === 'no-reply'),
      },
    ];
  },
  claims: ({ callers }, scene) =>
    callers.flatMap((caller) => {
      const slot = slotOf(scene, caller);
      const { kind, namespace = 'default', name } = caller.object;
      if (kind !== 'Pod' || slot === undefined) return [];
      const to = at(scene, [slot], { kinds: ['nodePort'], nodes: [caller.target.name] });
      return [{ from: { kind: 'this-pod', namespace, name }, to, outcome: PARTLY_UNANSWERED }];
    }),
  tell: ({ address, callers, isPartial, isReplyLost }, scene) => ({
    message: `${callersClause(callers, '')} ${isPartial ? 'gets an answer only some of the time' : 'gets no answer'} from node port ${address} of ${scene.key}`,
    why: isReplyLost
      ? 'the node that is asked takes the pod for one of the cluster and sends on to endpoints elsewhere without masquerading, so their answers do not come back by it'
      : 'externalTrafficPolicy is Local: another node treats the pod like an outside client, and without an endpoint of its own it drops',
    remedy: `Let the pods ask ${inside(scene)} instead of an address of a node`,
  }),
});

/** What the caller named, judged in the family that it named. */
function slotOf(scene: ServiceScene, { port, host }: Caller): Slot | undefined {
  const family = canonicalIp(host) === null ? null : familyOf(host);
  return usableSlots(scene).find((slot) => slot.port.nodePort === port && (family === null || slot.family === family));
}

function callTo(scene: ServiceScene, caller: Caller, target: Node): Flow | null {
  const slot = slotOf(scene, caller);
  const client = caller.asker();
  const address = slot === undefined ? null : nodeIp(target, slot.family);
  if (slot === undefined || client === null || address === null || client.source(slot.family) === undefined) return null;
  return flowTo(scene, slot, client, { kind: 'nodePort', address, node: target });
}
