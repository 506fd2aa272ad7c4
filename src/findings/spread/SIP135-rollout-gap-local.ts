import { deploymentLimits, dropSeconds, ownsPorts } from '../../analysis/update-limits.ts';
import type { PodObject } from '../../cluster/objects.ts';
import { entriesAmong } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord, verb } from '../words.ts';
import { type FailTime, failTime } from './check-times.ts';
import { lingeringOf, type Workload, workloadsOf } from './workloads.ts';

/** Which of the nodes drop: each, at every update; at least one of them, at every update; perhaps one. `nobody`: for a while no pod is left anywhere. */
type Extent = 'each' | 'some' | 'may' | 'nobody';

interface Gap extends Fact {
  readonly workload: Workload;
  readonly nodes: readonly string[];
  readonly gap: number;
  readonly serves: number;
  readonly fails: FailTime;
  readonly extent: Extent;
  /** kube-proxy drops although the old pod still serves. */
  readonly isOld: boolean;
  /** The check connects to the node port, which answers as long as a pod there serves. */
  readonly isTcp: boolean;
}

const MOST = 20;

/** A node goes from one pod to none while the load balancer still sends there: its health check counts to a threshold first (KEP-1669; kubernetes/kubernetes #85643). */
export const rolloutGapLocal = defineServiceRule<Gap>({
  id: 'rollout-gap-local',
  title: 'an update leaves nodes without an endpoint while the load balancer still sends there',
  severity: 'warning',
  needs: ['EndpointSlice', 'Pod', 'Deployment', 'StatefulSet'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal || scene.service.type !== 'LoadBalancer') return [];
    const fails = failTime(scene.service, scene.provider());
    const lone = fails === null ? new Set<string>() : loneNodes(scene);
    if (fails === null || lone.size === 0) return [];
    return [...workloadsOf(scene, scene.selected())].flatMap(([workload, pods]) => {
      const nodes = [...new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []))].filter((name) => lone.has(name)).sort();
      const found = nodes.length === 0 ? null : gapOf(scene, { workload, nodes, fails, extent: extentOf(scene, workload, pods, nodes) });
      return found === null ? [] : [found];
    });
  },
  tell: (gap, scene) => (gap.extent === 'nobody' ? tellNobody(gap, scene.key) : tellGap(gap, scene.key)),
});

function tellGap({ workload, nodes, gap, serves, fails, extent, isOld, isTcp }: Gap, key: string) {
  const isCertain = extent !== 'may';
  const counts = isTcp
    ? `its check, a connection to the node port, fails only once nothing serves there, whatever preStop does, and counts ${fails.evidence}`
    : `the load balancer notices after ${fails.evidence}, and ${isOld ? 'kube-proxy before 1.26 does not use a pod that terminates' : `the old pod goes on serving for ${plural(serves, 'second')}`}`;
  return {
    message: `${isCertain ? 'every update' : 'an update'} of ${nameOf(workload)} ${isCertain ? 'drops' : 'may drop'} outside traffic to ${key} for about ${plural(gap, 'second')} on ${extent === 'some' && nodes.length > 1 ? 'one or more of ' : ''}${nameList(nodes)}`,
    why: `externalTrafficPolicy is Local and ${verb(nodes.length, 'the node has', 'each of these nodes has')} a single endpoint: ${counts}${WHEN[extent]}`,
    remedy: isTcp
      ? 'Shorten the health check, keep two pods on each node, or use a DaemonSet with maxSurge 1, whose new pod is ready on the node before the old one goes'
      : `Let the old pod serve until the load balancer has noticed: ${patch(workload, fails)}${isOld ? ' (needs kube-proxy 1.26 or newer)' : ''}, and let a new pod come first (maxSurge 1, maxUnavailable 0), or shorten the health check`,
  };
}

const WHEN: Readonly<Record<Extent, string>> = {
  each: '; its replacement starts only after it is gone',
  some: '; an old pod goes before a new one is ready, wherever that starts',
  may: '; its replacement may start on another node',
  nobody: '',
};

function tellNobody({ workload, nodes }: Gap, key: string) {
  return {
    message: `every update of ${nameOf(workload)} leaves ${key} without any endpoint until a new pod is ready: outside traffic is not answered on ${nameList(nodes)}, nor on any other node`,
    why: 'all its pods go before a new one is ready, and there are no others: no load balancer and no preStop can help',
    remedy:
      workload.kind === 'StatefulSet'
        ? 'Run two replicas or more, on different nodes'
        : 'Let a new pod come first: strategy RollingUpdate with maxSurge 1 and maxUnavailable 0',
  };
}

/** Nodes on which one usable endpoint stands between the clients and a drop. */
function loneNodes(scene: ServiceScene): Set<string> {
  const alone = scene.slots().flatMap((slot) => [...slot.holders()].flatMap(([name, here]) => (here.length === 1 ? [name] : [])));
  return new Set(entriesAmong(scene, alone).map(({ name }) => name));
}

function gapOf(scene: ServiceScene, found: Pick<Gap, 'workload' | 'nodes' | 'fails' | 'extent'>): Gap | null {
  const { workload, nodes, fails, extent } = found;
  if ((workload.spec?.replicas ?? 1) === 0) return null;
  const { seconds } = lingeringOf(workload.spec?.template?.spec);
  const isTcp = scene.provider()?.check.Local === 'tcp';
  const isOld = nodes.some((name) => !fallsBack(scene, name));
  const serves = isOld ? 0 : seconds;
  const gap = dropSeconds(fails.seconds, isTcp ? 0 : serves);
  if (gap === 0 && extent !== 'nobody') return null;
  const severity = extent === 'may' ? 'warning' : 'error';
  const { name, namespace } = workload.metadata;
  const owner = { kind: workload.kind, name, ...(namespace === undefined ? {} : { namespace }) };
  const objects = [owner, ...nodes.slice(0, MOST).map(nodeRef)];
  return { ...found, severity, objects, key: nameOf(workload), gap, serves, isOld, isTcp };
}

/** What every update does, whatever scheduler and controller choose. */
function extentOf(scene: ServiceScene, workload: Workload, pods: readonly PodObject[], lone: readonly string[]): Extent {
  const replicas = workload.spec?.replicas ?? 1;
  const isRecreate = workload.kind === 'Deployment' && workload.spec?.strategy?.type === 'Recreate';
  const { maxSurge, maxUnavailable } = workload.kind === 'Deployment' ? deploymentLimits(workload, replicas) : ONE_BY_ONE;
  if ((isRecreate || maxUnavailable >= replicas) && isOnly(scene, pods)) return 'nobody';
  const isFixed = workload.kind === 'StatefulSet' || isRecreate || (ownsPorts(workload.spec?.template?.spec) && maxUnavailable > 0);
  if (isFixed) return 'each';
  // A pod that is not alone may go first, and its replacement start where one is.
  return maxSurge === 0 && pods.length === lone.length ? 'some' : 'may';
}

/** From the highest ordinal, the next only when the new pod is ready. */
const ONE_BY_ONE = { maxSurge: 0, maxUnavailable: 1 };

/** Whether the Service has no usable endpoints but these pods. */
function isOnly(scene: ServiceScene, pods: readonly PodObject[]): boolean {
  const own = new Set(pods.map(({ metadata: { name } }) => name));
  return scene.slots().every(({ usable }) => usable.every(({ pod }) => pod !== null && own.has(pod.name)));
}

/** Gate ProxyTerminatingEndpoints, on since 1.26. */
function fallsBack({ cluster }: ServiceScene, node: string): boolean {
  return cluster.dataplane.classOf.get(node)?.candidates.every(({ minor }) => minor >= 26) ?? true;
}

function nameOf({ kind, metadata }: Workload): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}

/** Containers merge by name, so the first one's is needed; the names come from the cluster and are quoted as one word. */
function patch({ kind, metadata, spec }: Workload, { seconds }: FailTime): string {
  const sleep = seconds + 5;
  const containers = [
    { name: spec?.template?.spec?.containers?.[0]?.name ?? 'NAME', lifecycle: { preStop: { sleep: { seconds: sleep } } } },
  ];
  const template = { spec: { terminationGracePeriodSeconds: sleep + 30, containers } };
  const text = shellWord(JSON.stringify({ spec: { template } }));
  return `kubectl patch ${kind.toLowerCase()} ${shellWord(metadata.name)} -n ${shellWord(metadata.namespace ?? 'default')} -p ${text}`;
}
