import type { DeploymentObject } from '../../cluster/objects.ts';
import { entriesAmong } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord, verb } from '../words.ts';
import { type FailTime, failTime } from './check-times.ts';
import { lingeringOf, type Workload, workloadsOf } from './workloads.ts';

interface Gap extends Fact {
  readonly workload: Workload;
  readonly nodes: readonly string[];
  readonly gap: number;
  readonly serves: number;
  readonly fails: FailTime;
  /** The old pod always goes before the new one comes. */
  readonly isCertain: boolean;
  /** kube-proxy drops although the old pod still serves. */
  readonly isOld: boolean;
}

/** From a pod's end to the rules of every node, and for a load balancer to act on what it learned. */
const PROPAGATION = 2;
const MOST = 20;

/** A node goes from one pod to none while the load balancer still sends there: its health check fails at once, but counts to a threshold first (KEP-1669; kubernetes/kubernetes #85643). */
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
    const pods = scene.selected().filter(({ spec }) => lone.has(spec?.nodeName ?? ''));
    return [...workloadsOf(scene, pods)].flatMap(([workload, own]) => {
      const nodes = [...new Set(own.flatMap(({ spec }) => spec?.nodeName ?? []))].sort();
      const found = gapOf(scene, { workload, nodes, fails });
      return found === null ? [] : [found];
    });
  },
  tell: ({ workload, nodes, gap, serves, fails, isCertain, isOld }, scene) => ({
    message: `${isCertain ? 'every update' : 'an update'} of ${nameOf(workload)} ${isCertain ? 'drops' : 'may drop'} outside traffic to ${scene.key} for about ${plural(gap, 'second')} on ${nameList(nodes)}`,
    why: `externalTrafficPolicy is Local and ${verb(nodes.length, 'the node has', 'each of these nodes has')} a single endpoint: the load balancer notices after ${fails.evidence}, and ${isOld ? 'kube-proxy before 1.26 does not use a pod that terminates' : `the old pod goes on serving for ${plural(serves, 'second')}`}${isCertain ? '; its replacement starts only after it is gone' : '; its replacement may start on another node'}`,
    remedy: `Let the old pod serve until the load balancer has noticed: ${patch(workload, fails)}${isOld ? ' (needs kube-proxy 1.26 or newer)' : ''}, and let a new pod come first (maxSurge 1, maxUnavailable 0), or shorten the health check`,
  }),
});

/** Nodes on which one usable endpoint stands between the clients and a drop. */
function loneNodes(scene: ServiceScene): Set<string> {
  const alone = scene.slots().flatMap((slot) => [...slot.holders()].flatMap(([name, here]) => (here.length === 1 ? [name] : [])));
  return new Set(entriesAmong(scene, alone).map(({ name }) => name));
}

function gapOf(scene: ServiceScene, found: Pick<Gap, 'workload' | 'nodes' | 'fails'>): Gap | null {
  const { workload, nodes, fails } = found;
  if ((workload.spec?.replicas ?? 1) === 0) return null;
  const { seconds } = lingeringOf(workload.spec?.template?.spec);
  const isOld = nodes.some((name) => !fallsBack(scene, name));
  const serves = isOld ? 0 : seconds;
  const gap = fails.seconds + PROPAGATION - serves;
  if (gap <= 0) return null;
  const isCertain = workload.kind === 'StatefulSet' || removesFirst(workload);
  const severity = isCertain ? 'error' : 'warning';
  const { name, namespace } = workload.metadata;
  const owner = { kind: workload.kind, name, ...(namespace === undefined ? {} : { namespace }) };
  const objects = [owner, ...nodes.slice(0, MOST).map(nodeRef)];
  return { ...found, severity, objects, key: nameOf(workload), gap, serves, isCertain, isOld };
}

/** Gate ProxyTerminatingEndpoints, on since 1.26. */
function fallsBack({ cluster }: ServiceScene, node: string): boolean {
  return cluster.dataplane.classOf.get(node)?.candidates.every(({ minor }) => minor >= 26) ?? true;
}

/** Recreate, or no new pod before an old one goes; the API server fills in 25%, which is rounded up. */
function removesFirst({ spec }: DeploymentObject): boolean {
  if (spec?.strategy?.type === 'Recreate') return true;
  const surge = spec?.strategy?.rollingUpdate?.maxSurge ?? '25%';
  return surge === 0 || surge === '0' || surge === '0%';
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
