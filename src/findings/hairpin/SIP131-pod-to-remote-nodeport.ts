import type { Flow } from '../../analysis/report.ts';
import type { Node } from '../../cluster/model.ts';
import { nodeIp } from '../../cluster/model.ts';
import { hostPort } from '../../net/ip.ts';
import { type Caller, callersOf } from '../scene/callers.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { isLost } from './calls.ts';
import { callersClause, inside } from './words.ts';

interface Remote extends Fact {
  readonly address: string;
  readonly callers: readonly Caller[];
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
  tell: ({ address, callers, isPartial, isReplyLost }, scene) => ({
    message: `${callersClause(callers, '')} ${isPartial ? 'gets an answer only some of the time' : 'gets no answer'} from node port ${address} of ${scene.key}`,
    why: isReplyLost
      ? 'the node that is asked takes the pod for one of the cluster and sends on to endpoints elsewhere without masquerading, so their answers do not come back by it'
      : 'externalTrafficPolicy is Local: another node treats the pod like an outside client, and without an endpoint of its own it drops',
    remedy: `Let the pods ask ${inside(scene)} instead of an address of a node`,
  }),
});

function callTo(scene: ServiceScene, { port, asker }: Caller, target: Node): Flow | null {
  const at = scene.service.ports.find(({ nodePort }) => nodePort === port);
  const client = asker();
  if (at === undefined || at.nodePort === null || client === null) return null;
  const slot = scene.slots().find((one) => one.port === at && one.usable.length > 0);
  const address = slot === undefined ? null : nodeIp(target, slot.family);
  if (address === null || slot === undefined || client.source(slot.family) === undefined) return null;
  const servicePort = at.name === '' ? String(at.port) : at.name;
  return scene
    .oracle()
    .ask(client, { kind: 'nodePort', node: target.name, address, port: at.nodePort, protocol: at.protocol, servicePort }, null).flow;
}
