import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, verb } from '../words.ts';

interface Split extends Fact {
  readonly nodes: readonly string[];
  readonly isEmpty: boolean;
}

const WARNING = 'iptables-legacy tables present';

/** Two iptables backends on one node (kubernetes/kubernetes #109811): kube-proxy's rules in one of them, the packets in both. */
export const driftIptablesBackendSplit = defineClusterRule<Split>({
  id: 'drift-iptables-backend-split',
  title: 'a node has rules in both iptables backends',
  about: 'node',
  severity: 'error',
  needs: [],
  needsRules: 'read',
  anyDataplane: true,
  detect: ({ evidence }) => {
    const dumps = evidence.nodeFiles.filter(({ format, text }) => format === 'iptables-save' && text.includes(WARNING));
    const empty = dumps.filter(({ text }) => !text.includes('KUBE-SERVICES'));
    const both = dumps.filter(({ text }) => text.includes('KUBE-SERVICES'));
    return [
      ...(empty.length === 0 ? [] : [factOf(empty, true, 'error')]),
      // What the other backend holds is not in the dump: it may be empty chains that an old tool left.
      ...(both.length === 0 ? [] : [factOf(both, false, 'warning')]),
    ];
  },
  tell: ({ nodes, isEmpty }) => ({
    message: isEmpty
      ? `${nameList(nodes)}: the dump has no rules of kube-proxy, and says that iptables-legacy has tables`
      : `${nameList(nodes)} ${verb(nodes.length, 'has', 'have')} tables in iptables-legacy beside those of iptables-nft`,
    why: isEmpty
      ? 'kube-proxy writes with one backend and the dump was made with the other: neither shows what happens to packets alone'
      : 'packets pass the rules of both backends; rules that a former kube-proxy or CNI left in one of them still act',
    remedy: 'Look at the other backend, flush the dead one, and reboot: iptables-legacy-save; iptables-nft-save',
  }),
});

function factOf(dumps: readonly { readonly node: string }[], isEmpty: boolean, severity: 'error' | 'warning'): Split {
  const nodes = [...new Set(dumps.map(({ node }) => node))].sort();
  return { severity, confidence: 'observed', key: String(isEmpty), objects: nodes.slice(0, 50).map(nodeRef), nodes, isEmpty };
}
