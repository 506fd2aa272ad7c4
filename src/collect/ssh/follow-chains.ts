import type { NodeFile } from '../../cluster/evidence.ts';
import { isServiceChain } from './chains.ts';

const RULE = /^-A (\S+) (?:.* )?(?:-j|-g) (\S+)/;

/**
 * Chains that the named ones lead to on a node, and whose rules were therefore left there: endpoints that the cluster no longer has. Names come from the node;
 * what is not a chain of kube-proxy's for one Service is left out.
 */
export function missingChains(files: readonly NodeFile[], named: readonly string[]): readonly string[] {
  const known = new Set(named);
  const missing = new Set<string>();
  for (const { format, text } of files) {
    if (format !== 'iptables-save' && format !== 'ip6tables-save') continue;
    for (const line of text.split('\n')) {
      const [, chain = '', target = ''] = RULE.exec(line) ?? [];
      if (known.has(chain) && !known.has(target) && isServiceChain(target)) missing.add(target);
    }
  }
  return [...missing];
}
