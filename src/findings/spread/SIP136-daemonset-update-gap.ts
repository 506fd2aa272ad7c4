import type { DaemonSetObject } from '../../cluster/objects.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { plural, shellWord, verb } from '../words.ts';
import { daemonSetOf } from './workloads.ts';

interface Emptied extends Fact {
  readonly owner: DaemonSetObject;
  readonly nodes: readonly string[];
  readonly policy: string;
  readonly strategy: string;
  /** Two of its pods cannot be on one node. */
  readonly ownsPorts: boolean;
}

const MOST = 20;

/** A DaemonSet's update removes a node's pod before it starts the next one, unless maxSurge is set (stable since 1.25). */
export const daemonSetUpdateGap = defineServiceRule<Emptied>({
  id: 'daemonset-update-gap',
  title: 'updating the DaemonSet leaves each node without an endpoint for a while',
  severity: 'warning',
  needs: ['EndpointSlice', 'Pod', 'DaemonSet'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const policy = scene.isLocal
      ? 'externalTrafficPolicy'
      : scene.service.internalTrafficPolicy === 'Local'
        ? 'internalTrafficPolicy'
        : null;
    if (policy === null) return [];
    const nodes = loneNodes(scene);
    const owners = new Map<DaemonSetObject, Set<string>>();
    for (const pod of scene.selected()) {
      const node = pod.spec?.nodeName;
      const owner = node !== undefined && nodes.has(node) ? daemonSetOf(scene, pod) : null;
      if (owner !== null && node !== undefined) owners.set(owner, (owners.get(owner) ?? new Set<string>()).add(node));
    }
    return [...owners].flatMap(([owner, at]) => {
      const strategy = gapIn(owner);
      if (strategy === null) return [];
      const { name, namespace } = owner.metadata;
      const where = [...at].sort();
      const own = { kind: 'DaemonSet', name, ...(namespace === undefined ? {} : { namespace }) };
      const objects = [own, ...where.slice(0, MOST).map(nodeRef)];
      return [{ objects, field: `spec.${policy}`, key: name, owner, nodes: where, policy, strategy, ownsPorts: ownsPorts(owner) }];
    });
  },
  tell: ({ owner, nodes, policy, strategy, ownsPorts: fixed }, { key }) => {
    const { name, namespace } = owner.metadata;
    const surge = `kubectl patch daemonset ${shellWord(name)} -n ${shellWord(namespace ?? 'default')} -p '{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}}}'`;
    return {
      message: `each update of daemonset/${name} leaves ${plural(nodes.length, 'node')} without an endpoint of ${key} for a while, one after the other`,
      why: `${policy} is Local, ${verb(nodes.length, 'that node has', 'each of these nodes has')} no other endpoint, and ${strategy}: until the new pod is pulled, started and ready, the node drops`,
      remedy: fixed
        ? 'Its pods hold ports of the node, so two cannot run side by side (maxSurge is no way out): take each node out of the load balancer before its pod is replaced (label node.kubernetes.io/exclude-from-external-load-balancers=true), or use a Deployment with two pods per node'
        : `Let the new pod come first: ${surge}`,
    };
  },
});

function loneNodes(scene: ServiceScene): Set<string> {
  const lone = scene.slots().flatMap((slot) => [...slot.holders()].filter(([, here]) => here.length === 1));
  return new Set(lone.map(([node]) => node));
}

/** How the DaemonSet updates, where a node goes without; null where a new pod comes first. */
function gapIn({ spec }: DaemonSetObject): string | null {
  if (spec?.updateStrategy?.type === 'OnDelete') return 'updateStrategy OnDelete replaces a pod only after it was deleted by hand';
  const surge = spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0;
  return surge === 0 || surge === '0' || surge === '0%' ? 'the old pod goes before the new one comes (maxSurge 0)' : null;
}

function ownsPorts({ spec }: DaemonSetObject): boolean {
  const pod = spec?.template?.spec;
  return pod?.hostNetwork === true || (pod?.containers ?? []).some(({ ports = [] }) => ports.some(({ hostPort }) => (hostPort ?? 0) > 0));
}
