import type { Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { Proxier } from '../../expected/types.ts';
import { serviceChain } from '../../kubeproxy/names.ts';
import type { Rule } from '../../netfilter/ruleset.ts';
import { flowsOf } from './foreign/flow.ts';
import { mayMatch } from './foreign/may-match.ts';
import type { RulesetIndex } from './ruleset-index.ts';
import { destinationKey } from './ruleset-index.ts';

const PREFIXES = ['KUBE-SVC', 'KUBE-SVL', 'KUBE-EXT', 'KUBE-FW', 'KUBE-XLB'] as const;

/** The rules of shared chains that are a Service's, by `table chain`, in the order of the dump. */
export function ownRules(index: RulesetIndex, service: Service, proxier: Proxier): Map<string, Rule[]> {
  const found = new Set(index.byService.get(serviceKey(service)) ?? []);
  for (const chain of chainsOf(service)) for (const rule of index.byTarget.get(chain) ?? []) found.add(rule);
  if (index.ownerless.size > 0) for (const rule of ownerless(index, service, proxier)) found.add(rule);
  const chains = new Map<string, Rule[]>();
  for (const rule of [...found].sort((a, b) => a.lineNumber - b.lineNumber)) {
    const key = `${rule.table} ${rule.chain}`;
    const rules = chains.get(key);
    if (rules === undefined) chains.set(key, [rule]);
    else rules.push(rule);
  }
  return chains;
}

/** The chains that any of its ports may have; the hash is the same for all prefixes. */
function chainsOf(service: Service): string[] {
  return service.ports.flatMap((port) => {
    const hash = serviceChain('KUBE-SVC', service, port).slice('KUBE-SVC-'.length);
    return PREFIXES.map((prefix) => `${prefix}-${hash}`);
  });
}

/** Rules without a word about whose they are, which packets of the Service may match. */
function ownerless(index: RulesetIndex, service: Service, proxier: Proxier): Rule[] {
  const flows = flowsOf(service, proxier);
  const met = [...flows.arriving, ...flows.taken.filter((flow) => flow.address === null)];
  const keys = new Set(met.flatMap(({ address, port }) => [destinationKey(address, null), destinationKey(null, port)]).concat('*'));
  const rules = [...keys].flatMap((key) => index.ownerless.get(key) ?? []);
  return rules.filter((rule) => met.some((flow) => mayMatch(rule.spec, flow) !== 'no'));
}
