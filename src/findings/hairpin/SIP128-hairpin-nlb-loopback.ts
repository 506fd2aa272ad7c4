import { type Caller, callersOf } from '../scene/callers.ts';
import { edgeOf } from '../scene/edge.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact, type Severity } from '../types.ts';
import { annotate, nameList } from '../words.ts';
import { callersClause, rewriteAdvice } from './words.ts';

interface Loopback extends Fact {
  /** Nodes that the load balancer sends to. */
  readonly targets: number;
  readonly first: readonly string[];
  readonly callers: readonly Caller[];
}

const ATTRIBUTES = 'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes';

/** A network load balancer that keeps the client's address may choose the node that asks: the connection comes back to its own sender and dies (AWS: NLB troubleshooting). */
export const hairpinNlbLoopback = defineServiceRule<Loopback>({
  id: 'hairpin-nlb-loopback',
  title: 'the load balancer sends connections of a node back to that node',
  severity: 'warning',
  anyDataplane: true,
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target'],
  detect: (scene) => {
    if (!isLooping(scene)) return [];
    const targets = targetsOf(scene);
    if (targets.length === 0) return [];
    const asking = callersOf(scene.cluster)
      .to(scene.service)
      .filter((caller) => !caller.isBackend && (caller.node === null || targets.includes(caller.node.name)));
    const isPlausible = asking.length > 0 || scene.cluster.fronts().servedBy(scene.service).length > 0;
    if (!isPlausible) return [];
    const severity: Severity = asking.length === 0 ? 'info' : targets.length === 1 ? 'error' : 'warning';
    return [
      {
        severity,
        objects: [...asking.slice(0, 5).map(({ object }) => object), ...targets.slice(0, 20).map(nodeRef)],
        field: `metadata.annotations["${ATTRIBUTES}"]`,
        targets: targets.length,
        first: targets.slice(0, 20),
        callers: asking,
      },
    ];
  },
  tell: ({ targets, first, callers }, scene) => ({
    message: `${share(targets)} calls to the load balancer of ${scene.key} from ${targets === 1 ? `node ${first[0] ?? ''}` : 'each of its target nodes'} hang${callersClause(callers, ', such as those of ')}`,
    why: `the network load balancer keeps the client's address and may send a node's own connection back to it (targets: ${nameList(first)}); a node takes no answer to itself from outside`,
    remedy: `${rewriteAdvice(scene)}; or let the load balancer show its own address, with PROXY protocol turned on in the controller at the same moment: ${annotate(scene, `${ATTRIBUTES}=${attributes(scene)}`)}`,
  }),
});

/** Only where the client's address is kept and nothing between masquerades it: clients of a public load balancer come by the NAT gateway. */
function isLooping(scene: ServiceScene): boolean {
  const { service } = scene;
  const provider = scene.provider();
  if (provider?.name !== 'aws-nlb' || provider.target !== 'nodePort' || service.ingress.length === 0) return false;
  const edge = edgeOf(service, provider);
  const isUdp = service.ports.some(({ protocol }) => protocol === 'UDP');
  return edge.internal === true && (edge.preservesClient !== false || isUdp);
}

/** Nodes that are targets and healthy: with Local policy those with an endpoint. */
function targetsOf(scene: ServiceScene): string[] {
  const eligible = scene.balancer().eligible.map(({ name }) => name);
  if (!scene.isLocal) return eligible;
  const holders = new Set(scene.slots().flatMap((slot) => [...slot.holders().keys()]));
  return eligible.filter((name) => holders.has(name));
}

function share(targets: number): string {
  return targets === 1 ? 'all' : targets === 2 ? 'half of the' : `about 1 in ${targets} of the`;
}

/** What is set already stays. */
function attributes({ service }: ServiceScene): string {
  const others = (service.annotations[ATTRIBUTES] ?? '')
    .split(',')
    .filter((one) => one !== '' && !/^(preserve_client_ip|proxy_protocol_v2)\./.test(one.trim()));
  return [...others, 'preserve_client_ip.enabled=false', 'proxy_protocol_v2.enabled=true'].join(',');
}
