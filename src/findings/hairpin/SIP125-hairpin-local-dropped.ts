import type { Dataplane } from '../../dataplane/types.ts';
import { imageVersion } from '../../dataplane/version.ts';
import { at, type ClaimedTarget, type FlowClaim, PARTLY_UNANSWERED, slotsNamed, UNANSWERED, VIPS } from '../claims.ts';
import { MOST_NODES } from '../reach.ts';
import { type Caller, callersOf } from '../scene/callers.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { onPorts, patchSpec } from '../words.ts';
import { type Alike, type Call, callOf, callsTo, groupCalls, isLost, type Sufferers } from './calls.ts';
import { callersClause, onNodes, rewriteAdvice } from './words.ts';

interface Lost extends Fact {
  readonly address: string;
  readonly clients: readonly Sufferers[];
  readonly all: number;
  readonly callers: readonly Caller[];
  readonly cause: string;
  readonly ports: readonly string[];
}

/** externalTrafficPolicy Local: pods and nodes are promised Cluster semantics at LB addresses and externalIPs (API contract); not every data plane keeps that. */
export const hairpinLocalDropped = defineServiceRule<Lost>({
  id: 'hairpin-local-dropped',
  title: 'clients in the cluster get no answer from the outside address of a Local Service',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    if (!scene.isLocal || !hasAddress(scene)) return [];
    if (scene.slots().every(({ usable }) => usable.length === 0)) return [];
    const calls = callsTo(scene).filter(isLost);
    if (calls.length === 0) return byImplementation(scene);
    const callers = callersOf(scene.cluster)
      .to(scene.service)
      .filter((caller) => !caller.isBackend && hangs(scene, caller));
    return groupCalls(calls).map((group) => lostBy(scene, group, callers));
  },
  claims: ({ address, clients, callers, confidence, ports }, scene) => {
    if (confidence === 'hint') return [];
    const to = (addresses: readonly string[]): ClaimedTarget => at(scene, slotsNamed(scene, ports), { kinds: VIPS, addresses });
    const calling = callers.flatMap(({ host, object: { kind, namespace = 'default', name } }): FlowClaim[] =>
      kind === 'Pod' ? [{ from: { kind: 'this-pod', namespace, name }, to: to([host]), outcome: PARTLY_UNANSWERED }] : [],
    );
    return [
      ...clients.map(({ from: kind, nodes, partly }) => ({
        from: { kind, nodes },
        to: to([address]),
        outcome: partly ? PARTLY_UNANSWERED : UNANSWERED,
      })),
      ...calling,
    ];
  },
  tell: ({ address, clients, all, callers, cause, ports }, scene) => ({
    message: `${clients.map((one) => whoClause(one, all, clients)).join(', and ')} get no answer from ${address} of ${scene.key}${onPorts(ports, scene.slots().length)}${clients.every((one) => one.partly) ? ' some of the time' : ''}${callersClause(callers, '; among them ')}`,
    why: `externalTrafficPolicy is Local, and ${cause}`,
    remedy: `${rewriteAdvice(scene)}; ${cure(cause)}give up the outside clients' addresses: ${patchSpec(scene, { externalTrafficPolicy: 'Cluster' })}`,
  }),
});

function hasAddress({ service }: ServiceScene): boolean {
  return service.externalIPs.length > 0 || service.ingress.some(({ ip }) => ip !== null);
}

function hangs(scene: ServiceScene, caller: Caller): boolean {
  const call = callOf(scene, caller);
  return call !== null && isLost(call);
}

/** Who always loses stands beside who sometimes does. */
function whoClause({ who, nodes, partly }: Sufferers, all: number, clients: readonly Sufferers[]): string {
  return `${who} ${onNodes(nodes, all)}${partly && clients.some((one) => !one.partly) ? ' (some of the time)' : ''}`;
}

function lostBy(scene: ServiceScene, { address, clients, first, slots }: Alike, calling: readonly Caller[]): Lost {
  const all = scene.cluster.cluster.nodes.filter(({ name }) => scene.cluster.isModelled(name)).length;
  const callers = calling.filter(({ port }) => port === null || slots.some((slot) => slot.port.port === port));
  const isCertain = callers.length > 0 || clients.some(({ from, nodes, partly }) => from === 'pod' && nodes.length === all && !partly);
  const ports = slots.map(({ label }) => label);
  return {
    severity: isCertain ? 'error' : 'warning',
    objects: [...callers.slice(0, 5).map(({ object }) => object), ...new Set(clients.flatMap(({ nodes }) => nodes))]
      .slice(0, MOST_NODES)
      .map((one) => (typeof one === 'string' ? nodeRef(one) : one)),
    field: 'spec.externalTrafficPolicy',
    key: ports.length === scene.slots().length ? '' : ports.join(),
    ...{ address, clients, all, callers, cause: causeOf(scene, first), ports },
  };
}

// ---- why -------------------------------------------------------------------------------------

const NO_CIDR = 'kube-proxy has no clusterCIDR: it takes pods for outside clients';
const NOT_RECOGNISED = 'kube-proxy does not recognise these pods as such (detectLocalMode), and treats them like outside clients';
const OLD_NFTABLES =
  "kube-proxy's nftables mode before 1.33.6 and 1.34.0 makes no exception for the node's own traffic (kubernetes/kubernetes#131765)";

function causeOf({ cluster }: ServiceScene, { from, nodes, flow }: Call): string {
  if (flow.branches.every(({ outcome }) => outcome !== 'dropped'))
    return `the answers of endpoints on other nodes do not come back by the node that was asked`;
  const config = cluster.dataplane.classOf.get(nodes()[0]?.name ?? '')?.candidates[0];
  if (from === 'process') return config?.mode === 'nftables' ? OLD_NFTABLES : "kube-proxy makes no exception for the node's own traffic";
  const detectors = [config?.detector[4].kind, config?.detector[6].kind];
  return detectors.includes('absent') && !detectors.includes('cidr') ? NO_CIDR : NOT_RECOGNISED;
}

function cure(cause: string): string {
  if (cause === NO_CIDR)
    return "set clusterCIDR to the pods' network (kubectl -n kube-system edit configmap kube-proxy, then kubectl -n kube-system rollout restart daemonset kube-proxy); or ";
  if (cause === NOT_RECOGNISED) return "make detectLocalMode and clusterCIDR of kube-proxy's configuration cover every pod; or ";
  if (cause === OLD_NFTABLES) return 'upgrade kube-proxy to 1.33.6, 1.34.0 or newer; or ';
  return 'or ';
}

// ---- data planes that are not modelled -------------------------------------------------------

/** What others do to such calls is known of two: kube-proxy's ipvs mode, and Cilium 1.19 as one open report has it. */
function byImplementation(scene: ServiceScene): Lost[] {
  const { dataplane, cluster } = scene.cluster;
  const [address] = [...scene.vips, ...scene.service.externalIPs];
  const found = ipvs(dataplane) ?? cilium(scene);
  if (address === undefined || found === null) return [];
  const holders = scene.slots().map((slot) => slot.holders());
  const without = cluster.nodes.filter(({ name, operatingSystem }) => operatingSystem === 'linux' && holders.some((one) => !one.has(name)));
  if (without.length === 0) return [];
  const names = without.map(({ name }) => name).slice(0, MOST_NODES);
  return [
    {
      confidence: 'hint',
      severity: 'warning',
      objects: names.map(nodeRef),
      field: 'spec.externalTrafficPolicy',
      address,
      clients: [{ who: found.who, from: 'process', nodes: names, partly: false }],
      ports: scene.slots().map(({ label }) => label),
      all: cluster.nodes.length,
      callers: [],
      cause: found.cause,
    },
  ];
}

interface Reported {
  readonly who: string;
  readonly cause: string;
}

function ipvs({ classes }: Dataplane): Reported | null {
  if (!classes.some(({ implementation, mode }) => implementation === 'kube-proxy' && mode === 'ipvs')) return null;
  const cause =
    "kube-proxy's ipvs mode binds the address on every node and finds no local endpoint for the node's own traffic (kubernetes/kubernetes#93456)";
  return { who: 'processes and hostNetwork pods', cause };
}

function cilium({ cluster }: ServiceScene): Reported | null {
  if (!cluster.dataplane.classes.some(({ implementation }) => implementation === 'cilium')) return null;
  const daemon = cluster.objects('DaemonSet').find(({ metadata }) => metadata.name === 'cilium');
  const images = (daemon?.spec?.template?.spec?.containers ?? []).map(({ image }) => imageVersion(image));
  if (!images.some((version) => version?.minor === 19)) return null;
  return {
    who: 'clients in the cluster may, where no endpoint is beside them:',
    cause: 'Cilium 1.19 is reported to apply Local policy to clients in the cluster (cilium/cilium#45252, not confirmed)',
  };
}
