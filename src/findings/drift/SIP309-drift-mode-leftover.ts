import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, verb } from '../words.ts';

interface Leftover extends Fact {
  readonly nodes: readonly string[];
  readonly now: string;
}

/** Chains of a Service in iptables mode; other modes write none. */
const OWN_CHAIN = /^(?::|-N )KUBE-(?:SVC|SEP|EXT|SVL|FW)-/m;

/** Rules of kube-proxy's iptables mode on a node that something else serves by now (kubernetes/kubernetes #102314). */
export const driftModeLeftover = defineClusterRule<Leftover>({
  id: 'drift-mode-leftover',
  title: 'a node still has the rules of another proxy mode',
  about: 'node',
  severity: 'warning',
  needs: [],
  needsRules: 'read',
  anyDataplane: true,
  detect: ({ evidence, dataplane }) => {
    const byMode = new Map<string, string[]>();
    for (const { node, format, text } of evidence.nodeFiles) {
      if (format !== 'iptables-save' && format !== 'ip6tables-save') continue;
      const entry = dataplane.classOf.get(node);
      const isOther =
        entry !== undefined &&
        entry.confidence !== 'assumed' &&
        (entry.mode ?? entry.implementation) !== 'iptables' &&
        entry.implementation !== 'unknown';
      if (!isOther || !OWN_CHAIN.test(text)) continue;
      const now = entry.mode === null ? entry.implementation : `kube-proxy in ${entry.mode} mode`;
      byMode.set(now, [...new Set([...(byMode.get(now) ?? []), node])]);
    }
    return [...byMode].map(([now, nodes]) => ({ confidence: 'observed', key: now, objects: nodes.slice(0, 50).map(nodeRef), nodes, now }));
  },
  tell: ({ nodes, now }) => ({
    message: `${nameList(nodes)} ${verb(nodes.length, 'has', 'have')} rules of kube-proxy's iptables mode, and ${verb(nodes.length, 'is', 'are')} served by ${now}`,
    why: 'nobody keeps these rules up to date any more, and they still take packets: to endpoints that are gone, or to a REJECT',
    remedy: 'Let kube-proxy clean up, or reboot the node: kube-proxy --cleanup',
  }),
});
