import type { PodObject } from '../../cluster/objects.ts';
import { reasonList } from '../reasons.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { plural, shellWord, verb } from '../words.ts';
import { kubeProxyPods } from './kube-proxy-pods.ts';

interface Sick extends Fact {
  readonly pods: readonly { readonly pod: string; readonly node: string; readonly why: string }[];
}

const MOST = 20;

/** kube-proxy is there and does not work: its rules stay as they last were, and health checks through it fail. */
export const kubeProxyUnhealthy = defineClusterRule<Sick>({
  id: 'kube-proxy-unhealthy',
  title: 'kube-proxy does not run properly on some nodes',
  about: 'node',
  severity: 'error',
  needs: ['Pod'],
  detect: (scene) => {
    const found = [...kubeProxyPods(scene)].flatMap(([node, pod]) => {
      // On a node that is not Ready every pod is marked so.
      const why = scene.cluster.nodeByName.get(node)?.ready === true ? ailment(pod) : null;
      return why === null ? [] : [{ pod: pod.metadata.name, node, why }];
    });
    if (found.length === 0) return [];
    return [{ confidence: 'observed', objects: found.slice(0, MOST).map(({ node }) => nodeRef(node)), pods: found }];
  },
  tell: ({ pods }) => ({
    message: `kube-proxy does not run properly on ${plural(pods.length, 'node')}: ${reasonList(pods.map(({ node, why }) => ({ name: node, why })))}`,
    why: `until it does, the rules of ${verb(pods.length, 'that node', 'these nodes')} stay as they were: endpoints that came or went since are unknown there, and health checks that kube-proxy answers fail`,
    remedy: `See what it says: kubectl logs ${shellWord(pods[0]?.pod ?? '')} -n kube-system --previous`,
  }),
});

/** A container that waits to be started again, or a pod that is not Ready. */
function ailment({ status }: PodObject): string | null {
  const reason = status?.containerStatuses?.map(({ state }) => state.waiting.reason).find((one) => /BackOff|Error|Err/.test(one));
  if (reason !== undefined) return reason;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready !== undefined && ready.status !== 'True' && status?.phase === 'Running' ? 'not Ready' : null;
}
