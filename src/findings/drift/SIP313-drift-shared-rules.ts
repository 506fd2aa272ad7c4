import { type ClusterScene, nodeRef } from '../scene.ts';
import { defineClusterRule } from '../types.ts';
import { nameList, shellWord, verb } from '../words.ts';
import { type Drift, differencesOf, driftAmong } from './differences.ts';

/** The rules that serve all Services: kube-proxy's hooks into the built-in chains, its masquerading, what it forwards. */
export const driftSharedRules = defineClusterRule<Drift>({
  id: 'drift-shared-rules',
  title: "a node lacks kube-proxy's rules that serve all Services",
  about: 'node',
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  detect: (scene) => [...driftAmong(differencesOf(scene).get('') ?? []), ...bareNodes(scene)],
  tell: ({ nodes, example, count }) => ({
    message:
      count === 0
        ? `${nameList(nodes)} ${verb(nodes.length, 'has', 'have')} no rules of kube-proxy at all`
        : `${nameList(nodes)} ${verb(nodes.length, 'has', 'have')} ${count} rules that serve all Services and are not as they should be`,
    why:
      count === 0
        ? example.effect
        : `${example.effect}; ${example.kind} in ${example.chain}: ${example.line}${count > 1 ? ` (and ${count - 1} more)` : ''}`,
    remedy: `Find out who removes them (another program that restores its own rules), and restart kube-proxy there: kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${shellWord(nodes[0] ?? '')}`,
  }),
});

/** Nodes that kube-proxy is known to serve in iptables mode, and whose dump has nothing of it. */
function bareNodes({ verified, dataplane }: ClusterScene): Drift[] {
  const bare = (verified?.nodes ?? []).filter(({ node, families }) => {
    const entry = dataplane.classOf.get(node);
    const isServed = entry?.implementation === 'kube-proxy' && entry.mode === 'iptables' && entry.confidence !== 'assumed';
    return isServed && families.length > 0 && families.every(({ mode }) => mode === 'not-iptables');
  });
  if (bare.length === 0) return [];
  const nodes = bare.map(({ node }) => node);
  const effect = 'no Service is redirected there: neither clients that come to it nor its own pods are served';
  const example = { line: '', effect, kind: 'missing', chain: '' };
  return [{ severity: 'error', confidence: 'observed', key: 'bare', objects: nodes.slice(0, 50).map(nodeRef), nodes, example, count: 0 }];
}
